"""What operators did last, as `status` tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connector.operations.acts import Act, State

MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Lately:
    """One act: who did what, when it began, and how it stands. A killed one is RUNNING until it is resumed."""

    id: str
    kind: str
    who: str
    at: datetime
    text: str
    state: State
    done: int
    total: int | None


def newest(acts: Sequence[Act]) -> tuple[Lately, ...]:
    """Those that began last, of acts of which the newest comes first."""
    return tuple(_lately(act) for act in acts[:MOST])


def _lately(act: Act) -> Lately:
    return Lately(act.id, act.kind, act.who, act.at, act.text, act.state, act.done, act.total)
