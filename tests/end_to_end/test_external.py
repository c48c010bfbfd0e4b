"""Connectors of other people: whatever converters they chose, the same rows arrive, live and from their snapshot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connector.record import Outgoing
from tests.support.their_debezium import Theirs, Variant, json_converters
from tests.support.world import World

pytestmark = pytest.mark.end_to_end

AVRO = {
    f"{side}.converter{name}": text
    for side in ("key", "value")
    for name, text in {
        "": "io.apicurio.registry.utils.converter.AvroConverter",
        ".apicurio.registry.url": "REGISTRY",
        ".apicurio.registry.auto-register": "true",
        ".apicurio.registry.as-confluent": "true",
        ".apicurio.registry.use-id": "contentId",
        ".apicurio.registry.headers.enabled": "false",
    }.items()
} | {"schema.name.adjustment.mode": "avro", "field.name.adjustment.mode": "avro"}

ROUTED = {
    "transforms": "route",
    "transforms.route.type": "org.apache.kafka.connect.transforms.RegexRouter",
    "transforms.route.regex": "(.*)\\.public\\.(.*)",
    "transforms.route.replacement": "all-$2.$1",
}

VARIANTS = (
    Variant("avro", AVRO),
    Variant("schemas", json_converters(value=True, key=True), "{format: json}"),
    Variant("plain", json_converters(value=False, key=False), "{format: json}"),
    Variant(
        "odd",
        {
            **json_converters(value=False, key=True),
            **ROUTED,
            "decimal.handling.mode": "string",
            "time.precision.mode": "isostring",
        },
        "{format: json, decimals: string, times: isostring, topics: {people: all-people.NAME, bills: all-bills.NAME}}",
    ),
    Variant(
        "doubles",
        {
            **json_converters(value=False, key=False),
            "decimal.handling.mode": "double",
            "time.precision.mode": "connect",
        },
        "{format: json, decimals: double, times: connect}",
    ),
)

PEOPLE: dict[str, dict[str, str]] = {
    "CONTACT:1": {
        "email": "ada@example.com",
        "t_born": "1815-12-10",
        "t_seen": "2026-05-01T08:00:00.123Z",
        "t_seen_short": "2026-05-01T08:00:00.000Z",
        "t_joined": "2026-05-01T08:00:00.000Z",
        "t_vip": "true",
        "t_credit": "-19.90",
        "t_mood": "ok",
        "t_words": "ok ada@example.com",
        "t_notes": '{"k": [1, null]}',
    },
    "CONTACT:2": {"email": "bob@example.com", "t_born": "", "t_seen": "", "t_vip": "", "t_credit": "", "t_notes": ""},
    "CONTACT:3": {
        "t_born": "1970-01-01",
        "t_seen": "1969-12-31T22:59:59.000Z",
        "t_joined": "1969-12-31T23:59:59.500Z",
        "t_vip": "false",
        "t_credit": "99999999.99",
        "t_notes": "[]",
    },
    "DEAL:9007199254740993-1": {
        "dealname": "Bill 9007199254740993",
        "amount": "0.10",
        "t_paid": "2026-05-01T08:00:00.000Z",
    },
    "DEAL:7-2": {"dealname": "Bill 7", "amount": "12345678.90", "t_paid": ""},
}


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: variant.name)
def theirs(request: pytest.FixtureRequest, make_world: Callable[..., World]) -> Iterator[Theirs]:
    """A shop behind a connector of this kind; our worker runs."""
    variant: Variant = request.param
    world = make_world(f"theirs_{variant.name}", SHOPBRIDGE_PARENT_DEADLINE_S="2")
    registry = world.environment["SHOPBRIDGE_CONNECT_REGISTRY_URL"]
    made = Theirs(world, Variant(variant.name, _with(variant.config, registry), variant.external))
    made.build()
    made.shop.start_worker()
    yield made
    world.stop_worker()
    made.close()


def as_written(theirs: Theirs, text: str) -> str:
    """A number as it arrives: doubles do not keep the zeros at the end of a decimal."""
    is_double = theirs.variant.name == "doubles" and re.fullmatch(r"-?\d+\.\d+", text)
    return text.rstrip("0").rstrip(".") if is_double else text


def ignored(theirs: Theirs) -> tuple[bool, int]:
    """Whether the accounts are balanced, and how many change records said nothing."""
    found = theirs.world.status()["accounting"]
    return found["balanced"], found["totals"]["change"].get("ignored", 0)


def _with(config: Any, registry: str) -> dict[str, str]:
    return {name: registry if text == "REGISTRY" else text for name, text in config.items()}


def test_their_snapshot_arrives_as_the_shop_has_it(theirs: Theirs) -> None:
    """Dates, times, decimals and texts are equal whatever the converter, extreme and empty ones among them."""
    for name, expected in PEOPLE.items():
        theirs.shop.wait_for(name, **{each: as_written(theirs, text) for each, text in expected.items()})
    theirs.shop.wait_linked("DEAL:7-2", "CONTACT:3")


def test_live_changes_arrive(theirs: Theirs) -> None:
    """An update, a delete with its tombstone and an insert; the tombstone counts as ignored."""
    world, shop = theirs.world, theirs.shop
    world.sql("UPDATE people SET credit = 0.05, seen = '2026-06-01 00:00:00' WHERE id = 1")
    world.sql("DELETE FROM bills WHERE number = 7")
    world.sql("INSERT INTO people (id, mail) VALUES (4, 'new@example.com')")
    world.sql("INSERT INTO bills VALUES (8, 1, 4, 3.50, NULL)")
    shop.wait_for("CONTACT:1", t_credit="0.05", t_seen="2026-05-31T22:00:00.000Z")
    shop.wait_for("DEAL:8-1", amount=as_written(theirs, "3.50"))
    shop.wait_linked("DEAL:8-1", "CONTACT:4")
    shop.wait_gone("DEAL:7-2")
    shop.wait("balanced accounts, with one tombstone", lambda: (True, 1) == ignored(theirs))


def test_a_child_without_parent_is_an_error_once_the_clock_is_later(theirs: Theirs) -> None:
    """No heartbeat is written for us: a later commit in any of their topics tells that the parent is not coming."""
    if theirs.variant.name not in {"avro", "plain"}:
        pytest.skip("the clock asks for no other form of a record, and a snapshot's quiet minute must pass")
    theirs.world.sql("INSERT INTO bills VALUES (66, 1, 66, 1.00, NULL)")
    theirs.shop.wait_for("DEAL:66-1", amount=as_written(theirs, "1.00"))
    theirs.world.sql("UPDATE people SET vip = NOT vip WHERE id = 3")
    theirs.shop.wait_errors("DEAL:66-1", PARENT_NEVER_SEEN="OPEN")


def test_rubbish_is_a_dead_letter_and_the_others_go_on(theirs: Theirs) -> None:
    """A flattened record and broken JSON end as errors that say what to do."""
    people = theirs.topic("people")
    flat, broken = b'{"id":1,"mail":"x"}', b'{"before": nul'
    theirs.shop.produce([Outgoing(people, b'{"id":1}', flat), Outgoing(people, b'{"id":2}', broken)])
    theirs.world.sql("UPDATE people SET mail = 'after@example.com' WHERE id = 3")
    theirs.shop.wait_for("CONTACT:3", email="after@example.com")
    theirs.shop.wait("two dead letters", lambda: 2 == len(theirs.undecodable()))
    hint = "format: json" if theirs.variant.name == "avro" else "ExtractNewRecordState"
    assert [True] == [hint in text for text in theirs.undecodable() if "no JSON" not in text][:1]


def test_check_looks_at_topics_and_apply_refuses(theirs: Theirs) -> None:
    """There is nothing to set up for us: `capture` says so, `check` tells of the topics instead."""
    _, said = theirs.type("check")
    told = [line for line in said.splitlines() if theirs.topic("bills") in line]
    assert [True] == ["2 partitions, written last at" in line for line in told]
    code, refused = theirs.type("capture", "apply")
    assert (2, True) == (code, "somebody else's Debezium captures this shop" in refused)
