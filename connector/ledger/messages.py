"""What a row says, as a sync message again: for letters that can be sent from, and for acts upon what is known."""

from __future__ import annotations

from sqlalchemy import Connection, select

from connector.ledger.state import Contribution, Standing
from connector.ledger.tables import mappings, topics
from connector.message import Action, Reason, Source, SyncMessage

_REASON = {
    Standing.LIVE: Reason.ROW_WRITTEN,
    Standing.HIDDEN: Reason.OUTSIDE_FILTER,
    Standing.ENDED: Reason.ROW_DELETED,
}


def message_of(tx: Connection, said: Contribution) -> SyncMessage:
    """The message that would make this contribution: its version's topic id and mapping, all values that are known.

    Values that stand in for ones which the newest change did not carry are in it too; those that never came are named
    unavailable. An epoch or a mapping of which the ledger has no number gives an empty name, which is older than all.
    """
    version = said.version
    reason = _REASON[said.standing]
    source = Source(
        topic=said.row.topic,
        topic_id=tx.execute(select(topics.c.topic_id).where(topics.c.number == version.epoch)).scalar() or "",
        partition=said.partition,
        offset=version.offset,
        row_key=said.row.row_key,
        server=said.place.server,
        database_position=said.place.position,
        committed_at=said.committed_at,
        snapshot=False,
    )
    return SyncMessage(
        store=said.ref.store,
        object_type=said.ref.type,
        external_id=said.ref.external_id,
        action=Action.UPSERT if reason is Reason.ROW_WRITTEN else Action.DELETE,
        reason=reason,
        changed_at=said.committed_at,
        properties=dict(said.properties),
        unavailable=frozenset(name for name, held in said.held.items() if held is None and name not in said.properties),
        associations=tuple(sorted(said.links)),
        source=source,
        mapping=tx.execute(select(mappings.c.hash).where(mappings.c.number == version.generation)).scalar() or "",
        table_mapping=said.table_mapping,
        bears=said.bears,
        on_delete=said.on_delete,
        newest_by=said.newest_by,
        match_by=said.match_by,
        revision=version.revision,
    )
