"""A record of a change topic into sync messages, or into the error that says why not: for map agents and for replays.

numbers    the number that a change record has in the order of all changes of its row
rejects    sync errors for records that cannot be worked
changes    a record decoded and mapped
"""
