"""What a retry would say."""

from __future__ import annotations

from typing import Any

import pytest

from connector.message import ObjectType, Origin, SyncMessage
from connector.operations.letters import Letters, Newest
from connector.operations.mending.retrying import MANY, PARENT_HINT, Plan, Resend
from connector.record import Outgoing
from connector.registry import Registry
from connector.sync_error import ErrorState, Stage, SyncError
from connector.version import SourceRow
from tests.support.story import contact
from tests.unit.operations.letters_told import letter
from tests.unit.operations.mending.kit import (
    AT,
    SETTINGS,
    TOPIC,
    WHO,
    Schemas,
    change,
    codec_of,
    planner,
    remapper,
    unmapped,
)

CODEC = codec_of(Registry(Schemas()))


def refused(name: str, message: SyncMessage, **more: Any) -> SyncError:
    """HubSpot refused what the row says."""
    value = CODEC.encode_message(message)
    row = SourceRow(message.source.topic, message.source.row_key)
    key = str(message.ref).encode()
    told = {"row": row, "original_key": key, "original_value": value, **more}
    return letter(name, ref=str(message.ref), **told)


async def plan(*errors: SyncError, changes: dict[bytes, Any] | None = None) -> Plan:
    newest = Newest()
    newest.take(errors)
    letters = Letters(newest.by_id)
    chosen = sorted(letters.by_id.values(), key=lambda each: each.id)
    return await planner(None if changes is None else remapper(changes)).plan(letters, chosen)


async def test_what_was_refused_is_told_again_as_it_stands() -> None:
    """With its own version, so that it undoes nothing, whatever its origin was."""
    message = contact("1", 5, city="Rome", origin=Origin.SNAPSHOT)
    found = await plan(refused("a", message))
    [resend] = found.resends
    [said] = resend.messages
    assert (Origin.REPAIR, False, message.properties) == (said.origin, said.forced, said.properties)
    assert ("sent again", ("a",), "shop:CONTACT:1") == (resend.how, resend.ids, resend.about)
    assert {("sent again", "CONTACT UPSERT"): 1} == found.counts()
    [outgoing] = resend.outgoing(SETTINGS, CODEC)
    assert (SETTINGS.sync_topic(ObjectType.CONTACT), b"shop:CONTACT:1") == (outgoing.topic, outgoing.key)


async def test_several_errors_of_one_row_are_one_message() -> None:
    """A record with two failed links is told again once."""
    message = contact("1", 5)
    found = await plan(refused("b", message, stage=Stage.LINK), refused("a", message), refused("c", contact("2", 6)))
    assert [("a", "b"), ("c",)] == [each.ids for each in found.resends]
    assert ("a", "b", "c") == found.ids


async def test_what_waits_for_a_parent_is_told_to_need_no_retry() -> None:
    """It closes by itself; the operator should look at the parent."""
    told = refused("a", contact("1", 5), stage=Stage.LINK, type="PARENT_NEVER_SEEN")
    assert (PARENT_HINT,) == (await plan(told)).hints
    assert () == (await plan(refused("a", contact("1", 5)))).hints


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "carries no record"),
        (b"", "taken out of the error on purpose"),
        (b"garbage", "no Avro record"),
    ],
)
async def test_what_cannot_be_said_is_told_with_the_reason(value: bytes | None, words: str) -> None:
    """It is left out, the others go on."""
    found = await plan(refused("a", contact("1", 5), original_value=value), refused("b", contact("2", 6)))
    assert [("b",)] == [each.ids for each in found.resends]
    [left] = found.unsendable
    assert ("a", "shop:CONTACT:1") == (left.id, left.about)
    assert words in left.why


async def test_what_was_resolved_is_said_from_the_letter_that_holds_it() -> None:
    """A resolution carries no record; whoever asks for the error by its id can have it told again."""
    found = await plan(
        refused("a", contact("1", 5)), letter("a", seq=2, ref="shop:CONTACT:1", state=ErrorState.RESOLVED)
    )
    assert [("a",)] == [each.ids for each in found.resends]


async def test_a_row_that_could_not_be_mapped_takes_a_shop_file() -> None:
    """Without one it is counted and nothing else."""
    error = unmapped('{"id":1}', b"first")
    assert Plan(unmapped=(error.id,)) == await plan(error)
    elsewhere = unmapped('{"id":1}', b"first", row=SourceRow("outlet.public.customers", '{"id":1}'))
    assert Plan(unmapped=(elsewhere.id,)) == await plan(elsewhere, changes={})


async def test_a_row_is_mapped_again_with_todays_shop_file() -> None:
    """In the place that its change had, so that newer changes stand."""
    error = unmapped('{"id":1}', b"first")
    found = await plan(
        error, changes={b"first": change({"id": 1, "email": "a@x.example", "first_name": "A", "points": 3})}
    )
    [resend] = found.resends
    [said] = resend.messages
    assert (Origin.REPLAY, "t1", 7) == (said.origin, said.source.topic_id, said.source.offset)
    assert {"email": "a@x.example", "firstname": "A", "shop_points": 3} == said.properties
    assert "mapped again" == resend.how


async def test_a_row_that_still_cannot_be_mapped_is_left_out() -> None:
    """With today's reason."""
    error = unmapped('{"id":1}', b"first")
    found = await plan(error, changes={b"first": change({"id": 1, "email": "a@x.example"})})
    [left] = found.unsendable
    assert "COLUMN_MISSING" in left.why


async def test_an_epoch_that_is_not_known_is_older_than_all() -> None:
    """A change that may be of a topic that was made anew must not pass for a new one."""
    again = remapper({b"first": change({"id": 1, "email": "", "first_name": "", "points": 1})}, epochs={})
    error = unmapped('{"id":1}', b"first")
    newest = Newest()
    newest.take([error])
    letters = Letters(newest.by_id)
    found = await planner(again).plan(letters, list(letters.by_id.values()))
    assert "" == found.resends[0].messages[0].source.topic_id


async def test_a_record_that_no_agent_could_read_is_put_on_its_topic_again() -> None:
    """Its error is over with that: if it still cannot be read, that is another error, of its new place."""
    row = SourceRow(SETTINGS.errors_topic, "0/4711")
    error = letter("a", stage=Stage.APPLY, row=row, original_key=b"k", original_value=b"garbage")
    [resend] = (await plan(error)).resends
    assert (Outgoing(SETTINGS.errors_topic, b"k", b"garbage"),) == resend.records
    [over] = resend.closed
    assert (ErrorState.RESOLVED, WHO, AT) == (over.state, over.who, over.at)
    assert 2 == len(resend.outgoing(SETTINGS, CODEC))


async def test_a_change_that_a_newer_letter_supersedes_is_not_mapped_again() -> None:
    """The newer one tells what is wrong now."""
    old = unmapped('{"id":1}', b"first")
    newer = letter("z", ref="small:CONTACT:1", row=old.row, version=old.version.__class__(1, 9, 1, 0))
    found = await plan(old, newer, changes={})
    assert (old.id,) == found.superseded


async def test_a_large_retry_is_served_behind_live_changes() -> None:
    """A small one is not."""
    errors = [refused(f"{number:05}", contact(str(number), number)) for number in range(MANY + 1)]
    assert {True} == {it.bulk for each in (await plan(*errors)).resends for it in each.messages}
    assert {False} == {it.bulk for each in (await plan(*errors[:-1])).resends for it in each.messages}


def test_a_resend_without_messages_is_named_by_its_topic() -> None:
    """For what is shown before anything is sent."""
    resend = Resend(("a",), "x", records=(Outgoing(TOPIC, None, None),))
    assert {("read again", TOPIC): 1} == Plan((resend,)).counts()
