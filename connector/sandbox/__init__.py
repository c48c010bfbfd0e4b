"""A stand-in for HubSpot over HTTP: the CRM API's records, properties, pipelines and associations, limits and faults.

It is written from HubSpot's documentation and from recorded answers, never from what one client happens to send, and
imports nothing of the rest of the package, so that it can be wrong in no way that its client shares.

The way of a call, and the module that has the thought:

    bytes ─ gateway ─→ Call ─ limits, faults ─ routes ─→ endpoints ─→ batch ─ writing ─ values ─→ Transaction
    Transaction.commit ─ store (memory, indexes) + database (SQLite, write log) ─→ Answer ─ faults ─→ bytes

Beside it: `control` (switches, faults, logs, seeds under /sandbox/) and `pages` (the records, for people). What the
documentation leaves open is a switch (`settings`, described by `switchboard`); `seeding` makes an account in use.
"""
