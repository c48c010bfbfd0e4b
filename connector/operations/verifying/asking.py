"""Reading HubSpot's side: all records page by page, those of a few objects by key, and the parents of children."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import count, islice
from typing import Final

from connector.message import LinkKind, ObjectRef, ObjectType
from connector.operations.hubspot_reader import HubspotReader, HubspotRecord, HubspotRefusedError
from connector.operations.verifying.hubspot_side import MERGED_IDS, HubspotSide
from connector.operations.verifying.shadow import Lacking, Shadow
from connector.operations.verifying.units import transaction
from connector.sender.crm import DEFAULT_KEY
from connector.sender.paths import ENDS

RecordsRead = Callable[[str, int, int | None], None]
"""Told of progress: of what (contacts, associations, ...), how many so far, and of how many, if that is known."""

CHILDREN: Final = 1000
"""So many are noted as read at once."""

LAST_NUMBER: Final = 3
"""A record that bears none of an object's keys up to this number is looked for by its match value."""


async def read_all(
    reader: HubspotReader, side: HubspotSide, shadow: Shadow, kind: ObjectType, tell: RecordsRead
) -> None:
    """All records of a type, from where an earlier reading stopped."""
    name, read = f"records:{kind}", 0
    begun, after = side.cursor(name)
    if begun and after is None:
        return
    total = None if begun else await reader.count(kind)
    async for page in reader.pages(kind, side.names(kind), after=after):
        with transaction(shadow.tx):
            side.take(kind, page.records)
            side.move(name, page.after)
        read += len(page.records)
        tell(str(kind), read, total if total is not None and total >= read else None)


async def read_parents(
    reader: HubspotReader, side: HubspotSide, shadow: Shadow, kind: LinkKind, tell: RecordsRead
) -> None:
    """The parents of all children that were read, from where an earlier reading stopped."""
    name, read = f"parents:{kind}", 0
    _, after = side.cursor(name)
    every = [each for each in side.ids(ENDS[kind][0]) if after is None or each > after]
    children = iter(every)
    while some := list(islice(children, CHILDREN)):
        found = await reader.links(kind, some)
        with transaction(shadow.tx):
            side.keep_parents(kind, found)
            side.move(name, some[-1])
        read += len(some)
        tell(str(kind), read, len(every))


async def read_objects(reader: HubspotReader, side: HubspotSide, shadow: Shadow, refs: Collection[ObjectRef]) -> None:
    """The records that bear a key of these objects, second keys included."""
    for kind in ObjectType:
        asked = sorted(str(ref) for ref in refs if ref.type is kind)
        shared, borne = bool(side.match_by(kind)), set[str]()
        for number in count(1):
            keys = {key if number == 1 else f"{key}~{number}": key for key in asked}
            found = await _by_key(reader, kind, list(keys), side.names(kind)) if keys else {}
            with transaction(shadow.tx):
                side.take(kind, found.values())
            now = {keys[key] for key in found}
            borne |= now
            asked = [key for key in asked if (key in now and shared) or (key not in borne and number < LAST_NUMBER)]
            if not asked:
                break


async def _by_key(
    reader: HubspotReader, kind: ObjectType, keys: Sequence[str], names: Iterable[str]
) -> dict[str, HubspotRecord]:
    """Not every account finds contacts by a property of ours: then they are found by their address alone."""
    try:
        return await reader.by_key(kind, keys, names)
    except HubspotRefusedError as error:
        if error.type == "KEY_NOT_UNIQUE" and kind is ObjectType.CONTACT:
            return {}
        raise


async def adopt_lacking(
    reader: HubspotReader, side: HubspotSide, shadow: Shadow, kinds: Iterable[ObjectType]
) -> set[str]:
    """Look by match value for records that bear no key of ours; returns the keys that the found ones bear.

    One that the shadow knows already is somebody's, and whether others share it was settled by its rules; but where
    HubSpot's users merged records into it, it is theirs too whose value it holds.
    """
    keys: set[str] = set()
    for kind in kinds:
        lacking = shadow.lacking(kind)
        for name in dict.fromkeys(each.name for each in lacking):
            wanted = [each for each in lacking if each.name == name]
            found = await reader.by_property(kind, name, [each.value for each in wanted], side.names(kind))
            keys |= await _adopt(side, shadow, kind, wanted, found)
    return keys


async def _adopt(
    side: HubspotSide, shadow: Shadow, kind: ObjectType, wanted: Sequence[Lacking], found: dict[str, HubspotRecord]
) -> set[str]:
    with transaction(shadow.tx):
        side.take(kind, found.values(), ours=True)
    holders = {each.number: found[each.value] for each in wanted if each.value in found}
    taken = shadow.known_ids(kind, {record.id for record in holders.values()})
    shadow.adopt(
        kind,
        {
            number: (record.id, side.values(kind, record.properties))
            for number, record in holders.items()
            if record.id not in taken or record.properties.get(MERGED_IDS)
        },
    )
    return {key for record in found.values() if (key := record.properties.get(DEFAULT_KEY))}
