"""Snapshots asked for through the signal table, and what the connector says about them and about its life."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from connector import wire
from connector.capture.config import regex_of
from connector.capture.decode import ChangeDecoder
from connector.capture.errors import CaptureError
from connector.capture.plan import SCHEMA, CapturePlan
from connector.capture.session import Session
from connector.change import Operation
from connector.errors import RowError
from connector.record import Record
from connector.registry import Registry

RUNS: Final = frozenset({"STARTED", "IN_PROGRESS", "RESUMED", "PAUSED", "TABLE_SCAN_COMPLETED"})
ENDED: Final = frozenset({"COMPLETED", "ABORTED", "SKIPPED", "STOPPED"})
START_UP: Final = "Initial Snapshot"
"""Debezium's name for what it does when it starts, which here is nothing."""

GOOD_SCANS: Final = frozenset({"SUCCEEDED", "EMPTY"})


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification: of which signal, what happened, and to which table (`data`, as Debezium names things)."""

    signal: str
    kind: str
    data: Mapping[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class SnapshotState:
    """How the newest incremental snapshot goes. `rows` were read so far of the tables that are done."""

    running: bool = False
    signal: str = ""
    kind: str = ""
    tables_done: tuple[str, ...] = ()
    rows: int = 0
    failures: tuple[str, ...] = ()
    at: datetime | None = None


_SIGNAL: Final = "INSERT INTO {} (id, type, data) VALUES (%s, 'execute-snapshot', %s)"
_READ_MARK: Final = "SELECT initial_load FROM {} WHERE id = 1 FOR UPDATE"
_SET_MARK: Final = "INSERT INTO {} (id, initial_load) VALUES (1, %s) "
_WHERE_IT_IS: Final = {
    True: "ON DUPLICATE KEY UPDATE initial_load = VALUES(initial_load)",
    False: "ON CONFLICT (id) DO UPDATE SET initial_load = excluded.initial_load",
}
"""By whether the database writes a binlog."""
_CLEAR_MARK: Final = "UPDATE {} SET initial_load = NULL WHERE id = 1"


def snapshot(session: Session, plan: CapturePlan, tables: Sequence[str] = (), where: str | None = None) -> str:
    """Ask for an incremental snapshot of tables in their order, of all mapped ones by default; returns the signal's id.

    `where` is SQL that chooses rows of each table. Raises CaptureError for a table that the plan does not capture.
    """
    chosen = list(tables) or list(plan.tables)
    if strangers := [table for table in chosen if table not in plan.tables]:
        raise CaptureError(f"{', '.join(strangers)} is not captured; there are {', '.join(plan.tables)}")
    signal = _send(session, plan, _order(plan, chosen, where))
    session.commit()
    return signal


def initial_load(session: Session, plan: CapturePlan) -> str | None:
    """Ask for the first load unless that was done; the signal's id, or None.

    The mark is set in the signal's own transaction, so a set-up that broke off asks when it is run again.
    """
    mark = session.execute(_READ_MARK.format(_heartbeat_table(session, plan)))
    if mark and mark[0][0] is not None:
        return None
    signal = _send(session, plan, _order(plan, plan.tables, None))
    statement = _SET_MARK + _WHERE_IT_IS[plan.reads_binlog]
    session.execute(statement.format(_heartbeat_table(session, plan)), signal)
    session.commit()
    return signal


def forget_initial_load(session: Session, plan: CapturePlan) -> None:
    """Without a slot there is a gap, so what was loaded before does not count."""
    session.execute(_CLEAR_MARK.format(_heartbeat_table(session, plan)))
    session.commit()


def heartbeat(record: Record, decoder: ChangeDecoder) -> datetime | None:
    """The database's time up to which all commits have been read, from a record of `heartbeat_topic`.

    None for a record that says nothing. Raises RowError for one that is no change.
    """
    change = decoder.decode(record)
    return None if change is None or change.operation is Operation.DELETE else change.committed_at


def notification(record: Record, registry: Registry) -> Notification | None:
    """What a record of the notifications topic says of a snapshot that was asked for; None if it speaks of others.

    Raises RowError for a record that is no notification.
    """
    if record.value is None:
        return None
    schema = registry.schema(wire.schema_id(record.value))
    if schema is None:
        raise RowError("UNDECODABLE", "the registry does not know the schema of this notification")
    found: Mapping[str, Any] = wire.read_payload(record.value, wire.parse_writer(schema.text))
    try:
        if found["aggregate_type"] == START_UP:
            return None
        at = datetime.fromtimestamp(found["timestamp"] / 1000, UTC)
        return Notification(found["id"], found["type"], found["additional_data"] or {}, at)
    except (KeyError, TypeError, ValueError) as error:
        raise RowError("UNDECODABLE", f"this is no notification of Debezium: {error}") from error


def observe(state: SnapshotState, seen: Notification) -> SnapshotState:
    """The state after one more notification; they come in order, in one partition."""
    if seen.kind == "STARTED" and seen.signal != state.signal:
        return SnapshotState(running=True, signal=seen.signal, kind=seen.kind, at=seen.at)
    state = replace(state, kind=seen.kind, signal=seen.signal, at=seen.at)
    if seen.kind in ENDED:
        return replace(state, running=False)
    if seen.kind != "TABLE_SCAN_COMPLETED":
        return replace(state, running=seen.kind in RUNS)
    table, status = seen.data.get("scanned_collection", ""), seen.data.get("status", "")
    if status not in GOOD_SCANS:
        return replace(state, running=True, failures=(*state.failures, f"{table}: {status}"))
    rows = state.rows + int(seen.data.get("total_rows_scanned", "0"))
    return replace(state, running=True, tables_done=(*state.tables_done, table), rows=rows)


def follow(records: Iterable[Record], registry: Registry) -> SnapshotState:
    """The state after all records of the notifications topic, whose schemas are in the registry's memory."""
    state = SnapshotState()
    for record in records:
        seen = notification(record, registry)
        state = state if seen is None else observe(state, seen)
    return state


def _order(plan: CapturePlan, tables: Sequence[str], where: str | None) -> Mapping[str, Any]:
    order: dict[str, Any] = {
        "type": "incremental",
        "data-collections": [regex_of(plan.schema, table) for table in tables],
    }
    if where is not None:
        order["additional-conditions"] = [
            {"data-collection": f"{plan.schema}.{table}", "filter": where} for table in tables
        ]
    return order


def _send(session: Session, plan: CapturePlan, order: Mapping[str, Any]) -> str:
    signal = str(uuid.uuid4())
    session.execute(_SIGNAL.format(session.quoted(SCHEMA, plan.signal_table)), signal, json.dumps(order))
    return signal


def _heartbeat_table(session: Session, plan: CapturePlan) -> str:
    return session.quoted(SCHEMA, plan.heartbeat_table)
