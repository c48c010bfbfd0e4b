"""Change topics of somebody else's Debezium: how their records are read, and what of the database that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from connector.capture.decode import ChangeDecoder
from connector.capture.json_envelope import JsonDecoder
from connector.capture.json_schema import Schema
from connector.capture.json_types import column_schemas
from connector.capture.structure import read_structure
from connector.change import Change
from connector.mapping.shop import Shop
from connector.record import Record
from connector.registry import Registry


class Decoder(Protocol):
    """Records of change topics to changes; what is odd about a record is its RowError."""

    def decode(self, record: Record) -> Change | None: ...

    def row_key(self, record: Record) -> str | None: ...


def decoder_of(
    shop: Shop, registry: Registry, topic_ids: Callable[[str], str], full_before: Callable[[str], bool]
) -> Decoder:
    """The decoder of a shop's change topics. Blocks: for JSON it reads the catalogue of the shop's database.

    Raises RetriableError where the database does not answer, CaptureError where it refuses us.
    """
    if shop.capture.external is None or shop.capture.external.format == "avro":
        return ChangeDecoder(registry, topic_ids, full_before)
    known = column_types(shop)
    return JsonDecoder(topic_ids, full_before, lambda topic: known.get(topic, {}))


def decoders_of(
    shops: Iterable[Shop], registry: Registry, topic_ids: Callable[[str], str], full_before: Callable[[str], bool]
) -> dict[str, Decoder]:
    """Change topic → decoder, over several shops; blocks and raises as `decoder_of`."""
    found: dict[str, Decoder] = {}
    for shop in shops:
        decoder = decoder_of(shop, registry, topic_ids, full_before)
        found |= {shop.topic(table): decoder for table in shop.tables()}
    return found


def column_types(shop: Shop) -> Mapping[str, Mapping[str, Schema]]:
    """Change topic → column → the schema that records without one would have had."""
    assert shop.capture.external is not None, "ours are in Avro"
    structure = read_structure(shop.database.kind, shop.database.url, shop.database.schema)
    tables = {name: structure.table(name) for name in shop.tables()}
    return {
        shop.topic(name): column_schemas(table, shop.capture.external)
        for name, table in tables.items()
        if table is not None
    }


class ByTopic:
    """Several shops' decoders as one. A topic belongs to one shop."""

    def __init__(self, decoders: Mapping[str, Decoder]) -> None:
        self._decoders = decoders

    def decode(self, record: Record) -> Change | None:
        return self._decoders[record.topic].decode(record)

    def row_key(self, record: Record) -> str | None:
        return self._decoders[record.topic].row_key(record)
