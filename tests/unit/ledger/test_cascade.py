"""Lines that a database deletes together with their order, without a word in its change log."""

from __future__ import annotations

from connector.ledger.fold import fold_object
from connector.ledger.merge import Passed, merge
from connector.ledger.state import NEVER_SEEN, Contribution, Life, Place
from connector.message import ObjectType, SyncMessage
from tests.support.story import at, deal, deleted

D = ObjectType.DEAL


def ended_at(*messages: SyncMessage) -> Place | None:
    """Where the deal's row was deleted last, once all was said."""
    kept: Contribution | None = None
    for message in messages:
        merged = merge(kept, message, at(message.source.offset))
        assert not isinstance(merged, Passed)
        kept = merged
    assert kept is not None
    folded = fold_object([kept], lambda _: NEVER_SEEN)
    assert Life.LIVE is folded.life
    return folded.ended_at


def place(message: SyncMessage) -> Place:
    return Place(message.source.server, message.source.database_position)


def test_changes_of_a_deal_that_came_back_do_not_end_its_new_lines() -> None:
    """The end of a deal stays where it was deleted, however often it is written afterwards."""
    deletion = deleted(D, "1", 2)
    assert place(deletion) == ended_at(deal("1", 1), deletion, deal("1", 3), deal("1", 5))


def test_an_end_that_arrives_late_counts_too() -> None:
    """A deletion older than what is known is where the row ended; a deal that was never deleted has no end."""
    deletion = deleted(D, "1", 2)
    assert place(deletion) == ended_at(deal("1", 3), deletion)
    assert place(deletion) == ended_at(deal("1", 1), deal("1", 5), deletion)
    assert None is ended_at(deal("1", 1), deal("1", 3))
