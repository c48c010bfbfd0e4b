"""Dead letters told in a few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connector.message import ObjectRef
from connector.sync_error import ErrorState, Stage, SyncError
from connector.version import SourceRow, Version

START = datetime(2026, 11, 24, 10, tzinfo=UTC)


def letter(
    name: str,
    *,
    minute: int = 0,
    seq: int = 1,
    type: str = "UNMAPPED_VALUE",  # noqa: A002 - the noun's own field name
    ref: str | None = None,
    **more: Any,
) -> SyncError:
    """A letter of the error `name`, `minute` minutes after ten."""
    told: dict[str, Any] = {
        "state": ErrorState.OPEN,
        "stage": Stage.MAP if ref is None else Stage.SEND,
        "details": f"details of {name}",
        "portal": "default",
        "row": SourceRow("shop.public.orders", f'{{"id":{name!r}}}'.replace("'", '"')),
        "version": Version(1, 7, 1, 0),
        "partition": 2,
        "offset": 7,
    }
    parsed = None if ref is None else ObjectRef.parse(ref)
    at = START + timedelta(minutes=minute)
    return SyncError(id=name, type=type, ref=parsed, at=at, seq=seq, **{**told, **more})
