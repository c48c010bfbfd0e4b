"""A status in the shop's words → a stage of the deal pipeline that `setup` makes."""

from __future__ import annotations

from typing import Final

from connector.operations.proposing.vocabulary import HALF, STAGES
from connector.operations.proposing.words import words

DRAFT: Final = "draft"
"""No stage: such an order is none yet."""


def stage(status: str) -> str | None:
    """The stage that the words of a status speak for, DRAFT, or None where they are not plain. Never a promise."""
    found = set(words(status)) | {status.strip().lower()}
    if found & HALF:
        return None
    return next((name for name, known in STAGES.items() if found & known), None)
