"""The ledger: what is known, and the four pure functions that think about it.

    merge(contribution, message)     what one row says now
    fold(objects, parents)           what a record should hold
    plan(record)                     the call that makes HubSpot hold it
    settle(record, outcome)          what is known after the answer

No clock and no I/O in these four. `book` runs them over the tables in one transaction, `desk` hands the work to the
sender, `ledger` owns the one thread that writes.
"""
