"""Children whose parent would come: their link is made then, though they themselves say nothing new."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from connector.message import LinkKind, ObjectRef, ObjectType

_FOLLOWING = text(
    """
    SELECT child.store, child.type, child.external_id, child.key, child.hubspot_id, link.kind,
           object.type AS parent_type, object.external_id AS parent_id, parent.refused_before
    FROM link
    JOIN object ON object.number = link.parent
    JOIN record AS parent ON parent.number = object.record
    JOIN record AS child ON child.number = link.child
    LEFT JOIN origin.object AS was ON was.number = object.number
    LEFT JOIN origin.record AS former ON former.number = was.record
    WHERE link.wanted AND object.life = 'LIVE'
      AND parent.fate = 'KEEP' AND NOT parent.missing AND (link.made IS NULL OR parent.hubspot_id IS NULL)
      AND child.fate = 'KEEP' AND NOT child.missing AND child.hubspot_id IS NOT NULL
      AND (
        was.life IS NOT 'LIVE'
        OR (former.hubspot_id IS NULL AND former.refused_generation = former.generation
            AND parent.refused_generation <> parent.generation)
      )
    ORDER BY child.type, child.store, child.external_id
    """
)
"""A parent comes that was not there, or was refused and says something else now."""


@dataclass(frozen=True, slots=True)
class Following:
    """A child's record, and the parent that it would be linked to. `was_refused`: HubSpot did not take the parent."""

    ref: ObjectRef
    key: str
    hubspot_id: str
    kind: LinkKind
    parent: ObjectRef
    was_refused: bool = False


def following(tx: Connection) -> list[Following]:
    """Asks a trial's copy."""
    return [
        Following(
            ObjectRef(row.store, ObjectType(row.type), row.external_id),
            row.key,
            row.hubspot_id,
            LinkKind(row.kind),
            ObjectRef(row.store, ObjectType(row.parent_type), row.parent_id),
            bool(row.refused_before),
        )
        for row in tx.execute(_FOLLOWING)
    ]
