"""The status as a page: the verdict, then a table for each thing that has something to tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from connector.cli.output import moment, seconds, table
from connector.operations.lag import Flow
from connector.operations.overall import Status
from connector.operations.parked import REMEDIES
from connector.operations.source import SourceState
from connector.sender.report import SenderReport

FEW = 5
"""So many lines of a table that may be long stand on one screen."""


class Section(NamedTuple):
    """A table with its title; one without rows has nothing to tell and is left out."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


def whole_page(found: Status) -> RenderableType:
    """Everything."""
    sections = [
        _under_way(found, None),
        _parents(found, len(found.parents)),
        _held_up(found),
        _sender(found),
        _capture(found),
        _workers(found),
        _accounting(found),
        _counts("Records", found.records),
        _counts("Associations", found.links),
        _errors(found, len(found.open_errors)),
        _acts(found),
    ]
    return Group(*_verdict(found), *_rendered(sections, compact=False), *_unseen(found))


def screen(found: Status, flow: Flow | None) -> RenderableType:
    """What fits on one screen and changes while one looks."""
    sections = [
        _under_way(found, flow),
        _parents(found, FEW),
        _held_up(found),
        _sender(found),
        _capture(found),
        _errors(found, FEW),
    ]
    head = Text(moment(found.at), style="dim")
    return Group(head, *_verdict(found), *_rendered(sections, compact=True), *_unseen(found))


def _rendered(sections: Iterable[Section], *, compact: bool) -> Iterator[RenderableType]:
    for section in sections:
        if section.rows:
            yield Text(section.title if compact else f"\n{section.title}", style="bold")
            yield table(section.columns, section.rows, compact=compact)


def line(found: Status, flow: Flow | None) -> str:
    """One line for a log."""
    rates = "" if flow is None else f"; mapped {flow.map:.1f}/s, applied {flow.apply:.1f}/s" + _calls(flow)
    return f"{moment(found.at)} {found.headline}{rates}"


def _calls(flow: Flow) -> str:
    return "" if flow.calls is None else f", {flow.calls:.1f} calls/s"


def _verdict(found: Status) -> Iterator[RenderableType]:
    yield Text(found.headline, style=f"bold {'green' if found.well else 'yellow'}")
    for problem in found.problems[1:]:
        yield Text(f"  {problem}")


def _under_way(found: Status, flow: Flow | None) -> Section:
    lag = found.lag
    rows: list[tuple[object, ...]] = [
        *((f"database {each.store} → change topics", _kib(each), seconds(each.seconds), "") for each in found.sources),
        ("change topics → messages", lag.map.records, seconds(lag.map.seconds), flow and flow.map),
        ("messages → ledger", lag.apply.records, seconds(lag.apply.seconds), flow and flow.apply),
        ("errors → dead letters", lag.report.records + lag.outbox, seconds(lag.report.seconds), flow and flow.report),
        ("ledger → HubSpot, records", lag.send.records, seconds(lag.send.seconds), flow and flow.calls),
        ("ledger → HubSpot, associations", lag.links, "-", ""),
        ("in flight", lag.in_flight, "-", ""),
        ("to look at again after an unclear answer", lag.rechecks, "-", ""),
        ("children waiting for a parent", lag.waiting_for_parents, "-", ""),
        *((f"snapshot of {each.store}", "running", "-", "") for each in found.sources if each.snapshot.running),
    ]
    if flow is None:
        return Section("Under way", ("stage", "waiting", "oldest"), [row[:3] for row in rows])
    told = [(*row[:3], f"{row[3]:.1f}" if isinstance(row[3], float) else row[3]) for row in rows]
    return Section("Under way", ("stage", "waiting", "oldest", "a second"), told)


def _kib(source: SourceState) -> str:
    log = source.log
    return "-" if log is None or log.behind_bytes is None else f"{log.behind_bytes / 1024:,.0f} KiB"


def _parents(found: Status, most: int) -> Section:
    rows = [
        (each.parent, each.children, each.failed, each.since, f"{each.why}: {REMEDIES[each.why]}")
        for each in found.parents[:most]
    ]
    return Section("Parents that are waited for", ("parent", "children", "in error", "since", "it is"), rows)


def _held_up(found: Status) -> Section:
    """Paused types by the sender's own word; by the last attempts where there is none."""
    sender = found.sender
    if sender is not None and not sender.is_old:
        rows: list[tuple[object, ...]] = [
            (each.lane, "paused", each.since, f"{each.type}: {each.details}") for each in sender.report.paused
        ]
    else:
        rows = [
            (kind, state.outcome, state.at, state.details)
            for kind, state in found.held_up.items()
            if state.is_paused or state.is_waiting
        ]
    return Section("Held up", ("type", "how", "since", "why"), rows)


def _sender(found: Status) -> Section:
    sender = found.sender
    if sender is None:
        return Section("Sender", ("", ""), ())
    report = sender.report
    rows: list[tuple[str, object]] = [
        ("told", f"{seconds(sender.age_s)} ago" + (", by a worker that no longer tells" if sender.is_old else "")),
        ("way to HubSpot", _since(report.condition, report.condition_since)),
        ("calls of the day", _quota(report)),
    ]
    if report.waiting_until is not None:
        rows.append(("waits", f"until {moment(report.waiting_until)} ({report.waiting_for})"))
    if report.last_error:
        rows.append(("last error", report.last_error))
    return Section("Sender", ("", ""), rows)


def _since(what: str, since: datetime | None) -> str:
    return what if since is None else f"{what} since {moment(since)}"


def _quota(report: SenderReport) -> str:
    used = None if report.day_used is None else f"{report.day_used:,} used"
    left = None if report.day_left is None else f"{report.day_left:,} left"
    left = left if left is None or report.day_limit is None else f"{left} of {report.day_limit:,}"
    pace = None if report.limit_per_10_s is None else f"{report.used_in_10_s or 0} of {report.limit_per_10_s} in 10 s"
    return ", ".join(each for each in (used, left, pace) if each) or "-"


def _capture(found: Status) -> Section:
    rows = [
        (
            each.store,
            _connector(each),
            *_log(each),
            seconds(each.seconds),
        )
        for each in found.sources
    ]
    columns = ("store", "connector", "log", "kept for it", "may still grow by", "heartbeat's age")
    return Section("Capture", columns, rows)


def _connector(source: SourceState) -> str:
    if source.connector is None:
        return "-"
    tasks = ", ".join(task.state for task in source.connector.tasks) or "none"
    return f"{source.connector.state}, task {tasks}"


def _log(source: SourceState) -> tuple[str, str, str]:
    log = source.log
    if log is None:
        return "-", "-", "-"
    if not log.exists:
        return "it has no place in it", "-", "-"
    reader = {True: "read", False: "NOT read", None: ""}[log.active]
    return ", ".join(each for each in (log.state, reader) if each), _mib(log.retained_bytes), _mib(log.safe_bytes)


def _mib(count: int | None) -> str:
    return "-" if count is None else f"{count / 2**20:,.1f} MiB"


def _workers(found: Status) -> Section:
    rows = [(role, each and each.pid, each and each.since) for role, each in (found.workers or {}).items()]
    told = [(role, "nobody" if pid is None else str(pid), since) for role, pid, since in rows]
    return Section("Workers", ("role", "process", "since"), told)


def _accounting(found: Status) -> Section:
    verdict = "every record is accounted for" if found.accounting.balanced else "NOT every record is accounted for"
    rows = [
        (kind, counts["read"], ", ".join(f"{name} {n:,}" for name, n in counts.items() if n and name != "read"))
        for kind, counts in found.accounting.totals.items()
    ]
    return Section(f"Accounting: {verdict}", ("topics", "read", "of these"), rows)


def _counts(title: str, counts: Mapping[str, Mapping[str, int]]) -> Section:
    names = sorted({name for each in counts.values() for name in each})
    rows = [(kind, *(each.get(name, 0) for name in names)) for kind, each in counts.items()]
    return Section(title, ("", *(name.replace("_", " ") for name in names)), rows if names else [])


def _errors(found: Status, most: int) -> Section:
    rows = list(found.open_errors.items())[:most]
    return Section("Open errors (see `shopbridge errors list`)", ("cause", "open"), rows)


def _acts(found: Status) -> Section:
    rows = [
        (
            each.at,
            each.who,
            each.kind,
            each.text,
            each.state,
            f"{each.done:,}" + (f" of {each.total:,}" if each.total else ""),
        )
        for each in found.acts
    ]
    return Section("Operators' last acts", ("at", "who", "act", "what", "state", "produced"), rows)


def _unseen(found: Status) -> Iterator[RenderableType]:
    if found.unseen:
        yield Text("\nNot seen", style="bold")
        yield from (Text(f"  {' '.join(each.split())}") for each in found.unseen)
