"""The rights in Kafka that the product uses, and Debezium's connector: as commands, and which of ours are missing.

Facts are Kafka's documentation of its authorizer: Read and Write imply Describe, and Write to any topic implies
IdempotentWrite on the cluster; so neither is listed, and nothing of the cluster is needed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from connector.capture.config import unread_topics
from connector.capture.plan import CapturePlan, plan_capture
from connector.errors import ConfigurationError
from connector.kafka import own_topics
from connector.kafka.rights import Operations, Rights
from connector.mapping import Shop
from connector.operations.broker import admin_of
from connector.operations.portal import Finding
from connector.settings import Settings

ROLES: Final = ("map", "apply", "report")
CONNECT: Final = "User:CONNECT"
"""Stands for whoever Connect's worker comes in as: only its administrator knows."""


@dataclass(frozen=True, slots=True)
class Need:
    """Operations (as kafka-acls spells them) that a principal needs on resources of one kind."""

    principal: str
    kind: Literal["topic", "group"]
    names: tuple[str, ...]
    operations: tuple[str, ...]

    def command(self, bootstrap: str) -> str:
        """The command by which an administrator grants it."""
        words = ["kafka-acls", "--bootstrap-server", bootstrap, "--command-config", "admin.properties", "--add"]
        words += ["--allow-principal", self.principal]
        words += [word for operation in self.operations for word in ("--operation", operation)]
        words += [word for name in self.names for word in (f"--{self.kind}", name)]
        return shlex.join(words)


def principal_of(settings: Settings) -> str:
    """How the broker names us: by the SASL user, else by the certificate's subject."""
    access = settings.kafka
    if access.uses_sasl:
        return f"User:{access.username}"
    if access.uses_tls and access.tls.certificate is not None:
        return f"User:{subject(access.tls.certificate)}"
    return "User:ANONYMOUS"


def subject(certificate: Path) -> str:
    """The subject of a certificate (PEM) as Java writes it, and so the broker unless it maps names.

    Java escapes more characters than others do, `#` and `=` wherever they stand. Raises ConfigurationError for a file
    that holds no certificate.
    """
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415 - heavy, and of use here alone

    try:
        found = load_pem_x509_certificate(certificate.read_bytes()).subject
    except ValueError as error:
        raise ConfigurationError(f"{certificate} holds no certificate in PEM: {error}") from error
    parts = [[(it.rfc4514_attribute_name, str(it.value)) for it in part] for part in reversed(found.rdns)]
    return ",".join("+".join(f"{name}={_escaped(text)}" for name, text in part) for part in parts)


def _escaped(text: str) -> str:
    found = re.sub(r'([,=+<>#;"\\])', r"\\\1", text)
    return re.sub(r"^ | $", r"\\ ", found)


def needs(settings: Settings, shops: Sequence[Shop]) -> list[Need]:
    """What the worker and the commands of this command line do in Kafka, and nothing else."""
    us = principal_of(settings)
    ours = [plan_capture(shop) for shop in shops if shop.capture.external is None]
    theirs = [shop for shop in shops if shop.capture.external is not None]
    found = [
        Need(us, "topic", tuple(own_topics(settings)), ("Create", "DescribeConfigs", "Read", "Write")),
        Need(us, "topic", (settings.acts_topic,), ("Create", "Read", "Write")),
        Need(us, "topic", _changes(ours), ("Create", "DescribeConfigs", "Read")),
        Need(us, "topic", _watches(ours), ("Create", "Read")),
        Need(us, "topic", _only_made(ours), ("Create", "Describe")),
        Need(us, "topic", _of_others(theirs), ("DescribeConfigs", "Read")),
        Need(us, "topic", _clocks(theirs), ("Read",)),
        Need(us, "group", tuple(f"{settings.group}-{role}" for role in ROLES), ("Read",)),
    ]
    return [need for need in found if need.names]


def needs_of_connect(shops: Sequence[Shop]) -> list[Need]:
    """What our connectors do in Kafka, beyond what Connect's worker needs for itself."""
    plans = [plan_capture(shop) for shop in shops if shop.capture.external is None]
    written = (*_changes(plans), *_watches(plans), *(topic for plan in plans for topic in unread_topics(plan)))
    histories = tuple(plan.history_topic for plan in plans if plan.reads_binlog)
    found = [
        Need(CONNECT, "topic", written, ("Write",)),
        Need(CONNECT, "topic", histories, ("DescribeConfigs", "Read", "Write")),
        Need(CONNECT, "group", tuple(f"{plan.prefix}-schemahistory" for plan in plans if plan.reads_binlog), ("Read",)),
    ]
    return [need for need in found if need.names]


def _changes(plans: Iterable[CapturePlan]) -> tuple[str, ...]:
    return tuple(topic for plan in plans for topic in plan.topics)


def _watches(plans: Iterable[CapturePlan]) -> tuple[str, ...]:
    return tuple(topic for plan in plans for topic in (plan.heartbeat_topic, plan.notifications_topic))


def _only_made(plans: Iterable[CapturePlan]) -> tuple[str, ...]:
    return tuple(
        topic
        for plan in plans
        for topic in (*unread_topics(plan), *([plan.history_topic] if plan.reads_binlog else []))
    )


def _of_others(shops: Iterable[Shop]) -> tuple[str, ...]:
    return tuple(shop.topic(table) for shop in shops for table in shop.tables())


def _clocks(shops: Iterable[Shop]) -> tuple[str, ...]:
    clocks = (shop.capture.external.clock_topic for shop in shops if shop.capture.external is not None)
    return tuple(clock for clock in clocks if clock is not None)


def look(settings: Settings, shops: Sequence[Shop]) -> list[Finding]:
    """Which rights of ours are missing, where the broker asks for any. Raises RetriableError."""
    admin_of(settings)  # a broker that is away is known at once
    rights = Rights(settings.kafka)
    if not rights.has_authorizer():
        what = "kafka: has no authorizer, so everybody may do all; `check --acls` prints what one would ask for"
        return [Finding(ok=True, what=what)]
    wanted = needs(settings, shops)
    topics = rights.of_topics(name for need in wanted if need.kind == "topic" for name in need.names)
    groups = rights.of_groups(name for need in wanted if need.kind == "group" for name in need.names)
    return [_judged(settings, wanted, {"topic": topics, "group": groups}), *_told_of_connect(settings, shops)]


def _judged(settings: Settings, wanted: Sequence[Need], found: Mapping[str, Mapping[str, Operations]]) -> Finding:
    us = principal_of(settings)
    if not (lacking := missing(wanted, found)):
        return Finding(ok=True, what=f"kafka: {us} has all rights that it needs")
    names = ", ".join(dict.fromkeys(f"{need.kind} {name}" for need in lacking for name in need.names))
    commands = "\n".join(need.command(settings.kafka_bootstrap) for need in lacking)
    remedy = f"Let an administrator run:\n{commands}"
    return Finding(ok=False, what=f"kafka: {us} lacks rights on {names}", remedy=remedy)


def missing(wanted: Sequence[Need], found: Mapping[str, Mapping[str, Operations]]) -> list[Need]:
    """What of the needs is not granted. Of a topic that is not there nobody can tell, so it is left out."""
    lacking = []
    for need in wanted:
        by_operations: dict[tuple[str, ...], list[str]] = {}
        for name in need.names:
            granted = found[need.kind].get(name, frozenset())
            if granted is not None and (operations := _ungranted(need.operations, granted)):
                by_operations.setdefault(operations, []).append(name)
        lacking += [Need(need.principal, need.kind, tuple(names), ops) for ops, names in by_operations.items()]
    return lacking


def _ungranted(operations: Iterable[str], granted: frozenset[str]) -> tuple[str, ...]:
    """Kafka's answers have the names in capitals with `_`; what is there already need not be made."""
    known = {"CREATE", *(name.replace("_", "") for name in granted)}
    return tuple(each for each in operations if each.upper() not in known)


def _told_of_connect(settings: Settings, shops: Sequence[Shop]) -> list[Finding]:
    commands = [need.command(settings.kafka_bootstrap) for need in needs_of_connect(shops)]
    if not commands:
        return []
    what = f"kafka: what our connectors need cannot be looked at from here; {CONNECT} is Connect's own principal"
    return [Finding(ok=True, what=what, remedy="\n".join(commands))]


def commands(settings: Settings, shops: Sequence[Shop]) -> list[str]:
    """All of it as commands, whatever is granted already."""
    return [need.command(settings.kafka_bootstrap) for need in (*needs(settings, shops), *needs_of_connect(shops))]
