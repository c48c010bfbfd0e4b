"""What a replay was asked for, and the ranges of offsets that it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.errors import ConfigurationError
from connector.kafka import TopicInfo
from connector.mapping import Shop
from connector.message import ObjectType, SyncMessage
from connector.operations.broker import admin_of
from connector.record import Partition
from connector.settings import Settings


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to be said again. None and empty: everything.

    `sync`: from the sync topics, as the messages stand, instead of from the change topics. `tables`: tables, or
    sections of the shop file. `first` and `last` are offsets, both within. `since` and `until` are Kafka's times of the
    records. `error`: the rows of open errors of this cause, or of the one with this id.
    """

    sync: bool = False
    tables: tuple[str, ...] = ()
    partition: int | None = None
    first: int | None = None
    last: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    types: tuple[ObjectType, ...] = ()
    external_id: str | None = None
    store: str | None = None
    error: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all records of its topics are meant, for all objects."""
        return self._ranges_whole and not self.types and self.external_id is None and self.store is None

    @property
    def _ranges_whole(self) -> bool:
        bounds = (self.partition, self.first, self.last, self.since, self.until, self.error)
        return all(bound is None for bound in bounds)

    @property
    def asks_for_newest(self) -> bool:
        """Whether rows whose newest change is not on the topic any more belong to what is asked for."""
        return self._ranges_whole and not self.sync

    def takes(self, message: SyncMessage) -> bool:
        """Whether the message's object is asked for."""
        return (
            (not self.types or message.object_type in self.types)
            and self.external_id in {None, message.external_id}
            and self.store in {None, message.store}
        )

    @property
    def text(self) -> str:
        """In words, for the audit."""
        said = [" ".join(self.tables) or "everything"] + (["from the sync topics"] if self.sync else [])
        said += [f"{name} {value}" for name, value in self.to_json().items() if _is_said(name, value)]
        return ", ".join(said)

    def to_json(self) -> dict[str, Any]:
        """For the act's journal."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        times = {name: None if plain[name] is None else plain[name].isoformat() for name in ("since", "until")}
        return {**plain, **times, "tables": list(self.tables), "types": list(map(str, self.types))}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Scope:
        """The inverse of `to_json`."""
        times = {
            name: None if said[name] is None else datetime.fromisoformat(said[name]) for name in ("since", "until")
        }
        types = tuple(map(ObjectType, said["types"]))
        return cls(**{**said, **times, "tables": tuple(said["tables"]), "types": types})


def _is_said(name: str, value: Any) -> bool:
    return name not in {"sync", "tables"} and value not in (None, [])


@dataclass(frozen=True, slots=True)
class Piece:
    """Records with start <= offset < end of one partition; of these `only` the ones named, all where it is empty."""

    topic: str
    partition: int
    start: int
    end: int
    only: tuple[int, ...] = ()

    def to_json(self) -> list[Any]:
        """For the act's journal."""
        return [self.topic, self.partition, self.start, self.end, *([list(self.only)] if self.only else [])]

    @classmethod
    def from_json(cls, said: Sequence[Any]) -> Piece:
        """The inverse of `to_json`."""
        topic, partition, start, end, *only = said
        return cls(topic, partition, start, end, tuple(only[0]) if only else ())

    @property
    def records(self) -> int:
        """How many records it is about, at most."""
        return len(self.only) or self.end - self.start


def chosen_tables(shops: Sequence[Shop], scope: Scope) -> list[tuple[Shop, str]]:
    """The tables that are meant, parents first. Raises ConfigurationError for a name that no shop file has."""
    known = {name for shop in shops for name in (*shop.tables(), *shop.sections)}
    if strangers := [name for name in scope.tables if name not in known]:
        raise ConfigurationError(f"no shop file maps {', '.join(strangers)}; there are {', '.join(sorted(known))}")
    return [
        (shop, table)
        for shop in shops
        for table in shop.tables()
        if not scope.tables or table in scope.tables or not _sections(shop, table).isdisjoint(scope.tables)
    ]


def _sections(shop: Shop, table: str) -> set[str]:
    return {name for name, mappings in shop.sections.items() if any(each.table == table for each in mappings)}


def pieces_of(settings: Settings, shops: Sequence[Shop], scope: Scope) -> list[Piece]:
    """The ranges, as the topics stand now, in the order in which they are said: parents first.

    Raises ConfigurationError for what is not there, RetriableError when Kafka does not answer.
    """
    names, found = topics_of(settings, shops, scope)
    admin = admin_of(settings)
    since, until = ({} if at is None else admin.offsets_at(names, at) for at in (scope.since, scope.until))
    return [
        piece
        for name in names
        for number in sorted(found[name].end_offsets)
        if scope.partition in {None, number}
        and (
            piece := _piece(
                found[name], number, scope, since.get(Partition(name, number)), until.get(Partition(name, number))
            )
        )
    ]


def topics_of(settings: Settings, shops: Sequence[Shop], scope: Scope) -> tuple[list[str], dict[str, TopicInfo]]:
    """The topics that are meant, parents first, and how they stand; raises as `pieces_of`."""
    names = _topics(settings, shops, scope)
    found = admin_of(settings).topic_ids(names)
    if missing := [name for name in names if name not in found]:
        raise ConfigurationError(f"There is no topic {missing[0]}: nothing was captured or mapped to it yet.")
    return names, found


def _topics(settings: Settings, shops: Sequence[Shop], scope: Scope) -> list[str]:
    if not scope.sync:
        return list(dict.fromkeys(shop.topic(table) for shop, table in chosen_tables(shops, scope)))
    order = (ObjectType.CONTACT, ObjectType.PRODUCT, ObjectType.DEAL, ObjectType.LINE_ITEM)
    return [settings.sync_topic(kind) for kind in order if not scope.types or kind in scope.types]


def _piece(topic: TopicInfo, number: int, scope: Scope, since: int | None, until: int | None) -> Piece | None:
    start, end = topic.start_offsets[number], topic.end_offsets[number]
    start = max(start, scope.first or 0, start if since is None else since)
    end = min(end, end if scope.last is None else scope.last + 1, end if until is None else until)
    return Piece(topic.name, number, start, end) if start < end else None
