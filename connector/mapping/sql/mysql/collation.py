"""Comparison of texts as utf8mb4_general_ci does it, the MySQL family's most common way, or, where asked, exactly.

Capital and small letters, and letters with and without most accents, are equal, and so are all characters beyond the
first 65,536. Blanks at the end count for nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, Final

from connector.mapping.sql.mysql.weights import RUNS

_BEYOND: Final = "\ufffd"


class Exact(str):
    """A text that is compared by its characters' codes, as COLLATE utf8mb4_bin asks."""

    __slots__ = ()


class _Weights(dict[int, str]):
    def __missing__(self, code: int) -> str:
        if code > 0xFFFF:
            return _BEYOND
        raise LookupError(code)


_WEIGHTS: Final = _Weights(
    (first + number * step, chr(weight + number * distance))
    for first, weight, count, step, distance in RUNS
    for number in range(count)
)


def folded(text: str) -> str:
    """Each character as the one that it counts as."""
    return text.upper() if text.isascii() else text.translate(_WEIGHTS)


def keys(a: str, b: str) -> tuple[str, str]:
    """Texts that compare by code point as `a` and `b` compare; the shorter one is filled up with blanks."""
    exact = type(a) is Exact or type(b) is Exact
    first, second = (a, b) if exact else (folded(a), folded(b))
    length = max(len(first), len(second))
    return first.ljust(length), second.ljust(length)


def like(text: str, pattern: str, escape: str) -> bool:
    """LIKE: blanks at the end count here."""
    exact = type(text) is Exact or type(pattern) is Exact
    matches = _pattern(str(pattern), escape, exact=exact)
    return matches(text if exact else folded(text)) is not None


@functools.lru_cache(maxsize=1024)
def _pattern(pattern: str, escape: str, *, exact: bool) -> Callable[[str], Any]:
    pieces: list[str] = []
    characters = iter(pattern)
    for character in characters:
        escaped = character == escape
        meant = next(characters, character) if escaped else character
        wild = "" if escaped else {"%": ".*", "_": "."}.get(character, "")
        pieces.append(wild or re.escape(meant if exact else folded(meant)))
    return re.compile("".join(pieces), re.DOTALL).fullmatch
