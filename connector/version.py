"""Which row, and how new: the two names by which everything the ledger knows is ordered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class SourceRow:
    """Names a row of the shop: its change topic and its record key as text."""

    topic: str
    row_key: str


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """How new a message is, compared only within one source row, never between rows.

    `epoch` numbers the change topic's incarnation, `generation` the mapping, both in the order in which the ledger met
    them (0: it does not know it). `revision` rises when the same change is said again by a timer, an edit or a replay.
    """

    epoch: int
    offset: int
    generation: int
    revision: int
