"""The proposed `orders` section: statuses become stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connector.capture.structure import Table, TableColumn
from connector.operations.portal import PIPELINE, PIPELINE_LABEL, STAGES
from connector.operations.proposing import columns
from connector.operations.proposing.choose import row_key
from connector.operations.proposing.goods import active, ask_for, put_link, put_money
from connector.operations.proposing.lookups import lookup
from connector.operations.proposing.questions import MOST_VALUES, Labels, Values
from connector.operations.proposing.sheet import ASK, Block, Node, question
from connector.operations.proposing.stages import DRAFT, stage
from connector.operations.proposing.surroundings import (
    Surroundings,
    about,
    id_template,
    not_deleted,
    or_rivals,
    other_columns,
    put_remark,
    put_where,
    vanishing,
)
from connector.operations.proposing.types import Family, family
from connector.operations.proposing.vocabulary import CURRENCY_LABELS, NOUNS, PROPERTIES, STATUS, STATUS_LABELS
from connector.operations.proposing.words import words

_STATUS_TYPES: Final[frozenset[Family]] = frozenset({"text", "whole", "uuid", "bytes"})
_FIRST_STAGE: Final = "checkout_pending"


def orders(around: Surroundings, table: Table) -> Node:
    """One mapping: the deal's name, amount, date, currency and stage, linked to its customer."""
    block, used = Block(), set(row_key(table))
    status = _status(around, table)
    block.put("from", table.name)
    block.put("id", id_template(table))
    deleted = not_deleted(around, table)
    drafts = status.without_drafts(around) if status else []
    note = question("left out: what looks like a draft") if drafts else ""
    put_where(block, [*([deleted] if deleted else []), *drafts], note)
    properties = _properties(around, table, used)
    properties.put("pipeline", {"const": PIPELINE}, f"the {PIPELINE_LABEL}, made by `shopbridge setup`")
    _put_stage(properties, status)
    used |= {status.column.name} if status else set()
    reference = around.choice.references.get(("orders", "customers"))
    used |= set(reference.columns) if reference else set()
    remarks = [*vanishing(around, table, [reference]), *active(table), *_kinds(around, table)]
    block.put("properties", properties, above=[*remarks, *other_columns(table, used)])
    for prop in ("amount", "closedate"):
        ask_for(block, table, prop)
    if seconds := _seconds(table):
        put_remark(block, question(f"{seconds} holds whole numbers: seconds become a time by a Python function"))
    put_link(around, block, "orders", "customers", "customer")
    return block.node(about(around, "orders"))


def _properties(around: Surroundings, table: Table, used: set[str]) -> Block:
    block = Block()
    numbers = columns.properties(table, "orders", "number")
    numbers = [match for match in numbers if match.weight >= 0.5]
    number = columns.best(numbers)
    shown = f"{{{number.name}}}" if number else id_template(table)
    used |= {number.name} if number else set()
    block.put("dealname", f"Order {shown}", or_rivals(numbers))
    amounts = [match for match in columns.properties(table, "orders", "amount") if match.weight >= 0.3]
    if amounts:
        used.add(amounts[0].column.name)
        put_money(around, block, "amount", amounts)
    _put_date(around, table, block, used)
    _put_currency(around, table, block, used)
    for match in columns.properties(table, "orders", "description")[:1]:
        used.add(match.column.name)
        block.put("description", match.column.name)
    return block


def _put_date(around: Surroundings, table: Table, block: Block, used: set[str]) -> None:
    found = columns.properties(table, "orders", "closedate")
    if found:
        used.add(found[0].column.name)
        block.put("closedate", around.time_source(table, found[0].column), or_rivals(found))


def _seconds(table: Table) -> str | None:
    """A column that counts seconds since 1970, perhaps, where there is none that is a time."""
    found = columns.matches(table, PROPERTIES["orders"]["closedate"], {"whole"}, NOUNS["orders"])
    times = columns.properties(table, "orders", "closedate")
    return found[0].column.name if found and not times else None


def _kinds(around: Surroundings, table: Table) -> list[str]:
    """A remark on a column that says of which kind a row is: not all of them may be orders."""
    found = columns.matches(table, {"type": 1.0, "kind": 1.0, "typ": 1.0}, {"text"}, {*NOUNS["orders"]})
    values = (
        [value for value, _ in around.ask(Values(table.name, found[0].column.name)).pairs if value] if found else []
    )
    if not 1 < len(values) <= MOST_VALUES:
        return []
    return [question(f"{found[0].column.name} has {', '.join(values[:6])}: are all of them orders? If not, `where:`")]


def _put_currency(around: Surroundings, table: Table, block: Block, used: set[str]) -> None:
    enabled = "each currency must be enabled in HubSpot"
    found = columns.properties(table, "orders", "deal_currency_code")
    strip = {*NOUNS["orders"], *words(table.name)}
    numbers = columns.matches(table, PROPERTIES["orders"]["deal_currency_code"], {"whole", "uuid", "bytes"}, strip)
    if found:
        used.add(found[0].column.name)
        block.put("deal_currency_code", found[0].column.name, or_rivals(found) or enabled)
        return
    for match in numbers[:1]:
        table_of = lookup(around.structure, table, match.column, CURRENCY_LABELS)
        pairs = around.ask(Labels(table_of.table, table_of.key, table_of.label)).pairs if table_of else ()
        names = {_map_key(key): str(label) for key, label in pairs if key is not None and label}
        if names and len(names) <= MOST_VALUES:
            used.add(match.column.name)
            block.put("deal_currency_code", {"column": match.column.name, "values": names}, enabled)


@dataclass(frozen=True, slots=True)
class _Status:
    """The column of an order's status, and each of its values with what it means, how often it is there, its stage."""

    column: TableColumn
    rivals: str
    meanings: Mapping[str, str]
    counts: Mapping[str, int]
    source: str
    refused: str = ""

    def stage(self, value: str) -> str | None:
        return stage(self.meanings.get(value) or value)

    def stages(self) -> Mapping[str, str | None]:
        """Every value with its stage; None where a person must say it."""
        return {value: self.stage(value) for value in dict.fromkeys((*self.meanings, *self.counts))}

    def without_drafts(self, around: Surroundings) -> list[str]:
        """The condition that leaves out drafts; NULL stays in."""
        name = around.sql_name(self.column.name)
        drafts = [value for value, found in self.stages().items() if found == DRAFT]
        if not drafts or family(self.column) in {"bytes", "uuid"}:
            return []
        is_whole = family(self.column) == "whole"
        literals = [value if is_whole else "'" + value.replace("'", "''") + "'" for value in drafts]
        text = f"{name} <> {literals[0]}" if len(literals) == 1 else f"{name} not in ({', '.join(literals)})"
        text = f"({name} is null or {text})" if self.column.nullable else text
        return [text] if around.is_sql(text) else []


def _status(around: Surroundings, table: Table) -> _Status | None:
    found = columns.matches(table, STATUS, _STATUS_TYPES, {*NOUNS["orders"], *words(table.name)})
    found = [match for match in found if match.weight >= 0.3 and match.column.name not in row_key(table)]
    for match in found:
        column = match.column
        of = lookup(around.structure, table, column, STATUS_LABELS)
        answer = around.ask(Values(table.name, column.name))
        counts = {value: int(count or 0) for value, count in answer.pairs if value is not None}
        if len(counts) > MOST_VALUES:
            continue
        labels = around.ask(Labels(of.table, of.key, of.label)).pairs if of else ()
        meanings = {key: str(label) for key, label in reversed(labels) if key is not None and label}
        if len(meanings) > MOST_VALUES:
            meanings = {key: label for key, label in meanings.items() if key in counts}
        meanings = meanings or dict.fromkeys(column.choices, "")
        source = f"hat they mean stands in {of.table}.{of.label}" if of and labels else ""
        ordered = {key: meanings[key] for key in sorted(meanings, key=_by_number)}
        return _Status(column, or_rivals(found), ordered, counts, source, answer.refused)
    return None


def _by_number(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if _is_number(text) else (1, 0, text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0")) and len(text) < 18


def _map_key(text: str) -> str | int:
    """A key of a value map: numbers without quotes, as a person would write them."""
    return int(text) if _is_number(text) else text


def _put_stage(properties: Block, status: _Status | None) -> None:
    names = ", ".join(name for name, _, _ in STAGES)
    if status is None:
        note = question(f"no column looks like a status; a fixed one of {names}")
        properties.put("dealstage", {"const": _FIRST_STAGE}, note)
        return
    block, values = Block(), Block()
    block.put("column", status.column.name, status.rivals)
    for value, found in status.stages().items():
        if found != DRAFT or family(status.column) in {"bytes", "uuid"}:
            values.put(_map_key(value), found if found and found != DRAFT else ASK, _value_note(status, value, found))
    lines = [question(f"one of {names}"), *([f"W{status.source}."] if status.source else [])]
    if values.nodes:
        block.put("values", values)
    else:
        why = f" ({status.refused})" if status.refused else ""
        lines.append(f"No row tells which statuses there are{why}: add `values:` as in `values: {{paid: shipped}}`.")
        block.put("values", {})
        block.put("default", ASK, question("the stage of every status that `values` does not name"))
    properties.put("dealstage", block, above=lines)


def _value_note(status: _Status, value: str, found: str | None) -> str:
    meaning, count = status.meanings.get(value, ""), status.counts.get(value)
    told = [part for part in (meaning, f"{count:,} {'order' if count == 1 else 'orders'}" if count else "") if part]
    return f"? {'; '.join(told) or 'what is it?'}" if found in {None, DRAFT} else "; ".join(told)
