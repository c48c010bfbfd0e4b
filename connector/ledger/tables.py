"""The ledger's tables. Numbers are given by the ledger; JSON columns hold what is read whole, never searched."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()
_Json = JSON(none_as_null=True)
_WAITS = text("taken_by IS NOT NULL")

objects = Table(
    "object",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("store", String, nullable=False),
    Column("type", String, nullable=False),
    Column("external_id", String, nullable=False),
    Column("record", Integer, nullable=False, index=True),
    Column("life", String, nullable=False),
    Column("ended_at", _Json),
    UniqueConstraint("store", "type", "external_id"),
)

contributions = Table(
    "contribution",
    metadata,
    Column("object", Integer, nullable=False),
    Column("topic", String, nullable=False),
    Column("row_key", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("standing", String, nullable=False),
    Column("said", _Json, nullable=False),
    PrimaryKeyConstraint("object", "topic", "row_key"),
    Index("contribution_by_row", "topic", "row_key"),
    sqlite_with_rowid=False,
)

records = Table(
    "record",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("store", String, nullable=False),
    Column("type", String, nullable=False),
    Column("external_id", String, nullable=False),
    Column("key", String, nullable=False, unique=True),
    Column("hubspot_id", String),
    Column("match_value", String),
    Column("fate", String, nullable=False),
    Column("desired", _Json, nullable=False),
    Column("told", _Json, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("sent_generation", Integer, nullable=False),
    Column("refused_generation", Integer, nullable=False),
    Column("refused_before", Boolean, nullable=False),
    Column("in_flight", _Json),
    Column("recheck", _Json),
    Column("resolving", Boolean, nullable=False),
    Column("missing", Boolean, nullable=False),
    Column("archive_sent", Boolean, nullable=False),
    Column("keyed", Boolean, nullable=False),
    Column("searched", String),
    Column("held", _Json, nullable=False),
    Column("taken_by", Integer),
    Column("gives_way", Boolean, nullable=False),
    Column("due", Boolean, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("due_since", Float),
    Column("attempts", _Json, nullable=False),
    Index("record_due", "type", "lane", "due_since", sqlite_where=text("due"), postgresql_where=text("due")),
    Index("record_by_hubspot_id", "type", "hubspot_id"),
    Index("record_that_waits", "taken_by", sqlite_where=_WAITS, postgresql_where=_WAITS),
)

claims = Table(
    "claim",
    metadata,
    Column("type", String, nullable=False),
    Column("value", String, nullable=False),
    Column("record", Integer, nullable=False),
    PrimaryKeyConstraint("type", "value", "record"),
    sqlite_with_rowid=False,
)

links = Table(
    "link",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("child", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("parent", Integer, nullable=False),
    Column("wanted", Boolean, nullable=False),
    Column("required", Boolean, nullable=False),
    Column("made", String),
    Column("unsure", String),
    Column("in_flight", String),
    Column("refused", String),
    Column("resolved", String),
    Column("failed", String),
    Column("again", Boolean, nullable=False),
    Column("due", String),
    UniqueConstraint("child", "kind", "parent"),
    Index("link_by_parent", "parent"),
    Index("link_due", "kind", sqlite_where=text("due IS NOT NULL"), postgresql_where=text("due IS NOT NULL")),
)

errors = Table(
    "error",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("type", String, nullable=False),
    Column("subject", String),
    Column("topic", String, nullable=False),
    Column("row_key", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("details", Text, nullable=False),
    Column("note", Text),
    Column("who", String),
    Column("seq", Integer, nullable=False),
    Index("error_by_row", "topic", "row_key"),
    Index("error_by_subject", "subject"),
)

progress = Table(
    "progress",
    metadata,
    Column("agent", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("topic_id", String, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("next", Integer, nullable=False),
    Column("counts", _Json, nullable=False),
    PrimaryKeyConstraint("agent", "topic", "topic_id", "partition"),
)

topics = Table(
    "epoch",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("topic", String, nullable=False),
    Column("topic_id", String, nullable=False),
    Column("partitions", Integer, nullable=False),
    Column("met_at", Float, nullable=False),
    Column("starts", _Json),
    UniqueConstraint("topic", "topic_id"),
)

mappings = Table(
    "mapping",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("hash", String, nullable=False, index=True),
    Column("met_at", Float, nullable=False),
    Column("store", String),
    Column("description", _Json),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("topic", String, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("who", String, nullable=False),
    Column("act", String, nullable=False),
    Column("details", _Json, nullable=False),
)

quota = Table(
    "quota",
    metadata,
    Column("day", String, primary_key=True),
    Column("calls", Integer, nullable=False),
)
