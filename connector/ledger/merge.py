"""merge: what one source row says about one object, after one more message. Pure."""

from __future__ import annotations

import enum
from dataclasses import replace

from connector.ledger.state import Contribution, Place, Standing
from connector.message import Reason, SyncMessage
from connector.version import SourceRow, Version


class Passed(enum.Enum):
    """A message that changes nothing: said before, or older than what is known."""

    REPEAT = "repeat"
    SUPERSEDED = "superseded"


_STANDING = {
    Reason.ROW_WRITTEN: Standing.LIVE,
    Reason.OUTSIDE_FILTER: Standing.HIDDEN,
    Reason.ROW_DELETED: Standing.ENDED,
}


def merge(kept: Contribution | None, said: SyncMessage, version: Version) -> Contribution | Passed:
    """The row's contribution after `said`, whose version is `version`.

    Versions compare within the row alone. An equal one was said before. A newer one replaces, an older one may still
    supply values that the newer ones did not carry. A forced one takes the place of what is known.
    """
    if said.forced:
        return _forced(kept, said, version)
    if kept is None:
        return _first(said, version)
    if version == kept.version:
        return Passed.REPEAT
    if version > kept.version:
        return _newer(kept, said, version)
    return _older(kept, said, version)


def _first(said: SyncMessage, version: Version) -> Contribution:
    place = Place(said.source.server, said.source.database_position)
    is_end = said.reason is Reason.ROW_DELETED
    return Contribution(
        ref=said.ref,
        row=SourceRow(said.source.topic, said.source.row_key),
        version=version,
        standing=_STANDING[said.reason],
        properties=dict(said.properties),
        held=dict.fromkeys(said.unavailable),
        links=frozenset(said.associations),
        newest_by=said.newest_by,
        table_mapping=said.table_mapping,
        bears=said.bears,
        on_delete=said.on_delete,
        match_by=said.match_by,
        place=place,
        partition=said.source.partition,
        committed_at=said.source.committed_at,
        floor=version if is_end else None,
        ended_at=place if is_end else None,
    )


def _forced(kept: Contribution | None, said: SyncMessage, version: Version) -> Contribution | Passed:
    """An operator's act stands where the known version stood, older than the row's next change; each acts once."""
    if kept is None:
        return replace(_first(said, version), forced=said.revision)
    if said.revision <= kept.forced:
        return Passed.REPEAT
    known = kept.version
    revision = max(said.revision, known.revision + 1)
    here = replace(version, epoch=known.epoch, offset=known.offset, revision=revision)
    taken = max(here, replace(here, generation=known.generation))
    source = replace(said.source, server=kept.place.server, database_position=kept.place.position)
    return replace(_newer(kept, replace(said, source=source), taken), forced=said.revision)


def _newer(kept: Contribution, said: SyncMessage, version: Version) -> Contribution:
    new = replace(_first(said, version), forced=kept.forced)
    if new.standing is Standing.ENDED:
        return replace(new, properties=dict.fromkeys(kept.properties), newest_by=kept.newest_by)
    new = replace(new, floor=kept.floor, ended_at=kept.ended_at)
    if kept.standing is Standing.ENDED:
        return replace(new, properties={**kept.properties, **new.properties})
    stands_in = {name: kept.properties[name] for name in said.unavailable if name in kept.properties}
    held = {name: kept.held.get(name, kept.version) for name in stands_in}
    return replace(new, properties={**new.properties, **stands_in}, held={**new.held, **held})


def _older(kept: Contribution, said: SyncMessage, version: Version) -> Contribution | Passed:
    if kept.floor is not None and version <= kept.floor:
        return Passed.SUPERSEDED
    if said.reason is Reason.ROW_DELETED:
        return _ended_before(kept, version, Place(said.source.server, said.source.database_position))
    late = {name: value for name, value in said.properties.items() if _wanted(kept, name, version)}
    if not late:
        return Passed.SUPERSEDED
    held = {**kept.held, **dict.fromkeys(late, version)}
    return replace(kept, properties={**kept.properties, **late}, held=held)


def _wanted(kept: Contribution, name: str, version: Version) -> bool:
    if name not in kept.held:
        return False
    stands_in = kept.held[name]
    return stands_in is None or stands_in < version


def _ended_before(kept: Contribution, end: Version, place: Place) -> Contribution:
    """An end older than what is known: values held from before it are not the row's any more."""
    gone = {name for name, held in kept.held.items() if held is not None and held < end}
    properties = {name: value for name, value in kept.properties.items() if name not in gone}
    return replace(kept, properties=properties, held={**kept.held, **dict.fromkeys(gone)}, floor=end, ended_at=place)
