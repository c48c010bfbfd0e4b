"""What would happen, before it does: nothing is written, to the ledger, to a topic or to HubSpot.

said     rows mapped: their messages, or why there are none
choosing which rows a preview shows; `newest`: those of a topic
rows     some rows, all the way: row, message, request, and what HubSpot holds instead
held     what HubSpot holds of the records, and how that stands to what they should hold
hiding   rows and what is said of them, without what is personal
file     another shop file over whole tables: which objects would change, and how
"""
