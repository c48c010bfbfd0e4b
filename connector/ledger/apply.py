"""Messages into the ledger: what an apply agent does to a batch, in the transaction of its progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

from connector.ledger.book import Book
from connector.ledger.desk import versions_of
from connector.ledger.error_book import ErrorPost, is_at_rest, resolve
from connector.ledger.link_desk import publish_healed
from connector.ledger.numbering import Numbering
from connector.message import SyncMessage
from connector.version import SourceRow, Version


def merge_messages(tx: Connection, post: ErrorPost, messages: Sequence[SyncMessage]) -> Counter[str]:
    """Merge messages in their order; how many were merged, unchanged, superseded and repeat.

    Open errors of rows that need no call at all (deleted before they were ever sent, unchanged) are resolved here.
    """
    book = Book(tx)
    counts = book.merge(messages, Numbering(tx))
    rested: dict[SourceRow, Version] = {}
    for ref in {message.ref for message in messages}:
        number = book.shelf.object(ref).record
        if is_at_rest(book.shelf.record(number).record):
            rested.update(versions_of(book, number))
    book.close()
    resolve(tx, post, rested)
    publish_healed(tx, book, post)
    return counts
