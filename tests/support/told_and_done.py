"""What a preview of a shop file tells, beside what HubSpot was made to write by the replay of it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from tests.support.world import World

Writes = dict[str, set[str]]
"""The owner of each record → the properties written, `archive`, and whose records it was linked to or parted from."""

Pair = tuple[str, str]
"""Two objects that share a record, or an object and the one that its record is named after."""


def owner_of(key: str) -> str:
    """The object that a record is named after; which of its records bears a number depends on what is read first."""
    return re.sub(r"~\d+$", "", key)


def writes_since(world: World, seq: int) -> Writes:
    """What the sandbox was made to write since."""
    query = "SELECT record_id, action, properties, to_id FROM write_log WHERE seq > ?"
    with closing(sqlite3.connect(f"file:{world.sandbox_file}?mode=ro", uri=True)) as connection:
        rows = connection.execute(query, (seq,)).fetchall()
        known = connection.execute("SELECT id, json_extract(properties, '$.shopbridge_key') FROM record").fetchall()
    keys = {number: owner_of(str(key)) for number, key in known}
    found: Writes = {}
    for record_id, action, properties, to_id in rows:
        names = set(json.loads(properties)) - {"shopbridge_key"}
        said = {f"{action} {keys[to_id]}"} if to_id else names or {action}
        found.setdefault(str(keys.get(record_id)), set()).update(said)
    return {key: names for key, names in found.items() if key.startswith("demo:")}


def named(found: Mapping[str, Any]) -> Writes:
    """What a preview of a file names, in the same words."""
    every: Writes = {}
    for each in found["changes"]:
        made, parted = ([link.split(" ")[1] for link in each[verb]] for verb in ("links_added", "links_removed"))
        links = {*(f"associate {parent}" for parent in made), *(f"disassociate {parent}" for parent in parted)}
        ended = {"archive"} if each["action"] == "archive" else set[str]()
        every.setdefault(owner_of(each["record"]), set()).update({*each["properties"], *links, *ended})
    return every


def sharing(world: World) -> list[Pair]:
    """Each object of the ledger beside the owner of its record, where it is not the owner."""
    query = "SELECT o.store || ':' || o.type || ':' || o.external_id, r.key FROM object AS o JOIN record AS r"
    with closing(sqlite3.connect(f"file:{world.ledger}?mode=ro", uri=True)) as connection:
        rows = connection.execute(f"{query} ON r.number = o.record").fetchall()
    return [(ref, owner) for ref, key in rows if (owner := owner_of(key)) != ref]


def odd(found: Mapping[str, Any], written: Writes, shared: Iterable[Pair]) -> list[tuple[str, set[str], set[str]]]:
    """Records of which other things were written than named, but for what HubSpot refuses again: (owner, told, done).

    Objects that share a record, before or after, are told apart by nobody: which of them it is named after depends on
    which is read first. What the one says may be written before the other speaks, and is then written over, or goes
    with the record; and others may be linked to the one's record before they are to the other's.
    """
    names = _together([*shared, *((each["object"], owner_of(each["record"])) for each in found["changes"])])
    told, done = _renamed(named(found), names), _renamed(written, names)
    was_refused = {owner_of(each["record"]) for each in found["changes"] if each["was_refused"]}
    refused = {names.get(each, each) for each in was_refused} - {*done}
    for key in {*told, *done} - refused:
        mine = {each for each in told.get(key, ()) if each.partition(" ")[2] not in refused}
        passing = {each for each in done.get(key, ()) if {key, each.partition(" ")[2]} & {*names.values()}}
        told[key], done[key] = mine | passing, done.get(key, set())
    return [(key, told[key], done[key]) for key in sorted({*told, *done} - refused) if told[key] != done[key]]


def _together(pairs: Iterable[Pair]) -> dict[str, str]:
    """Object → one name for all that it is paired with, over any number of others; others are not in it."""
    name: dict[str, str] = {}
    for one, other in pairs:
        if one != other:
            mine, theirs = name.get(one, one), name.get(other, other)
            name |= {each: mine for each, its in name.items() if its == theirs} | {one: mine, other: mine}
    return name


def _renamed(writes: Writes, names: Mapping[str, str]) -> Writes:
    """Under the common names; a link that is parted and made anew is made."""
    found: Writes = {}
    for key, words in writes.items():
        found.setdefault(names.get(key, key), set()).update(_renamed_words(words, names))
    return {
        key: {each for each in words if each.removeprefix("dis") not in words - {each}} for key, words in found.items()
    }


def _renamed_words(words: Iterable[str], names: Mapping[str, str]) -> Iterator[str]:
    return (" ".join(names.get(part, part) for part in each.split(" ")) for each in words)
