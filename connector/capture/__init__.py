"""The shop's change log: Debezium set up and watched, and its records turned into changes.

config    the connector's settings, every one that matters stated
postgres  what the database must have: publication, role, heartbeat and signal tables
connect   Kafka Connect's REST interface
signals   snapshots asked for, and how they go
decode    record → Change, by envelope (the frame of an event), columns (types) and values (their meaning)
"""
