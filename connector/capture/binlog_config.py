"""What a connector for MariaDB or MySQL is told beyond what all connectors are.

Facts are Debezium's documentation of its MariaDB and MySQL connectors, tried on 3.5 and MariaDB 10.11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from connector.capture.plan import SCHEMA, CapturePlan
from connector.kafka.admin import NewTopic
from connector.kafka.limits import LARGEST_CHANGE
from connector.security import KafkaAccess
from connector.settings import Settings

CONNECTOR_CLASS: Final[Mapping[str, str]] = {
    "mariadb": "io.debezium.connector.mariadb.MariaDbConnector",
    "mysql": "io.debezium.connector.mysql.MySqlConnector",
}

HISTORY: Final = "schema.history.internal."
DDL_FILTER: Final = "internal.schema.history.internal.ddl.filter"

UNLISTED_KEYS: Final = frozenset({
    DDL_FILTER,
    f"{HISTORY}kafka.topic",
    f"{HISTORY}kafka.bootstrap.servers",
    "field.name.adjustment.mode",
    "database.ssl.mode",
})  # fmt: skip
"""Settings that these connectors obey and leave out of their list of definitions."""

FREE_PREFIXES: Final = (f"{HISTORY}producer.", f"{HISTORY}consumer.", "database.ssl.")

KEEP_ALIVE_MS: Final = 15_000
"""After four fifths of it without an event the server says that it lives, which is when a resting shop's heartbeat is
written; after the whole of it the connection is taken for broken and made anew."""

SETTINGS: Final[Mapping[str, str]] = {
    "connect.keep.alive.interval.ms": str(KEEP_ALIVE_MS),
    # As a signed number, the default, half of its values would be negative.
    "bigint.unsigned.handling.mode": "precise",
    # The server adjusts years of two digits by itself; what it holds is what was meant.
    "enable.time.adjuster": "false",
    "inconsistent.schema.handling.mode": "fail",
    "include.schema.changes": "false",
    # The definitions of the mapped tables are read at the start. A lock over that moment would wait for the shop's
    # longest query, and all of the shop's writes for the lock.
    "snapshot.locking.mode": "none",
    f"{HISTORY}store.only.captured.tables.ddl": "true",
    f"{HISTORY}store.only.captured.databases.ddl": "true",
    f"{HISTORY}skip.unparseable.ddl": "false",
}

DRIVER: Final[Mapping[str, Mapping[str, str]]] = {
    # Otherwise the zero year is a date that Java cannot make, at which a snapshot ends with a mere line in a log.
    "mariadb": {"driver.yearIsDateType": "false"},
    "mysql": {},
}

SSL_MODES: Final[Mapping[str, Mapping[str, str]]] = {
    "mariadb": {"disable": "disable", "require": "trust", "verify-ca": "verify-ca", "verify-full": "verify-full"},
    "mysql": {
        "disable": "disabled",
        "require": "required",
        "verify-ca": "verify_ca",
        "verify-full": "verify_identity",
    },
}

SET_FOR: Final = r"(SET\s+STATEMENT\s.*?\sFOR\s+)?"
NO_TABLE: Final = r"(AGGREGATE\s+)?(VIEW|FUNCTION|PROCEDURE|TRIGGER|EVENT|USER|ROLE|SERVER)\s"
NOT_OF_TABLES: Final = (
    r"DROP\s+TEMPORARY\s+TABLE\s.*",
    r"SAVEPOINT\s.*",
    r"\s*#\s*Dummy event.*",
    rf"{SET_FOR}(GRANT|REVOKE|FLUSH|ANALYZE|OPTIMIZE|REPAIR|CHECK)\s.*",
    rf"{SET_FOR}(CREATE|ALTER|DROP)\s+(OR\s+REPLACE\s+)?(\S+\s*=\s*\S+\s+|SQL\s+SECURITY\s+\S+\s+)*{NO_TABLE}.*",
    rf"{SET_FOR}CREATE\s+(OR\s+REPLACE\s+)?TEMPORARY\s.*",
)
"""Statements that change no table, whatever tables they name."""


def settings_of(plan: CapturePlan, settings: Settings) -> dict[str, str]:
    """The settings of this kind of connector; `common` ones are `config.connector_config`'s."""
    databases = ",".join(dict.fromkeys(map(_escaped, (plan.schema, SCHEMA))))
    access, line = settings.kafka, settings.connect_kafka_jaas
    client = java(access) | ({} if line is None else {"sasl.jaas.config": line.get_secret_value()})
    return {
        "connector.class": CONNECTOR_CLASS[plan.kind],
        "database.server.id": str(plan.server_id),
        "database.include.list": databases,
        **_tls(plan),
        **SETTINGS,
        **DRIVER[plan.kind],
        DDL_FILTER: ddl_filter(plan),
        f"{HISTORY}kafka.topic": plan.history_topic,
        f"{HISTORY}kafka.bootstrap.servers": access.bootstrap,
        **{f"{HISTORY}{side}.{key}": value for side in ("producer", "consumer") for key, value in client.items()},
    }


def history_topic(plan: CapturePlan, settings: Settings) -> NewTopic:
    """The tables' definitions since the beginning: without them the connector cannot go on, so none may ever go."""
    kept = {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": str(LARGEST_CHANGE),
    }
    return NewTopic(plan.history_topic, 1, settings.topic_replication, kept)


def heartbeat_query(table: str) -> str:
    """Writes the heartbeat; its change says that all commits before it have been read."""
    return f"INSERT INTO {table} (id, beat) VALUES (1, now(6)) ON DUPLICATE KEY UPDATE beat = VALUES(beat)"  # noqa: S608


def ddl_filter(plan: CapturePlan) -> str:
    """Statements that Debezium need not understand: it stops at one that it cannot parse, whatever it is about.

    Those are what names none of the captured tables, even as a part of another name (tools that copy a table call the
    copy by its name and something), and what changes no table. Patterns are Java's, between commas, and each must match
    the whole statement.
    """
    ours = (*plan.tables, plan.heartbeat_table, plan.signal_table)
    return ",".join([f"(?!.*({'|'.join(map(_escaped, ours))})).*", *NOT_OF_TABLES])


def java(access: KafkaAccess) -> dict[str, str]:
    """How Kafka's Java client is told of credentials and certificates; nothing for brokers that take everybody.

    Certificates are given as text, since Connect's machine does not have our files. Raises OSError for one that cannot
    be read.
    """
    if access.protocol == "PLAINTEXT":
        return {}
    found = {"security.protocol": access.protocol}
    if access.uses_sasl:
        module = "plain.PlainLoginModule" if access.mechanism == "PLAIN" else "scram.ScramLoginModule"
        user, password = (_in_jaas(text or "") for text in (access.username, access.password))
        found["sasl.mechanism"] = str(access.mechanism)
        found["sasl.jaas.config"] = (
            f'org.apache.kafka.common.security.{module} required username="{user}" password="{password}";'
        )
    if access.uses_tls:
        found |= _stores(access)
    return found


def _stores(access: KafkaAccess) -> dict[str, str]:
    tls = access.tls
    trusted = {"ssl.truststore.type": "PEM", "ssl.truststore.certificates": _text(tls.ca)} if tls.ca else {}
    if tls.certificate is None or tls.key is None:
        return trusted
    ours = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": _text(tls.certificate),
        "ssl.keystore.key": _text(tls.key),
        **({"ssl.key.password": tls.key_password} if tls.key_password else {}),
    }
    return trusted | ours


def _text(file: Path) -> str:
    return file.read_text(encoding="ascii")


def _in_jaas(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _tls(plan: CapturePlan) -> dict[str, str]:
    mode = plan.address.sslmode
    return {"database.ssl.mode": SSL_MODES[plan.kind].get(mode, mode)} if mode else {}


def _escaped(name: str) -> str:
    return re.escape(name).replace(",", "\\,")
