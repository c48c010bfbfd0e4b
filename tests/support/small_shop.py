"""A few hand-made rows in a world of their own, and what became of them in the sandbox and the dead-letter topic."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

from connector.kafka import Admin, Producer, read_range
from connector.operations.letters import as_line, read_letters
from connector.record import Outgoing, Record
from connector.settings import Settings
from tests.support.world import ROOT, World, WorldError, wait_until

CASES = ROOT / "tests/cases/end_to_end"
"""Tables and shop files of small shops."""

STORE = "small"
PREFIX = "SHOPBRIDGE_"


class SmallShop:
    """A world whose store is `small`. Objects are named as their keys are: `CONTACT:7`."""

    def __init__(self, world: World) -> None:
        self.world = world
        given = {name.removeprefix(PREFIX).lower(): text for name, text in world.environment.items() if PREFIX in name}
        self.settings = Settings.model_validate(given)

    def build(self, tables: str, shop_file: str) -> None:
        """Make database, tables and sandbox, and capture; the worker is not started."""
        self.world.create_database()
        self.world.sql(tables)
        self.world.write_shop_file(shop_file)
        self.world.start_sandbox()
        self.world.shopbridge("setup")
        self.world.shopbridge("capture", "apply")

    def start_worker(self) -> None:
        self.world.start_worker()
        self.world.wait_working()

    def restart(self, text: str) -> None:
        """Stop the worker, change the shop file, and start it anew."""
        assert 0 == self.world.stop_worker()
        self.world.write_shop_file(text)
        self.start_worker()

    # -- HubSpot's side ------------------------------------------------------------------------------------------

    def record(self, name: str) -> dict[str, Any] | None:
        """The unarchived record of an object."""
        return self.world.record(f"{STORE}:{name}")

    def id(self, name: str) -> str:
        """HubSpot's id of an object that is there."""
        found = self.record(name)
        assert found is not None, f"there is no record of {name}"
        return str(found["id"])

    def wait_for(self, name: str, /, **expected: str) -> dict[str, Any]:
        """The record of an object once these properties are so; an empty text is a property without a value."""

        def arrived() -> bool:
            found = self.record(name)
            return found is not None and expected == {each: found.get(each) or "" for each in expected}

        try:
            self.wait(f"{name} with {short(expected)}", arrived)
        except WorldError as error:
            there = self.record(name)
            seen = None if there is None else short({each: there.get(each) for each in expected})
            raise WorldError(f"it has {seen}; {error}") from None
        return self.record(name) or {}

    def wait_gone(self, name: str) -> None:
        """Return once the object has no unarchived record."""
        self.wait(f"{name} is archived", lambda: self.record(name) is None)

    def parents(self, name: str, kind: str) -> list[str]:
        """The objects of a kind (CONTACT, DEAL) that the object's record is associated with."""
        found = self.record(name)
        query = (
            "SELECT DISTINCT json_extract(record.properties, '$.shopbridge_key') FROM association "
            "JOIN record ON record.id = association.to_id WHERE association.from_id = ? ORDER BY 1"
        )
        with closing(sqlite3.connect(f"file:{self.world.sandbox_file}?mode=ro", uri=True)) as connection:
            keys = [row[0] for row in connection.execute(query, (found["id"] if found else None,))]
        names = [str(key).removeprefix(f"{STORE}:") for key in keys]
        return [each for each in names if each.startswith(f"{kind}:")]

    def wait_linked(self, name: str, *parents: str) -> None:
        """Return once the object is associated with these parents, of one kind, and no others of that kind."""
        kind = parents[0].split(":", 1)[0]
        self.wait(f"{name} linked with {parents}", lambda: sorted(parents) == self.parents(name, kind))

    # -- errors --------------------------------------------------------------------------------------------------

    def letters(self) -> list[dict[str, Any]]:
        """The newest dead letter of each error, whatever its state."""
        return [as_line(letter) for letter in read_letters(self.settings).by_id.values()]

    def errors_of(self, subject: str) -> dict[str, str]:
        """Cause → state of the errors of an object (`DEAL:7`) or of a source row (`customers {"id":7}`)."""
        return {line["cause"]: line["state"] for line in self.letters() if subject in subjects(line)}

    def wait_errors(self, subject: str, /, **states: str) -> None:
        """Return once the errors of the subject are these, and in these states."""
        self.wait(f"errors of {subject} are {states}", lambda: states == self.errors_of(subject))

    # -- topics --------------------------------------------------------------------------------------------------

    def topic(self, table: str) -> str:
        return f"{self.world.name}.public.{table}"

    def change_records(self, table: str) -> list[Record]:
        """All records of the table's change topic."""
        topic, bootstrap = self.topic(table), self.settings.kafka_bootstrap
        info = Admin(bootstrap).topic_ids([topic])[topic]
        return [
            record
            for number, end in info.end_offsets.items()
            for record in read_range(bootstrap, topic, number, info.start_offsets[number], end)
        ]

    def produce(self, records: Sequence[Outgoing]) -> None:
        """Write to topics as a foreign hand would."""

        async def send() -> None:
            producer = Producer(self.settings.kafka_bootstrap)
            await producer.send(records)
            await producer.aclose()

        asyncio.run(send())

    def wait(self, what: str, happened: Callable[[], bool]) -> None:
        """Wait, and on failure show the errors and the worker's last lines."""
        try:
            wait_until(what, happened)
        except WorldError as error:
            letters = "\n".join(f"{line['state']} {line['cause']} {subjects(line)}" for line in self.letters())
            raise WorldError(f"{error}\n{letters}\n{self.world.log()}") from None


def subjects(line: dict[str, Any]) -> tuple[str, str]:
    """How an error can be named: by its object, and by its row."""
    table = line["source_topic"].rsplit(".", 1)[-1]
    return f"{line['object_type']}:{line['external_id']}", f"{table} {line['row_key']}"


def short(expected: Mapping[str, str | None]) -> dict[str, str]:
    """Values for a message, cut where they are long."""
    texts = {name: value or "" for name, value in expected.items()}
    return {name: text if len(text) < 80 else f"{text[:60]}... ({len(text)})" for name, text in texts.items()}
