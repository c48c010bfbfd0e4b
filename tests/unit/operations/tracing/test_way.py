"""What was found of an object, put into one line of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.operations.objects import Attempt, ErrorStatus
from connector.operations.tracing.nouns import ChangeSeen, MessageSeen, Place, Stage, Step
from connector.operations.tracing.way import in_short, steps
from connector.version import SourceRow

START = datetime(2026, 11, 24, 10, tzinfo=UTC)
ROW = SourceRow("shop.public.orders", '{"id":7}')
AT = Place("shop.public.orders", 1, 7)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def change(offset: int = 7, committed: float = 0.0, captured: float | None = 0.2) -> ChangeSeen:
    place = replace(AT, offset=offset)
    return ChangeSeen(place, ROW, after(committed), "INSERT", None if captured is None else after(captured))


def message(offset: int = 3, at: float = 0.3, of: int = 7) -> MessageSeen:
    place = Place("bridge.sync.deals", 0, offset)
    return MessageSeen(
        place, after(at), replace(AT, offset=of), "UPSERT", "ROW_WRITTEN", "LIVE", "abcdef123456", "orders"
    )


def attempt(at: float, outcome: str = "Written", details: str | None = None) -> Attempt:
    return Attempt(after(at).isoformat(), "UPSERT", outcome, None, None, details)


def test_a_change_on_its_way() -> None:
    """Committed, captured, mapped and sent, each with the seconds since the step before."""
    found = steps([change()], [message()], [attempt(0.7)], [])
    assert [
        (Stage.COMMITTED, None),
        (Stage.CAPTURED, 0.2),
        (Stage.MAPPED, 0.1),
        (Stage.SENT, 0.4),
    ] == [(step.stage, step.after_s and round(step.after_s, 3)) for step in found]
    assert ["shop.public.orders[1] offset 7", "bridge.sync.deals[0] offset 3"] == [step.where for step in found[1:3]]


def test_it_in_short() -> None:
    """One sentence tells how long each hop took."""
    sentence = (
        "committed 2026-11-24 10:00:00Z, captured 0.20 s after the commit, mapped 0.10 s later, sent 0.40 s later"
    )
    assert sentence == in_short([change()], [message()], [attempt(0.7)], rests=True)


def test_the_newest_change_is_told_in_short() -> None:
    """Older changes and their messages stand in the timeline alone."""
    told = in_short([change(), change(8, 60, 61)], [message(), message(4, 61.5, of=8)], [attempt(0.7)], rests=False)
    assert told.endswith("captured 1.0 s after the commit, mapped 0.50 s later, not sent yet")


def test_where_a_change_stands() -> None:
    """Each stage that it has not passed is named."""
    waits = replace(change(), mapped=False)
    assert in_short([waits], [], [], rests=True).endswith("not mapped yet")
    assert in_short([change()], [], [], rests=True).endswith("no message of it was found")
    assert in_short([change()], [replace(message(), applied=False)], [], rests=True).endswith("not applied yet")
    assert in_short([change()], [message()], [], rests=True).endswith("nothing of it had to be sent")
    refused = [attempt(0.7, "Refused")]
    assert in_short([change()], [message()], refused, rests=False).endswith("tried 0.40 s later, and not taken")


def test_what_the_topics_no_longer_hold() -> None:
    """The ledger alone knows the commit; without that nothing is made up."""
    trimmed = replace(change(captured=None), operation=None)
    assert in_short([trimmed], [], [], rests=True).endswith("when it was captured cannot be seen")
    unknown = replace(trimmed, committed_at=None)
    assert "no change of its row can be seen" == in_short([unknown], [], [], rests=True)
    assert ("a change",) == tuple(step.what for step in steps([trimmed], [], [], []))
    assert () == steps([unknown], [], [], [])


def test_errors_and_acts_stand_in_the_line() -> None:
    """An open error, one that an operator ignored with a note, and the act that sent a message."""
    opened = ErrorStatus("e1", "OPEN", "SEND", "CONFLICT", "taken", after(2))
    ignored = ErrorStatus("e2", "IGNORED", "SEND", "CONFLICT", "taken", after(3), "a test", "eva@desk")
    act = Step(after(4), Stage.ACT, "replay by eva@desk: of orders (DONE)", "act a1")
    sent = replace(message(at=5), act="a1", origin="REPLAY", forced=True, revision=9)
    found = steps([], [sent], [], [ignored, opened], [act])
    assert [
        "CONFLICT opened: taken",
        "CONFLICT is IGNORED since by eva@desk (a test): taken",
        "replay by eva@desk: of orders (DONE)",
        "UPSERT, REPLAY, forced, revision 9, by act a1; orders, mapping abcdef12",
    ] == [step.what for step in found]
    assert [Stage.ERROR, Stage.ERROR, Stage.ACT, Stage.SAID] == [step.stage for step in found]


def test_a_refused_attempt_names_what_hubspot_said() -> None:
    """Outcome, status, category and words, with the correlation id for HubSpot's support."""
    refused = Attempt(after(1).isoformat(), "UPDATE", "Refused", "VALIDATION_ERROR", "c-17", "no number", 400)
    (step,) = steps([], [], [refused], [])
    assert ("UPDATE: Refused, HTTP 400, VALIDATION_ERROR, no number", "correlation id c-17") == (step.what, step.where)


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5))
def test_clocks_that_differ_make_no_negative_times(captured: float, mapped: float, sent: float) -> None:
    """Database, broker and worker have clocks of their own."""
    found = steps([change(captured=captured)], [message(at=mapped)], [attempt(sent)], [])
    assert sorted(step.at for step in found) == [step.at for step in found]
    assert all(step.after_s is None or step.after_s >= 0 for step in found)
