"""What would happen, before it does: nothing is written, to the ledger, to a topic or to HubSpot.

said   rows mapped: their messages, or why there are none
rows   some rows, all the way: row, message, request, and what HubSpot holds instead
file   another shop file over whole tables: which objects would change, and how
"""
