"""Structures of databases as YAML files: tables, columns, keys, and what the rows would tell.

kind: postgres
schema: public
tables:
  orders:
    rows: 40
    key: [id]
    unique: [[number]]
    columns: {id: bigint | auto, number: text, note: text | null}    # type | null auto touched computed default=..
    foreign: ["customer_id -> customers(id) CASCADE"]
answers:
  values: {orders.status: {paid: 30}}
  labels: {order_status.name: {1: paid}}
  zero_dates: [orders.placed]
  refused: {orders.state: permission denied}
  zone: UTC
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from connector.capture.structure import ForeignKey, Structure, Table, TableColumn
from connector.operations.proposing.questions import Answer, Ask, Labels, Question, Values, ZeroDates, Zone


def read(path: Path) -> tuple[Structure, Ask]:
    """The structure, and whom to ask about its rows."""
    found = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    tables = tuple(_table(name, table) for name, table in found["tables"].items())
    return Structure(found["kind"], found["schema"], tables), _ask(found.get("answers", {}))


def _table(name: str, table: Mapping[str, Any]) -> Table:
    return Table(
        name=name,
        columns=tuple(_column(column, text) for column, text in table["columns"].items()),
        key=tuple(table.get("key", ())),
        unique=tuple(map(tuple, table.get("unique", ()))),
        foreign_keys=tuple(map(_foreign_key, table.get("foreign", ()))),
        rows=table.get("rows"),
    )


def _column(name: str, text: str) -> TableColumn:
    kind, _, rest = text.partition("|")
    flags = rest.split()
    default = next((flag.removeprefix("default=") for flag in flags if flag.startswith("default=")), None)
    return TableColumn(
        name,
        kind.strip(),
        nullable="null" in flags,
        default=default,
        auto="auto" in flags,
        touched="touched" in flags,
        computed="computed" in flags,
        choices=tuple(re.findall(r"'([^']*)'", kind)),
    )


def _foreign_key(text: str) -> ForeignKey:
    found = re.fullmatch(r"(.+) -> (.+)\((.+)\) ?(.*)", text)
    assert found is not None, text
    columns, to_columns = found[1].split(", "), found[3].split(", ")
    return ForeignKey(tuple(columns), found[2], tuple(to_columns), found[4] or "NO ACTION")


def _ask(answers: Mapping[str, Any]) -> Ask:
    def ask(question: Question) -> Answer:
        match question:
            case Zone():
                pairs = _pairs({answers.get("zone"): 1})
            case ZeroDates(table, column):
                pairs = _pairs({"0000-00-00": 1} if f"{table}.{column}" in answers.get("zero_dates", ()) else {})
            case Values(table, column):
                pairs = _pairs(answers.get("values", {}).get(f"{table}.{column}", {}))
            case Labels(table, _, label):
                pairs = _pairs(answers.get("labels", {}).get(f"{table}.{label}", {}))
        name = f"{question.table}.{question.column}" if isinstance(question, Values) else ""
        return Answer(pairs, answers.get("refused", {}).get(name, ""))

    return ask


def _pairs(found: Mapping[Any, Any]) -> tuple[tuple[str | None, str | int | None], ...]:
    return tuple((str(key), value) for key, value in found.items())
