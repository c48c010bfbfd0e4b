"""Keeps a shop's customers, orders, products and line items right in HubSpot.

The way of a row, and the module that has the thought:

    change topic ─ capture.decode ─→ Change ─ mapping ─→ SyncMessage ─ wire ─→ sync topic
    sync topic ─ wire ─→ SyncMessage ─ ledger.merge ─→ Contribution ─ ledger.fold ─→ Desired
    Desired ─ sender.plan ─→ call ─ sender.hubspot ─→ answer ─ sender.settle ─→ Record
    whatever cannot go on ─→ SyncError ─→ sync-errors topic ─ agents ─→ dead-letter topic

Nouns are files and know nothing; verbs are folders and meet only in nouns.
"""
