"""The Debezium connector's settings, every one that decides about loss, order or types stated.

Facts are Debezium's documentation of the PostgreSQL connector and Apicurio's of its converter, tried on Debezium 3.6.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Final

from connector.capture import binlog_config
from connector.capture.errors import CaptureError
from connector.capture.plan import SCHEMA, CapturePlan
from connector.kafka.admin import NewTopic
from connector.kafka.limits import LARGEST_CHANGE
from connector.settings import Settings

CONNECTOR_CLASS: Final = "io.debezium.connector.postgresql.PostgresConnector"
AVRO_CONVERTER: Final = "io.apicurio.registry.utils.converter.AvroConverter"

HEARTBEAT_MS: Final = 5000
QUEUE_BYTES: Final = 64 * 1024 * 1024

STRIP_DEFAULTS: Final = "shopbridge.connect.StripDefaults"
"""Our transform: without defaults in the schema the converter leaves NULL alone."""

UNLISTED_KEYS: Final = (
    frozenset({"field.name.adjustment.mode", "offset.mismatch.strategy"}) | binlog_config.UNLISTED_KEYS
)
"""Settings that Debezium obeys and leaves out of its list of definitions."""

FREE_PREFIXES: Final = (
    "key.converter.",
    "value.converter.",
    "header.converter.",
    "topic.creation.",
    "producer.override.",
    "transforms.",
    "predicates.",
    "driver.",
    *binlog_config.FREE_PREFIXES,
)
"""Families whose members Connect does not list."""

TYPES: Final[Mapping[str, str]] = {
    # Text keeps NaN and infinity, which `precise` turns into NULL; the source type below says that it is a number.
    "decimal.handling.mode": "string",
    "column.propagate.source.type": ".*",
    "time.precision.mode": "adaptive_time_microseconds",
    "schema.name.adjustment.mode": "avro",
    "field.name.adjustment.mode": "avro",
}

NO_LOSS: Final[Mapping[str, str]] = {
    "errors.tolerance": "none",
    "event.processing.failure.handling.mode": "fail",
    "skipped.operations": "none",
    # Change topics are not compacted, so a tombstone would only be one more record to skip.
    "tombstones.on.delete": "false",
    "errors.log.enable": "true",
}

POSTGRES: Final[Mapping[str, str]] = {
    "connector.class": CONNECTOR_CLASS,
    "plugin.name": "pgoutput",
    # `numeric` makes months of 30.4 days.
    "interval.handling.mode": "string",
    "hstore.handling.mode": "json",
    "binary.handling.mode": "bytes",
    # Otherwise columns of types unknown to Debezium are missing without a word.
    "include.unknown.datatypes": "true",
    # A slot that is ahead of our offset has lost changes: fail instead of going on from there.
    "offset.mismatch.strategy": "trust_offset",
    "lsn.flush.mode": "connector",
    "slot.drop.on.stop": "false",
}

SNAPSHOTS: Final[Mapping[str, str]] = {
    # The first load is an incremental snapshot, which runs beside the stream and goes on after a restart.
    "snapshot.mode": "no_data",
    "incremental.snapshot.watermarking.strategy": "insert_delete",
    "incremental.snapshot.chunk.size": "1024",
    "notification.enabled.channels": "sink",
}

FLOW: Final[Mapping[str, str]] = {
    "tasks.max": "1",
    "poll.interval.ms": "20",
    "max.batch.size": "2048",
    "max.queue.size": "8192",
    "max.queue.size.in.bytes": str(QUEUE_BYTES),
    "producer.override.max.request.size": str(LARGEST_CHANGE),
    "retriable.restart.connector.wait.ms": "2000",
    "extended.headers.enabled": "false",
}


def connector_config(plan: CapturePlan, settings: Settings, *, strips_defaults: bool = False) -> dict[str, str]:
    """The whole configuration; what the shop file states under `capture: config` comes last and wins.

    `strips_defaults`: Connect has our transform.
    """
    return {
        **_address(plan),
        **(binlog_config.settings_of(plan, settings) if plan.reads_binlog else _postgres(plan)),
        **_scope(plan),
        **TYPES,
        **NO_LOSS,
        **SNAPSHOTS,
        "notification.sink.topic.name": plan.notifications_topic,
        "heartbeat.interval.ms": str(HEARTBEAT_MS),
        "heartbeat.action.query": heartbeat_query(plan),
        **FLOW,
        **_topic_creation(settings),
        **_converter("key", settings),
        **_converter("value", settings),
        **plan.extra_config,
        **(_transforms(plan) if strips_defaults else {}),
    }


def topics(plan: CapturePlan, settings: Settings) -> list[NewTopic]:
    """Topics to be made before the connector starts: brokers may forbid that they make themselves.

    Record keys choose the partition, so the number of partitions must never change afterwards.
    """
    kept = _topic_config(settings.change_retention_days)
    brief = _topic_config(1)
    changes = [NewTopic(name, settings.topic_partitions, settings.topic_replication, kept) for name in plan.topics]
    watches = (plan.heartbeat_topic, *unread_topics(plan), plan.notifications_topic)
    history = [binlog_config.history_topic(plan, settings)] if plan.reads_binlog else []
    return changes + [NewTopic(name, 1, settings.topic_replication, brief) for name in watches] + history


def unread_topics(plan: CapturePlan) -> tuple[str, ...]:
    """Topics that the connector writes and nobody reads; without them it stops all the same."""
    return (f"__debezium-heartbeat.{plan.prefix}", plan.signal_topic)


def heartbeat_query(plan: CapturePlan) -> str:
    """Moves the reading on while captured tables rest; its change says that all commits before it have been read."""
    table = f"{SCHEMA}.{plan.heartbeat_table}"
    if plan.reads_binlog:
        return binlog_config.heartbeat_query(table)
    values = "(id, beat) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET beat = excluded.beat"
    return f"INSERT INTO {table} {values}"


def _transforms(plan: CapturePlan) -> dict[str, str]:
    """Ours before those that the shop file names."""
    theirs = plan.extra_config.get("transforms", "")
    return {
        "transforms": f"stripDefaults,{theirs}" if theirs else "stripDefaults",
        "transforms.stripDefaults.type": STRIP_DEFAULTS,
    }


def unknown_keys(config: Mapping[str, str], defined: Iterable[str]) -> list[str]:
    """Settings nobody will read, each with the nearest known one: Connect passes over misspelt ones in silence."""
    known = {*defined, *UNLISTED_KEYS}
    patterns = [name for name in known if "(" in name]
    return [
        _with_suggestion(key, known)
        for key in config
        if key not in known
        and not key.startswith(FREE_PREFIXES)
        and not any(re.fullmatch(pattern.replace("(d+)", r"(\d+)"), key) for pattern in patterns)
    ]


def regex_of(*names: str) -> str:
    """A table or column in Debezium's lists, which hold anchored regular expressions between commas."""
    return "\\.".join(re.escape(name).replace(",", "\\,") for name in names)


def _with_suggestion(key: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(key, list(known), n=1)
    return f"{key} (did you mean {near[0]}?)" if near else key


def _address(plan: CapturePlan) -> dict[str, str]:
    address = plan.address
    return {
        "database.hostname": address.host,
        "database.port": str(address.port),
        "database.user": address.user,
        "database.password": address.password,
    }


def _postgres(plan: CapturePlan) -> dict[str, str]:
    return {
        **POSTGRES,
        "database.dbname": plan.address.database,
        **({"database.sslmode": plan.address.sslmode} if plan.address.sslmode else {}),
        **{f"database.{name}": path for name, path in plan.address.files.items()},
        "slot.name": plan.slot,
        "publication.name": plan.publication,
        "publication.autocreate.mode": "disabled",
    }


def _scope(plan: CapturePlan) -> dict[str, str]:
    captured = [regex_of(plan.schema, table) for table in plan.tables]
    left_out = [regex_of(plan.schema, table, column) for table, column in plan.left_out]
    return {
        **({"column.exclude.list": ",".join(left_out)} if left_out else {}),
        "topic.prefix": plan.prefix,
        "table.include.list": ",".join([*captured, regex_of(SCHEMA, plan.heartbeat_table)]),
        "signal.data.collection": f"{SCHEMA}.{plan.signal_table}",
    }


def _topic_creation(settings: Settings) -> dict[str, str]:
    """For topics beyond those made beforehand."""
    return {
        "topic.creation.default.partitions": str(settings.topic_partitions),
        "topic.creation.default.replication.factor": str(settings.topic_replication),
        **{f"topic.creation.default.{k}": v for k, v in _topic_config(settings.change_retention_days).items()},
    }


def _topic_config(days: int) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(days * 24 * 60 * 60 * 1000),
        "max.message.bytes": str(LARGEST_CHANGE),
    }


def _converter(side: str, settings: Settings) -> dict[str, str]:
    """Avro in the Confluent wire format. With global ids instead of content ids a record would name a wrong schema."""
    return {
        f"{side}.converter": AVRO_CONVERTER,
        f"{side}.converter.apicurio.registry.url": connect_registry_url(settings),
        f"{side}.converter.apicurio.registry.auto-register": "true",
        f"{side}.converter.apicurio.registry.as-confluent": "true",
        f"{side}.converter.apicurio.registry.use-id": "contentId",
        f"{side}.converter.apicurio.registry.headers.enabled": "false",
        **{f"{side}.converter.{name}": text for name, text in registry_access(settings).items()},
    }


def registry_access(settings: Settings) -> dict[str, str]:
    """How Apicurio's converter comes in at the registry: files and, as it is, whatever Connect resolves for secrets."""
    registry = settings.registry
    if registry.token is not None or registry.tls.certificate is not None:
        raise CaptureError(
            "Apicurio's converter in Connect comes in by user and password alone, not by a token or a certificate of "
            "ours\nSet SHOPBRIDGE_REGISTRY_USERNAME and SHOPBRIDGE_REGISTRY_PASSWORD instead, or have the changes "
            "captured by a connector of your own (capture: external)."
        )
    secret = settings.connect_registry_password
    named = {
        "apicurio.auth.username": settings.connect_registry_username or registry.username,
        "apicurio.auth.password": registry.password if secret is None else secret.get_secret_value(),
        "apicurio.rest.request.ssl.ca-bundle.location": settings.connect_registry_ca or registry.tls.ca,
    }
    return {name: str(value) for name, value in named.items() if value is not None}


def connect_registry_url(settings: Settings) -> str:
    """The registry as the converter speaks to it: Apicurio's own API, version 2, beside the Confluent one."""
    if settings.connect_registry_url:
        return settings.connect_registry_url
    base = re.sub(r"/apis/ccompat/v\d+/?$", "", settings.registry_url.rstrip("/"))
    return f"{base}/apis/registry/v2"
