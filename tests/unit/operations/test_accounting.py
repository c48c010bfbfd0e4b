"""Every record that was read shows up in exactly one count, and what does not add up is said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connector.ledger.progress import Progress
from connector.operations.accounting import OUTCOMES, Account, Kind, Log, accounts, settle_accounts
from connector.record import Partition

CHANGES = "shop.public.orders"
SYNC = "bridge.sync.deals"


def progress(agent: str, topic: str, start: int, following: int, topic_id: str = "t1", **counts: int) -> Progress:
    return Progress(agent, topic, topic_id, 0, start, following, counts)


def one(row: Progress, log: Log | None) -> Account:
    logs = {} if log is None else {Partition(row.topic, 0): log}
    return accounts([row], logs)[0]


def test_counts_that_add_up_are_balanced() -> None:
    """Mapped, ignored, rejected and absent records make up the way of a map agent."""
    row = progress("map:orders", CHANGES, 10, 20, mapped=5, ignored=2, rejected=1, absent=2, messages=9, repeat=3)
    account = one(row, Log("t1", 0, 25))
    assert (True, 10, 5) == (account.is_balanced, account.read, account.lag)


def test_a_record_in_no_count_is_said() -> None:
    """One record short is one sentence that names agent, partition and both numbers."""
    account = one(progress("map:orders", CHANGES, 0, 5, mapped=4), Log("t1", 0, 5))
    accounting = settle_accounts([account])
    assert not accounting.balanced
    assert ("map:orders in shop.public.orders[0] read 5 records from 0 to 5, and counted 4",) == accounting.wrong


def test_a_record_counted_twice_is_said() -> None:
    """More outcomes than records do not pass for a repeat."""
    account = one(progress("apply:deals", SYNC, 0, 2, merged=3, repeat=1), Log("t1", 0, 2))
    assert not settle_accounts([account]).balanced


def test_messages_said_again_after_a_kill_are_apart() -> None:
    """What a map agent produced again is part of the way of the apply agent, and named for itself."""
    account = one(progress("apply:deals", SYNC, 0, 7, merged=4, unchanged=1, repeat=2), Log("t1", 0, 7))
    accounting = settle_accounts([account])
    assert accounting.balanced
    assert 2 == accounting.totals[Kind.SYNC]["said_again"]


def test_repeats_of_a_map_agent_excuse_nothing() -> None:
    """A change record that was read again is no part of the way from start to next."""
    account = one(progress("map:orders", CHANGES, 0, 7, mapped=5, repeat=2), Log("t1", 0, 7))
    assert not account.is_balanced


def test_a_position_beyond_the_end_is_said() -> None:
    """Nobody can have read what the broker does not have."""
    account = one(progress("report", "bridge.sync-errors", 0, 9, published=9), Log("t1", 0, 8))
    wrong = settle_accounts([account]).wrong
    assert ("report in bridge.sync-errors[0] stands at 9, beyond the broker's end 8",) == wrong


def test_a_topic_made_anew_has_a_new_account() -> None:
    """The old incarnation keeps its account without a lag; the new one is behind by all that it holds."""
    row = progress("map:orders", CHANGES, 0, 5, mapped=5)
    found = accounts([row], {Partition(CHANGES, 0): Log("t2", 0, 3)}, [("map:orders", Partition(CHANGES, 0))])
    assert [(5, None), (0, 3)] == sorted(((each.next, each.lag) for each in found), reverse=True)


def test_a_partition_that_nobody_read_is_behind_by_all_it_holds() -> None:
    """What should be read and never was counts from the log's start."""
    found = accounts([], {Partition(CHANGES, 3): Log("t1", 4, 10)}, [("map:orders", Partition(CHANGES, 3))])
    assert [("map:orders", 3, 6, 0)] == [(each.agent, each.partition, each.lag, each.read) for each in found]


def test_more_messages_than_the_sync_topics_hold_are_said() -> None:
    """Map agents count what they produced; the sync topics must hold at least that."""
    mapped = one(progress("map:orders", CHANGES, 0, 5, mapped=5, messages=5), Log("t1", 0, 5))
    merged = one(progress("apply:deals", SYNC, 0, 4, merged=4), Log("t1", 0, 4))
    wrong = settle_accounts([mapped, merged]).wrong
    assert ("the map agents produced 5 messages, but the sync topics hold 4",) == wrong


def mapped_and_applied(messages: int, held: int, repeats: int, noted: int = 0) -> tuple[str, ...]:
    """What is wrong with so many messages of a map agent in a topic that holds `held`, of which some are repeats.

    `noted`: what operators' acts noted to have put there.
    """
    mapped = one(
        progress("map:orders", CHANGES, 0, messages, mapped=messages, messages=messages), Log("t1", 0, messages)
    )
    row = progress("apply:deals", SYNC, 0, held, merged=held - repeats, repeat=repeats)
    by_acts = {SYNC: noted, "bridge.sync-errors": 7}
    return settle_accounts([mapped, one(row, Log("t1", 0, held))], by_acts=by_acts).wrong


def test_repeats_without_anybody_who_produced_them_are_said() -> None:
    """All messages are a map agent's, each counted once: then none of them can have said what was known."""
    wrong = ("1 messages say what was known already, but only 0 are no map agent's own",)
    assert wrong == mapped_and_applied(5, 5, 1)


@given(st.integers(0, 50), st.integers(0, 50), st.data())
def test_messages_of_kills_and_acts_add_up(messages: int, beside: int, data: st.DataObject) -> None:
    """What is produced again after kills, or by acts, may say what was known, or something new: both add up."""
    repeats = data.draw(st.integers(0, beside))
    assert () == mapped_and_applied(messages, messages + beside, repeats)


def test_what_an_act_said_makes_up_for_nothing_that_is_lost() -> None:
    """Of five messages of a map agent two are lost, and an act said three again: the sum alone would not show it."""
    wrong = ("the map agents produced 5 messages and operators' acts 3, but the sync topics hold 6",)
    assert wrong == mapped_and_applied(5, 6, 3, noted=3)
    assert () == mapped_and_applied(5, 8, 3, noted=3)


def test_refused_records_need_an_open_error() -> None:
    """A record that rests refused without an error would be lost in silence."""
    assert ("2 refused records have no open error",) == settle_accounts([], refused_without_error=2).wrong


@given(st.sampled_from(Kind), st.integers(0, 1000), st.data())
def test_any_split_into_outcomes_is_balanced(kind: Kind, start: int, data: st.DataObject) -> None:
    """Whatever the outcomes were: if each record has one, the account is balanced and nothing is left over."""
    counts = {name: data.draw(st.integers(0, 50)) for name in OUTCOMES[kind]}
    agent = {Kind.CHANGE: "map:orders", Kind.SYNC: "apply:deals", Kind.ERRORS: "report"}[kind]
    following = start + sum(counts.values())
    account = one(Progress(agent, "topic", "t1", 0, start, following, counts), Log("t1", 0, following))
    assert (kind, True, 0, 0) == (account.kind, account.is_balanced, account.lag, account.uncounted)
