"""A verification that can be gone on with: a folder with the shadow's file and a note of what is asked and done."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from connector.errors import ConfigurationError
from connector.mapping import Shop
from connector.message import ObjectType
from connector.settings import Settings

_NOTE: Final = "state.json"
_SHADOW: Final = "shadow.db"


@dataclass(frozen=True, slots=True)
class Options:
    """What is to be compared. `sample` None: everything. `since`: only rows whose `newest_by` is not older.

    `settle_s`: how long the pipeline may take to pass the first reading.
    """

    types: tuple[ObjectType, ...] = tuple(ObjectType)
    sample: int | None = None
    seed: int = 1
    since: datetime | None = None
    settle_s: float = 120.0

    @property
    def is_full(self) -> bool:
        """Whether every record of the types is looked at, so that those without a row are found as well."""
        return self.sample is None and self.since is None


@dataclass(frozen=True, slots=True)
class State:
    """The note. How far the reading came stands in the shadow's file."""

    folder: Path
    options: Options
    shops: tuple[tuple[str, str], ...]
    hubspot: str
    started_at: datetime

    @property
    def shadow(self) -> Path:
        return self.folder / _SHADOW

    def save(self) -> None:
        """Write the note, whole or not at all."""
        options = self.options
        note = {
            "types": [str(each) for each in options.types],
            "sample": options.sample,
            "seed": options.seed,
            "since": None if options.since is None else options.since.isoformat(),
            "settle_s": options.settle_s,
            "shops": [list(each) for each in self.shops],
            "hubspot": self.hubspot,
            "started_at": self.started_at.isoformat(),
        }
        new = self.folder / f"{_NOTE}.new"
        new.write_text(json.dumps(note, indent=2))
        new.replace(self.folder / _NOTE)


def begin(
    settings: Settings, shops: Sequence[Shop], options: Options, now: datetime, within: Path | None = None
) -> State:
    """A new verification in a folder of its own, which only we may read: it holds people's data.

    `within` None: where the system keeps what is of short use.
    """
    folder = Path(tempfile.mkdtemp(prefix="shopbridge-verify-", dir=within))
    state = State(folder, options, _hashes(shops), settings.hubspot_url, now)
    state.save()
    return state


def resume(settings: Settings, shops: Sequence[Shop], folder: Path) -> State:
    """An earlier verification; raises ConfigurationError where there is none, or what it compares is another by now."""
    try:
        note = json.loads((folder / _NOTE).read_text())
        options = Options(
            tuple(ObjectType(each) for each in note["types"]),
            note["sample"],
            note["seed"],
            None if note["since"] is None else datetime.fromisoformat(note["since"]),
            note["settle_s"],
        )
        hashes = tuple((store, hash_) for store, hash_ in note["shops"])
        started_at = datetime.fromisoformat(note["started_at"])
        state = State(folder, options, hashes, note["hubspot"], started_at)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"There is no verification to go on with in {folder}: {error}") from error
    if (state.shops, state.hubspot) != (_hashes(shops), settings.hubspot_url):
        raise ConfigurationError(
            f"The verification in {folder} was begun with another shop file or another HubSpot: begin anew."
        )
    return state


def _hashes(shops: Sequence[Shop]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((shop.store.id, shop.hash) for shop in shops))
