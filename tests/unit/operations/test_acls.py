"""The rights that are needed in Kafka: only what is used, as commands, and which of them are missing."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.mapping import Shop, load_shop
from connector.operations.acls import Need, commands, missing, needs, needs_of_connect, principal_of, subject
from connector.settings import Settings
from tests.support.certificates import Authority

SHOP = """
store: {{id: main}}
database: {{kind: {kind}, url: "{kind}://x@h/shop", schema: public}}
capture: {{prefix: main{more}}}
customers: {{from: people, id: "{{id}}", properties: {{email: mail}}}}
"""


def shop(tmp_path: Path, kind: str = "postgresql", more: str = "") -> Shop:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP.format(kind=kind, more=more).replace("kind: postgresql", "kind: postgres"))
    return load_shop(path, os.environ)


SASL = Settings.model_validate(
    {
        "kafka_security_protocol": "SASL_PLAINTEXT",
        "kafka_sasl_mechanism": "PLAIN",
        "kafka_username": "bridge user",
        "kafka_password": "p",
    }
)


def rights(found: list[Need]) -> dict[str, set[str]]:
    """Topic or group → operations."""
    return {name: set(need.operations) for need in found for name in need.names}


def test_a_worker_needs_its_own_topics_and_reads_the_shops(tmp_path: Path) -> None:
    """It writes nowhere but to its own topics, and its groups are its roles'."""
    found = rights(needs(SASL, [shop(tmp_path)]))
    assert {"Create", "DescribeConfigs", "Read", "Write"} == found["bridge.dead-letter"]
    assert {"Create", "Read", "Write"} == found["bridge.operator-acts"]
    assert {"Create", "DescribeConfigs", "Read"} == found["main.public.people"]
    assert {"Create", "Read"} == found["main.shopbridge.heartbeat_main"]
    assert {"Read"} == found["shopbridge-report"]
    assert {name for name, operations in found.items() if "Write" in operations} == {
        name for name in found if name.startswith("bridge.")
    }


def test_topics_of_others_are_only_read(tmp_path: Path) -> None:
    """Of somebody else's Debezium nothing is made, and nothing is asked for Connect."""
    theirs = shop(tmp_path, more=", external: {clock_topic: clock, topics: {people: routed}}")
    found = rights(needs(SASL, [theirs]))
    assert ({"DescribeConfigs", "Read"}, {"Read"}) == (found["routed"], found["clock"])
    assert not any(name.startswith("main.") for name in found)
    assert [] == needs_of_connect([theirs])


def test_the_schema_history_is_connects(tmp_path: Path) -> None:
    """MariaDB's connector reads its own history again at each start; PostgreSQL's has none."""
    found = rights(needs_of_connect([shop(tmp_path, "mariadb")]))
    [history] = [name for name, operations in found.items() if "Read" in operations and "Write" in operations]
    assert "history" in history
    assert {"Write"} == rights(needs_of_connect([shop(tmp_path)]))["main.public.people"]


def test_commands_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    """Names with blanks are quoted; each command names principal, operations and resources."""
    words = [shlex.split(command) for command in commands(SASL, [shop(tmp_path)])]
    assert {"User:bridge user", "User:CONNECT"} == {each[each.index("--allow-principal") + 1] for each in words}
    assert all(each[:2] == ["kafka-acls", "--bootstrap-server"] for each in words)


def test_only_what_is_not_granted_is_missing() -> None:
    """What is there need not be made, and of what is not there nobody can tell."""
    need = Need("User:me", "topic", ("a", "b", "c"), ("Create", "DescribeConfigs", "Read"))
    found = {"topic": {"a": frozenset({"READ", "DESCRIBE", "DESCRIBE_CONFIGS"}), "b": frozenset({"READ"}), "c": None}}
    assert [Need("User:me", "topic", ("b",), ("DescribeConfigs",))] == missing([need], found)


def test_a_certificate_is_named_as_java_names_it(tmp_path: Path) -> None:
    """Java escapes more characters than RFC 4514 asks for, and a broker compares texts."""
    issued = Authority(tmp_path).issue("a=b, #c", "x.example")
    assert subject(issued.certificate).startswith(r"CN=a\=b\, \#c,OU=Testing cert \#")
    settings = Settings.model_validate(
        {"kafka_security_protocol": "SSL", "kafka_certificate": issued.certificate, "kafka_key": issued.key}
    )
    assert principal_of(settings) == f"User:{subject(issued.certificate)}"
    with pytest.raises(ConfigurationError, match="no certificate"):
        subject(issued.key)


def test_without_credentials_we_are_anonymous() -> None:
    """As the broker calls it."""
    assert principal_of(Settings.model_validate({})) == "User:ANONYMOUS"
