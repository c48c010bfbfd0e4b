"""HubSpot's records that bear our keys and the associations of these, kept beside the shadow in its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import JSON, Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, delete, insert, select

from connector.ledger.bulk import select_in
from connector.ledger.fold import PRODUCT_ID, normal
from connector.mapping import Shop
from connector.message import EMAIL, FURTHER_EMAILS, LinkKind, ObjectType
from connector.operations.hubspot_reader import HubspotRecord
from connector.operations.verifying.equality import addresses
from connector.operations.verifying.judging import Held
from connector.operations.verifying.keys import Owners, is_numbered
from connector.operations.verifying.shadow import Known
from connector.operations.verifying.units import transaction
from connector.sender.crm import DEFAULT_KEY
from connector.sender.paths import ENDS

MERGED_IDS: Final = "hs_merged_object_ids"
"""Ids of records that HubSpot's users merged into this one (HubSpot docs)."""

_metadata = MetaData()
seen = Table(
    "seen_record",
    _metadata,
    Column("type", String, nullable=False),
    Column("id", String, nullable=False),
    Column("key", String, index=True),
    Column("properties", JSON(none_as_null=True), nullable=False),
    PrimaryKeyConstraint("type", "id"),
)
parents = Table(
    "seen_parent",
    _metadata,
    Column("kind", String, nullable=False),
    Column("child", String, nullable=False),
    Column("parent", String, nullable=False),
    PrimaryKeyConstraint("kind", "child", "parent"),
)
cursors = Table("cursor", _metadata, Column("name", String, primary_key=True), Column("value", String))


class HubspotSide:
    """What was read of HubSpot so far. `stores`: only their keys are ours."""

    def __init__(self, tx: Connection, shops: Sequence[Shop]) -> None:
        self._tx = tx
        self._shops = shops
        self._stores = {shop.store.id for shop in shops}
        self._strangers = Owners(self._stores, ())
        with transaction(tx):
            _metadata.create_all(tx)

    def names(self, object_type: ObjectType) -> set[str]:
        """The properties to be read of a type."""
        wanted = {name for shop in self._shops for name in shop.properties().get(object_type, {})}
        wanted |= set(self.match_by(object_type)) | {DEFAULT_KEY, MERGED_IDS}
        wanted |= {EMAIL, FURTHER_EMAILS} if object_type is ObjectType.CONTACT else set()
        return wanted | ({PRODUCT_ID} if object_type is ObjectType.LINE_ITEM else set())

    def match_by(self, object_type: ObjectType) -> tuple[str, ...]:
        """The properties by which the shops recognise records of a type."""
        every = (each for shop in self._shops for each in shop.mappings() if each.type is object_type)
        return tuple(dict.fromkeys(each.match_by for each in every if each.match_by))

    def take(self, object_type: ObjectType, found: Iterable[HubspotRecord], *, ours: bool = False) -> None:
        """Keep those that bear our key; `ours`: the others too, because they were found by a value of ours."""
        rows = [self._row(object_type, each) for each in found]
        kept = [row for row in rows if ours or self.is_ours(object_type, row["key"])]
        if kept:
            self._tx.execute(insert(seen).prefix_with("OR REPLACE"), kept)

    def is_ours(self, object_type: ObjectType, key: str | None) -> bool:
        return self._strangers.of(object_type, key) is not None

    def _row(self, object_type: ObjectType, record: HubspotRecord) -> dict[str, Any]:
        key = record.properties.get(DEFAULT_KEY)
        kept = {name: record.properties.get(name) for name in self.names(object_type)}
        return {"type": str(object_type), "id": record.id, "key": key or None, "properties": kept}

    def owners(self, literal: Iterable[str]) -> Owners:
        """Whose record each key names; `literal` are the shop's own ids that look like second keys."""
        numbered = self._tx.execute(select(seen.c.key).where(seen.c.key.like("%~%"))).scalars()
        return Owners(self._stores, [key for key in numbered if is_numbered(key)], set(literal))

    def known(self, object_types: Iterable[ObjectType], owners: Owners) -> Iterator[Known]:
        """The records with keys of ours, as the shadow takes them."""
        for object_type in object_types:
            query = select(seen).where(seen.c.type == str(object_type), seen.c.key.is_not(None)).order_by(seen.c.id)
            for row in self._tx.execute(query).all():
                owner = owners.of(object_type, row.key)
                if owner is not None:
                    yield Known(row.id, owner, self.values(object_type, row.properties))

    def values(self, object_type: ObjectType, properties: Mapping[str, str | None]) -> frozenset[str]:
        """The match values that a record holds, in the form in which they compare."""
        held = {normal(name, properties.get(name)) for name in self.match_by(object_type)} - {None}
        texts = frozenset(value for value in held if value is not None)
        return texts | addresses(properties) if EMAIL in self.match_by(object_type) else texts

    def all_values(self, object_type: ObjectType) -> set[str]:
        """The match values that any of the records holds."""
        if not self.match_by(object_type):
            return set()
        rows = self._tx.execute(select(seen.c.properties).where(seen.c.type == str(object_type)))
        return {value for row in rows for value in self.values(object_type, row.properties)}

    def ids(self, object_type: ObjectType) -> list[str]:
        """All records that were kept, in order of id."""
        query = select(seen.c.id).where(seen.c.type == str(object_type)).order_by(seen.c.id)
        return list(self._tx.execute(query).scalars())

    def keep_parents(self, kind: LinkKind, found: Mapping[str, frozenset[str]]) -> None:
        """Keep the parents of these children, in place of what was known of them."""
        self._tx.execute(delete(parents).where(parents.c.kind == str(kind), parents.c.child.in_(list(found))))
        rows = [{"kind": str(kind), "child": child, "parent": each} for child, all_ in found.items() for each in all_]
        if rows:
            self._tx.execute(insert(parents), rows)

    def held(self, object_type: ObjectType, ids: Iterable[str]) -> dict[str, Held]:
        """What HubSpot has of these records, by id."""
        ids = sorted(ids)
        rows = select_in(self._tx, select(seen).where(seen.c.type == str(object_type)), seen.c.id, ids)
        properties = {row.id: row.properties for row in rows}
        kinds = [kind for kind, (child, _) in ENDS.items() if child is object_type]
        linked = {kind: self._parents(kind, ids) for kind in kinds}
        return {
            each: Held(
                each,
                properties[each],
                {kind: linked[kind].get(each, {}) for kind in kinds},
            )
            for each in ids
            if each in properties
        }

    def _parents(self, kind: LinkKind, children: Sequence[str]) -> dict[str, dict[str, str | None]]:
        of_kind = select(parents.c.child, parents.c.parent).where(parents.c.kind == str(kind))
        pairs = [(row.child, row.parent) for row in select_in(self._tx, of_kind, parents.c.child, children)]
        keys = self.keys_of(kind.parent_type, {parent for _, parent in pairs})
        found: dict[str, dict[str, str | None]] = {}
        for child, parent in pairs:
            found.setdefault(child, {})[parent] = keys.get(parent)
        return found

    def keys_of(self, object_type: ObjectType, ids: Iterable[str]) -> dict[str, str]:
        """Our keys of the records among these that bear one."""
        query = select(seen.c.id, seen.c.key).where(seen.c.type == str(object_type), seen.c.key.is_not(None))
        return {row.id: row.key for row in select_in(self._tx, query, seen.c.id, sorted(ids))}

    def unseen(self, kind: LinkKind) -> set[str]:
        """Parents that children lead to and that were not read themselves."""
        every = self._tx.execute(select(parents.c.parent).where(parents.c.kind == str(kind)).distinct()).scalars()
        return set(every) - set(self.ids(kind.parent_type))

    def cursor(self, name: str) -> tuple[bool, str | None]:
        """Whether this reading was begun, and where it goes on."""
        row = self._tx.execute(select(cursors.c.value).where(cursors.c.name == name)).first()
        return (False, None) if row is None else (True, row.value)

    def move(self, name: str, value: str | None) -> None:
        """Note where a reading goes on."""
        self._tx.execute(insert(cursors).prefix_with("OR REPLACE"), {"name": name, "value": value})
