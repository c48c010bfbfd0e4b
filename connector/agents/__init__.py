"""The Faust shell: agents that read topics, and the one loop that serves them all.

shell.py      the Faust app, consumer and agents; nothing else imports faust
positions.py  where each partition is read from: the ledger's positions, checked against the broker
loop.py       arrivals → batch → work → effect and progress in one transaction → acks
work.py       what an agent must be able to do; map_changes, apply_messages and report_errors do it
worker.py     the process: locks, services, watchdog, exit code
"""
