"""The nouns of the topics as Avro data (plain dicts as the schemas shape them), and back.

Writing raises RowError for values the schemas cannot hold. Reading raises ValueError, KeyError, TypeError or
decimal.InvalidOperation for data that the schema allows and the noun does not, as an unknown action.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from connector.errors import RowError
from connector.message import (
    Action,
    DeletePolicy,
    Link,
    LinkKind,
    ObjectRef,
    ObjectType,
    Origin,
    Reason,
    Source,
    SyncMessage,
    Value,
)
from connector.sync_error import ErrorState, Stage, SyncError
from connector.version import SourceRow, Version

Datum = Mapping[str, Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1)
_MICROSECOND: Final = timedelta(microseconds=1)
_LONG: Final = range(-(2**63), 2**63)


def micros(instant: datetime) -> int:
    """Microseconds since 1970 UTC; raises RowError for a time without a zone, which is no instant."""
    if instant.tzinfo is None:
        raise RowError("MAPPING_FAILED", f"{instant.isoformat()} has no time zone, so it is no instant")
    return (instant - _EPOCH) // _MICROSECOND


def value_datum(value: Value) -> object:
    """A branch of the schema's union; records are named, since their shape alone would have to be guessed."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if value not in _LONG:
            raise RowError("INVALID_NUMBER", f"{value} is beyond 64 bits; map it as text or as a decimal")
        return value
    if isinstance(value, Decimal):
        return "shopbridge.Decimal", {"text": str(value)}
    if isinstance(value, datetime):
        return "shopbridge.Instant", {"micros": micros(value)}
    return "shopbridge.Date", {"days": (value - _EPOCH_DAY).days}


def value_of(datum: Any) -> Value:
    if not isinstance(datum, dict):
        return datum  # type: ignore[no-any-return]  # null, boolean, long and string are themselves
    if "text" in datum:
        return Decimal(datum["text"])
    found: Value = datum["days"] if "days" in datum else datum["micros"]
    return found


def message_datum(message: SyncMessage) -> Datum:
    return {
        "store": message.store,
        "objectType": message.object_type.value,
        "externalId": message.external_id,
        "action": message.action.value,
        "reason": message.reason.value,
        "changedAt": micros(message.changed_at),
        "properties": {name: value_datum(value) for name, value in message.properties.items()},
        "unavailable": sorted(message.unavailable),
        "associations": [_link_datum(link) for link in message.associations],
        "source": _source_datum(message.source),
        "mapping": message.mapping,
        "tableMapping": message.table_mapping,
        "bears": message.bears,
        "onDelete": message.on_delete.value,
        "newestBy": value_datum(message.newest_by),
        "matchBy": message.match_by,
        "origin": message.origin.value,
        "revision": message.revision,
        "forced": message.forced,
        "bulk": message.bulk,
    }


def message_of(datum: Datum) -> SyncMessage:
    return SyncMessage(
        store=datum["store"],
        object_type=ObjectType(datum["objectType"]),
        external_id=datum["externalId"],
        action=Action(datum["action"]),
        reason=Reason(datum["reason"]),
        changed_at=datum["changedAt"],
        properties={name: value_of(value) for name, value in datum["properties"].items()},
        unavailable=frozenset(datum["unavailable"]),
        associations=tuple(_link_of(link) for link in datum["associations"]),
        source=_source_of(datum["source"]),
        mapping=datum["mapping"],
        table_mapping=datum["tableMapping"],
        bears=datum["bears"],
        on_delete=DeletePolicy(datum["onDelete"]),
        newest_by=value_of(datum["newestBy"]),
        match_by=datum["matchBy"],
        origin=Origin(datum["origin"]),
        revision=datum["revision"],
        forced=datum["forced"],
        bulk=datum["bulk"],
    )


def error_datum(error: SyncError) -> Datum:
    return {
        "id": error.id,
        "state": error.state.value,
        "stage": error.stage.value,
        "type": error.type,
        "details": error.details,
        "at": micros(error.at),
        "portal": error.portal,
        "object": _ref_datum(error.ref),
        "row": {"topic": error.row.topic, "rowKey": error.row.row_key},
        "version": {
            "epoch": error.version.epoch,
            "offset": error.version.offset,
            "generation": error.version.generation,
            "revision": error.version.revision,
        },
        "partition": error.partition,
        "offset": error.offset,
        "databasePosition": error.database_position,
        "propertyName": error.property_name,
        "category": error.category,
        "correlationId": error.correlation_id,
        "attempts": error.attempts,
        "originalKey": error.original_key,
        "originalValue": error.original_value,
        "answer": error.answer,
        "note": error.note,
        "who": error.who,
    }


def letter_datum(letter: SyncError) -> Datum:
    return {**error_datum(letter), "seq": letter.seq}


def error_of(datum: Datum) -> SyncError:
    """A sync error, or a dead letter, which has a `seq` besides."""
    return SyncError(
        id=datum["id"],
        state=ErrorState(datum["state"]),
        stage=Stage(datum["stage"]),
        type=datum["type"],
        details=datum["details"],
        at=datum["at"],
        portal=datum["portal"],
        ref=_ref_of(datum["object"]),
        row=SourceRow(datum["row"]["topic"], datum["row"]["rowKey"]),
        version=Version(**datum["version"]),
        partition=datum["partition"],
        offset=datum["offset"],
        database_position=datum["databasePosition"],
        property_name=datum["propertyName"],
        category=datum["category"],
        correlation_id=datum["correlationId"],
        attempts=datum["attempts"],
        original_key=datum["originalKey"],
        original_value=datum["originalValue"],
        answer=datum["answer"],
        note=datum["note"],
        who=datum["who"],
        seq=datum.get("seq", 0),
    )


def _link_datum(link: Link) -> Datum:
    return {
        "kind": link.kind.value,
        "externalId": link.external_id,
        "required": link.required,
        "cascade": link.cascade,
    }


def _link_of(datum: Datum) -> Link:
    return Link(LinkKind(datum["kind"]), datum["externalId"], datum["required"], datum["cascade"])


def _source_datum(source: Source) -> Datum:
    return {
        "topic": source.topic,
        "topicId": source.topic_id,
        "partition": source.partition,
        "offset": source.offset,
        "rowKey": source.row_key,
        "server": source.server,
        "databasePosition": source.database_position,
        "committedAt": micros(source.committed_at),
        "snapshot": source.snapshot,
    }


def _source_of(datum: Datum) -> Source:
    return Source(
        topic=datum["topic"],
        topic_id=datum["topicId"],
        partition=datum["partition"],
        offset=datum["offset"],
        row_key=datum["rowKey"],
        server=datum["server"],
        database_position=datum["databasePosition"],
        committed_at=datum["committedAt"],
        snapshot=datum["snapshot"],
    )


def _ref_datum(ref: ObjectRef | None) -> Datum | None:
    return None if ref is None else {"store": ref.store, "type": ref.type.value, "externalId": ref.external_id}


def _ref_of(datum: Datum | None) -> ObjectRef | None:
    return None if datum is None else ObjectRef(datum["store"], ObjectType(datum["type"]), datum["externalId"])
