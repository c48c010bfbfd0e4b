"""Messages into the ledger: what an apply agent does to a batch, in the transaction of its progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

from connector.ledger.book import Book
from connector.ledger.desk import hear
from connector.ledger.error_book import ErrorPost, resolve
from connector.ledger.link_desk import publish_healed
from connector.ledger.numbering import Numbering
from connector.ledger.verdicts import Verdicts
from connector.message import SyncMessage


def merge_messages(tx: Connection, post: ErrorPost, messages: Sequence[SyncMessage]) -> Counter[str]:
    """Merge messages in their order; how many were merged, unchanged, superseded and repeat.

    Open errors of rows that need no call (deleted before they were ever sent, unchanged) are resolved here.
    """
    book = Book(tx)
    counts = book.merge(messages, Numbering(tx))
    verdicts = Verdicts()
    for ref in {message.ref for message in messages} | book.identities.moved:
        hear(verdicts, book, book.shelf.object(ref).record)
    book.close()
    resolve(tx, post, verdicts)
    publish_healed(tx, book, post)
    return counts
