"""An edit of one error's record: of the sync message that HubSpot refused, or of the row that could not be mapped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.capture.row import DecodedRow
from connector.change import UNAVAILABLE, Change, Column, Row
from connector.errors import ConfigurationError, RowError
from connector.message import Origin, SyncMessage
from connector.operations.contracts import registry_of
from connector.operations.letters import Letter, Letters, decoder, subject
from connector.operations.mending.choosing import superseded
from connector.operations.mending.editing import Difference, Edit, differences, edited, said
from connector.operations.mending.records import message_of, record_of
from connector.operations.mending.retrying import Resend
from connector.settings import Settings
from connector.sync_error import Stage, SyncError
from connector.translate.changes import encoded
from connector.wire import Codec

if TYPE_CHECKING:
    from connector.mapping import Shop
    from connector.operations.mending.remapping import Remapper


@dataclass(frozen=True, slots=True)
class Editable:
    """What stands in an error's record. `what`: property, or column of a row that has still to be mapped.

    `newer`: another letter tells of a newer change of the row, which an edit of this one cannot undo.
    """

    letter: Letter
    what: str
    known: Mapping[str, Column]
    newer: bool
    codec: Codec
    message: SyncMessage | None = None
    change: Change | None = None
    remapper: Remapper | None = None

    @property
    def about(self) -> str:
        return subject(self.letter.error)

    @property
    def error(self) -> SyncError:
        return self.letter.refusal

    def differences(self, edit: Edit) -> list[Difference]:
        """What the edit changes; raises ConfigurationError for names that are not there and texts that do not fit."""
        return differences(self.known, edit, self.what)


def open_editable(
    settings: Settings, letters: Letters, letter: Letter, shops: Callable[[], Sequence[Shop]]
) -> Editable:
    """The record of an error, ready to be edited.

    Raises ConfigurationError where there is none to edit, or where it takes a shop file that is not here;
    RetriableError when a server does not answer.
    """
    try:
        return asyncio.run(_open(settings, letters, letter, shops))
    except RowError as error:
        raise ConfigurationError(f"This error's record cannot be edited: {error.details}") from error


async def _open(settings: Settings, letters: Letters, letter: Letter, shops: Callable[[], Sequence[Shop]]) -> Editable:
    error = letter.refusal
    if error.stage is Stage.APPLY:
        raise ConfigurationError(
            "This error is about a record on one of our own topics that cannot be read; there is nothing in it to edit."
        )
    record = await asyncio.to_thread(record_of, settings, error)
    async with registry_of(settings) as registry:
        codec = decoder(registry, settings)
        if error.stage is not Stage.MAP:
            message = await message_of(registry, codec, record)
            newer = any(_is_newer(each.error, error) for each in letters.by_id.values())
            return Editable(letter, "property", said(message), newer, codec, message=message)
        if not (found := shops()):
            raise ConfigurationError(_NEEDS_SHOP)
        from connector.operations.mending.remapping import open_remapper  # noqa: PLC0415 - heavy, and seldom needed

        remapper = await open_remapper(found, settings, registry)
        if not remapper.takes(error):
            raise ConfigurationError(f"No shop file given here maps the change topic {error.row.topic}.")
        change = await remapper.change(record)
    if change is None or change.after is None:
        raise ConfigurationError("The change carries no row: there is nothing in it to edit.")
    newer = bool(superseded(letters, [letter]))
    return Editable(letter, "column", _columns(change.after), newer, codec, change=change, remapper=remapper)


_NEEDS_SHOP = (
    "The row could not be mapped, so its columns are edited and then mapped: that takes the shop file. Name it by "
    "--shop FILE, or run this where it is."
)


def _is_newer(other: SyncError, error: SyncError) -> bool:
    mine, theirs = error.version, other.version
    return other.row == error.row and (theirs.epoch, theirs.offset) > (mine.epoch, mine.offset)


def _columns(row: Row) -> dict[str, Column]:
    """All columns; those that cannot be read as if they had not come."""
    faults = row.faults if isinstance(row, DecodedRow) else {}
    return {**row, **dict.fromkeys(faults, UNAVAILABLE)}


def edited_resend(settings: Settings, editable: Editable, changes: Sequence[Difference], revision: int) -> Resend:
    """What is said to HubSpot in the place of the row's own words. `revision`: milliseconds since 1970 of the act.

    Raises ConfigurationError for values that are known to be refused, and for a row that still cannot be mapped.
    """
    letter = editable.letter
    if editable.message is not None:
        messages: Sequence[SyncMessage] = [edited(editable.message, changes, revision)]
    else:
        messages = _mapped(editable, changes, revision)
    try:
        for each in messages:
            encoded(each, settings, editable.codec)
    except RowError as error:
        raise ConfigurationError(f"This cannot be sent: {error}") from error
    return Resend((letter.id,), editable.about, tuple(messages))


def _mapped(editable: Editable, changes: Sequence[Difference], revision: int) -> list[SyncMessage]:
    change, remapper = editable.change, editable.remapper
    assert change is not None, "a record that is no message is a change"
    assert change.after is not None, "one without a row was refused"
    assert remapper is not None, "a change is opened by one"
    if keys := [each.name for each in changes if each.name in change.key]:
        raise ConfigurationError(f"{', '.join(keys)} names the row itself, and cannot be edited.")
    after = {each.name: each.after for each in changes}
    faults = change.after.faults if isinstance(change.after, DecodedRow) else {}
    left = {name: fault for name, fault in faults.items() if name not in after}
    row = DecodedRow({**change.after, **after}, left)
    try:
        messages = remapper.map(editable.error, replace(change, after=row))
    except RowError as error:
        raise ConfigurationError(f"Edited so, the row still cannot be mapped: {error}") from error
    if not messages:
        raise ConfigurationError("Edited so, the row gives no object: nothing can be sent.")
    return [replace(each, origin=Origin.REPAIR, revision=revision) for each in messages]
