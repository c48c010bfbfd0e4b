"""What plans are made with: the contracts' schemas, and a shop's mappings over changes told in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from connector import contracts
from connector.capture.row import DecodedRow
from connector.change import Change, Column, Operation, Position
from connector.errors import RowError
from connector.mapping import load_shop, mapper
from connector.operations.mending.remapping import Remapper
from connector.operations.mending.retrying import Planner
from connector.record import Record
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import Stage, SyncError, error_id
from connector.version import SourceRow, Version
from connector.wire import Codec
from tests.support.world import ROOT
from tests.unit.operations.letters_told import letter

SETTINGS = Settings.model_validate({})
AT = datetime(2026, 11, 25, tzinfo=UTC)
WHO = "eva@desk"
TOPIC = "small.public.customers"
FILE = ROOT / "tests/cases/end_to_end/changing.yaml"


class Schemas:
    """A registry's HTTP side that knows the three contracts by the ids 1, 2 and 3."""

    async def request(self, method: str, path: str, *, json: Any = None) -> Any:
        assert (method, json) == ("GET", None)
        number = int(path.rsplit("/", 1)[1])
        return SimpleNamespace(status=200, body={"schema": contracts.text(contracts.CONTRACTS[number - 1])}, text="")


def codec_of(registry: Registry) -> Codec:
    numbers = {name: number for number, name in enumerate(contracts.CONTRACTS, start=1)}
    return Codec(registry, SETTINGS, {each: numbers[it] for each, it in contracts.subjects(SETTINGS).items()})


def planner(remapper: Remapper | None = None) -> Planner:
    registry = Registry(Schemas())
    return Planner(SETTINGS, registry, codec_of(registry), remapper, WHO, AT)


class Changes:
    """A decoder of records whose value is the name of a change; what has none is not readable."""

    def __init__(self, known: Mapping[bytes, Change]) -> None:
        self.known = known

    def decode(self, record: Record) -> Change | None:
        if record.value is None or record.value not in self.known:
            raise RowError("UNDECODABLE", "garbage")
        return self.known[record.value]

    def row_key(self, record: Record) -> str | None:
        return None if record.key is None else record.key.decode()


def change(
    columns: Mapping[str, Column],
    faults: Mapping[str, RowError] | None = None,
    operation: Operation = Operation.CREATE,
) -> Change:
    """A change of a customer's row."""
    key = {"id": columns["id"]}
    return Change(
        table="customers",
        operation=operation,
        key=key,
        row_key=f'{{"id":{columns["id"]}}}',
        before=None,
        after=None if operation is Operation.DELETE else DecodedRow(columns, faults or {}),
        full_before=False,
        position=Position(TOPIC, "t1", 0, 7),
        server="db1",
        database_position="0007",
        committed_at=AT,
        snapshot=False,
    )


def remapper(changes: Mapping[bytes, Change], epochs: Mapping[tuple[str, int], str] | None = None) -> Remapper:
    """The small shop's mappings as they are today; its topic's first epoch is known."""
    shop = load_shop(Path(FILE), {"SHOP_DATABASE_URL": "postgresql://shop@db.example/shop"})
    customers = mapper(shop, "customers")
    known = {(TOPIC, 1): "t1"} if epochs is None else epochs
    registry = Registry(Schemas())
    return Remapper(SETTINGS, registry, {TOPIC: Changes(changes)}, {TOPIC: [customers]}, {}, known)


def unmapped(row_key: str, value: bytes, **more: Any) -> SyncError:
    """The error of a customer's row that could not be mapped."""
    row = SourceRow(TOPIC, row_key)
    told = {"row": row, "version": Version(1, 7, 1, 0), "original_key": b"k", "original_value": value, **more}
    return letter(error_id("default", "customers", row, Stage.MAP), partition=0, **told)
