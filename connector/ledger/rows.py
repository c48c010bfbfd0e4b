"""Nouns of the ledger ↔ rows of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from connector.ledger.state import (
    Act,
    Contribution,
    Desired,
    Fate,
    InFlight,
    Place,
    Recheck,
    Record,
    Standing,
    Wanted,
)
from connector.ledger.values import from_json, properties_from_json, properties_to_json, to_json
from connector.message import DeletePolicy, Link, LinkKind, ObjectRef, ObjectType
from connector.version import SourceRow, Version


def version_to_json(version: Version | None) -> list[int] | None:
    return None if version is None else [version.epoch, version.offset, version.generation, version.revision]


def version_from_json(stored: list[int] | None) -> Version | None:
    return None if stored is None else Version(*stored)


def contribution_to_row(number: int, said: Contribution) -> dict[str, Any]:
    return {
        "object": number,
        "topic": said.row.topic,
        "row_key": said.row.row_key,
        "epoch": said.version.epoch,
        "offset": said.version.offset,
        "generation": said.version.generation,
        "revision": said.version.revision,
        "standing": str(said.standing),
        "said": {
            "properties": properties_to_json(said.properties),
            "held": {name: version_to_json(held) for name, held in said.held.items()},
            "links": [[link.kind, link.external_id, link.required, link.cascade] for link in sorted(said.links)],
            "newest_by": to_json(said.newest_by),
            "table_mapping": said.table_mapping,
            "bears": said.bears,
            "on_delete": said.on_delete,
            "match_by": said.match_by,
            "place": [said.place.server, said.place.position],
            "partition": said.partition,
            "committed_at": said.committed_at.isoformat(),
            "floor": version_to_json(said.floor),
            "ended_at": None if said.ended_at is None else [said.ended_at.server, said.ended_at.position],
            "forced": said.forced,
        },
    }


def contribution_from_row(ref: ObjectRef, row: Row[Any]) -> Contribution:
    said: Mapping[str, Any] = row.said
    return Contribution(
        ref=ref,
        row=SourceRow(row.topic, row.row_key),
        version=Version(row.epoch, row.offset, row.generation, row.revision),
        standing=Standing(row.standing),
        properties=properties_from_json(said["properties"]),
        held={name: version_from_json(held) for name, held in said["held"].items()},
        links=frozenset(Link(LinkKind(kind), *rest) for kind, *rest in said["links"]),
        newest_by=from_json(said["newest_by"]),
        table_mapping=said["table_mapping"],
        bears=said["bears"],
        on_delete=DeletePolicy(said["on_delete"]),
        match_by=said["match_by"],
        place=Place(*said["place"]),
        partition=said["partition"],
        committed_at=datetime.fromisoformat(said["committed_at"]),
        floor=version_from_json(said["floor"]),
        ended_at=None if said.get("ended_at") is None else Place(*said["ended_at"]),
        forced=said.get("forced", 0),
    )


def desired_to_json(desired: Desired) -> dict[str, Any]:
    return {
        "fate": desired.fate,
        "properties": properties_to_json(desired.properties),
        "links": [[link.kind, str(link.parent), link.required] for link in sorted(desired.links)],
        "speaker": None if desired.speaker is None else [desired.speaker.topic, desired.speaker.row_key],
        "version": version_to_json(desired.version),
        "match_value": desired.match_value,
        "match_by": desired.match_by,
        "matches": sorted(desired.matches),
    }


def desired_from_json(stored: Mapping[str, Any]) -> Desired:
    return Desired(
        fate=Fate(stored["fate"]),
        properties=properties_from_json(stored["properties"]),
        links=frozenset(Wanted(LinkKind(kind), ObjectRef.parse(ref), must) for kind, ref, must in stored["links"]),
        speaker=None if stored["speaker"] is None else SourceRow(*stored["speaker"]),
        version=version_from_json(stored["version"]),
        match_value=stored["match_value"],
        match_by=stored.get("match_by"),
        matches=frozenset(stored.get("matches", ())),
    )


def record_to_row(record: Record) -> dict[str, Any]:
    flight, recheck = record.in_flight, record.recheck
    return {
        "number": record.number,
        "store": record.ref.store,
        "type": str(record.ref.type),
        "external_id": record.ref.external_id,
        "key": record.key,
        "hubspot_id": record.hubspot_id,
        "match_value": record.desired.match_value,
        "fate": str(record.desired.fate),
        "desired": desired_to_json(record.desired),
        "told": dict(record.told),
        "generation": record.generation,
        "sent_generation": record.sent_generation,
        "refused_generation": record.refused_generation,
        "refused_before": record.refused_before,
        "in_flight": None if flight is None else _flight_to_json(flight),
        "recheck": None if recheck is None else {"names": list(recheck.names), "repeated": recheck.repeated},
        "resolving": record.resolving,
        "missing": record.missing,
        "archive_sent": record.archive_sent,
        "keyed": record.keyed,
        "searched": record.searched,
        "held": sorted(record.held),
        "taken_by": record.taken_by,
        "gives_way": record.gives_way,
    }


def _flight_to_json(flight: InFlight) -> dict[str, Any]:
    row = None if flight.row is None else [flight.row.topic, flight.row.row_key]
    return {
        "act": flight.act,
        "generation": flight.generation,
        "told": dict(flight.told),
        "row": row,
        "version": version_to_json(flight.version),
        "match_value": flight.match_value,
        "holds": None if flight.holds is None else sorted(flight.holds),
    }


def _flight_from_json(stored: Mapping[str, Any]) -> InFlight:
    row = None if stored["row"] is None else SourceRow(*stored["row"])
    version = version_from_json(stored["version"])
    holds = stored.get("holds")
    return InFlight(
        act=Act(stored["act"]),
        generation=stored["generation"],
        told=stored["told"],
        row=row,
        version=version,
        match_value=stored.get("match_value"),
        holds=None if holds is None else frozenset(holds),
    )


def record_from_row(row: Row[Any]) -> Record:
    return Record(
        number=row.number,
        ref=ObjectRef(row.store, ObjectType(row.type), row.external_id),
        key=row.key,
        desired=desired_from_json(row.desired),
        hubspot_id=row.hubspot_id,
        generation=row.generation,
        sent_generation=row.sent_generation,
        refused_generation=row.refused_generation,
        refused_before=row.refused_before,
        told=row.told,
        in_flight=None if row.in_flight is None else _flight_from_json(row.in_flight),
        recheck=None if row.recheck is None else Recheck(tuple(row.recheck["names"]), row.recheck["repeated"]),
        resolving=row.resolving,
        missing=row.missing,
        archive_sent=row.archive_sent,
        keyed=row.keyed,
        searched=row.searched,
        held=frozenset(row.held),
        taken_by=row.taken_by,
        gives_way=row.gives_way,
    )
