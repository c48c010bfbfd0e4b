"""Names of tables and columns → plain words, in one form: `OrderItems`, `order_item` and `tblOrderItem` meet."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Final

from connector.operations.proposing.vocabulary import KNOWN, OTHER_THINGS, SINGULAR

Words = tuple[str, ...]

_PIECE: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_WORDS: Final = OTHER_THINGS | KNOWN
"""Words by which a name written in one piece (`orderitems`, `customerid`) is taken apart."""

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


@functools.cache
def words(name: str) -> Words:
    """Small letters, without accents, in the singular; digits are words of their own."""
    plain = unicodedata.normalize("NFKD", name.translate(_UMLAUTS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(word for piece in _PIECE.findall(plain) for word in _apart(singular(piece.lower())))


def joined(name: str) -> str:
    """The words of a name in one piece, as vocabularies hold them: `First_Name` → `firstname`."""
    return "".join(words(name))


@functools.cache
def singular(word: str) -> str:
    """The word in the singular, by a few rules and a list; a word that is none stays as it is."""
    if word in SINGULAR:
        return SINGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _apart(word: str) -> Words:
    if word in _WORDS:
        return (word,)
    for cut in range(len(word) - 2, 1, -1):
        first, second = singular(word[:cut]), singular(word[cut:])
        if first in _WORDS and second in _WORDS:
            return (first, second)
    return (word,)


def shared_prefix(names: Iterable[str]) -> str:
    """The first word of most tables (`oc`, `ps`, `wp`), which says nothing of any of them; empty where there is none.

    A word that itself names something a shop has (`order_...`, `product_...`) is none.
    """
    firsts = [found[0] for name in names if len(found := words(name)) > 1]
    if not firsts:
        return ""
    word, count = Counter(firsts).most_common(1)[0]
    return word if count >= 3 and count * 10 >= len(firsts) * 8 and word not in _WORDS else ""


def without_prefix(name: str, prefix: str) -> Words:
    """The words of a table's name, less the shared first one; each word counts once (`order_order`)."""
    found = words(name)
    found = found[1:] if prefix and len(found) > 1 and found[0] == prefix else found
    return tuple(dict.fromkeys(found))
