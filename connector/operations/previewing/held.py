"""What HubSpot holds of the records that a preview tells of."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.errors import ShopbridgeError
from connector.ledger.state import Fate, Record
from connector.message import ObjectType
from connector.operations.hubspot_reader import HubspotReader, HubspotRecord
from connector.operations.verifying.equality import differing
from connector.settings import Settings

PATIENCE_S: Final = 30.0
"""So long HubSpot is waited for: somebody sits there and waits."""

Held = Mapping[tuple[ObjectType, str], tuple[HubspotRecord, Mapping[str, str]]]
"""HubSpot's record by type and our key, with HubSpot's types of its properties."""

Difference = tuple[str, str | None, str | None]
"""A property, the shop's text of it, and HubSpot's."""


class InHubspot(enum.StrEnum):
    """How HubSpot's record stands to what it should hold. THERE: to nothing, as it should not be there, or waits."""

    NOT_ASKED = "not asked"
    NO_RECORD = "no record"
    THERE = "there"
    EQUAL = "equal"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Compared:
    """`hubspot_id`: of the record that HubSpot has; where it has none, or was not asked, the one it had at last."""

    standing: InHubspot
    hubspot_id: str | None
    differences: tuple[Difference, ...] | None = None


def held_of(settings: Settings, records: Sequence[Record], unseen: list[str]) -> Held | None:
    """What HubSpot holds; None where it does not tell, and why is added to `unseen`."""
    if not records:
        return {}
    try:
        return asyncio.run(asyncio.wait_for(_ask(settings, records), PATIENCE_S))
    except TimeoutError:
        unseen.append(f"what HubSpot holds: it gave no clear answer within {PATIENCE_S:.0f} seconds")
    except ShopbridgeError as error:
        unseen.append(f"what HubSpot holds: {error}")
    return None


def compared(record: Record | None, held: Held | None) -> Compared:
    """How HubSpot's record stands to what it should hold."""
    if record is None or held is None:
        return Compared(InHubspot.NOT_ASKED, None if record is None else record.hubspot_id)
    there = held.get((record.type, record.key))
    if there is None:
        return Compared(InHubspot.NO_RECORD, record.hubspot_id)
    found, types = there
    if record.desired.fate is not Fate.KEEP:
        return Compared(InHubspot.THERE, found.id)
    differences = tuple(differing(record.type, record.desired.properties, found.properties, types))
    return Compared(InHubspot.DIFFERENT if differences else InHubspot.EQUAL, found.id, differences)


async def _ask(settings: Settings, records: Sequence[Record]) -> Held:
    found: dict[tuple[ObjectType, str], tuple[HubspotRecord, Mapping[str, str]]] = {}
    async with HubspotReader.open(settings) as reader:
        for kind in dict.fromkeys(record.type for record in records):
            mine = [record for record in records if record.type is kind]
            names = sorted({name for record in mine for name in record.desired.properties})
            types = await reader.types(kind)
            with_id = {record.hubspot_id: record.key for record in mine if record.hubspot_id is not None}
            by_id = await reader.by_ids(kind, with_id, names) if with_id else {}
            found |= {(kind, with_id[each]): (record, types) for each, record in by_id.items()}
            without = [record.key for record in mine if record.hubspot_id is None]
            by_key = await reader.by_key(kind, without, names) if without else {}
            found |= {(kind, key): (record, types) for key, record in by_key.items()}
    return found
