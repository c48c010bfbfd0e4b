"""The shop's own id of an object, made fit for every key it becomes part of."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote

from connector.errors import RowError

MAX_LENGTH = 100
"""The Bridge took external ids of up to 100 characters of ASCII (HubSpot docs, "Ecommerce Bridge API")."""

_PLAIN = re.compile(r"[!-$&-~]+").fullmatch
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "%")


def external_id(text: str) -> str:
    """Printable ASCII without blanks, at most 100 characters, different for different texts.

    A text that is this already and holds no `%` stands for itself; other characters are percent-encoded as UTF-8; what
    is then longer than 100 becomes `sha256-` and the digest of the text. Raises RowError for an empty text.
    """
    if len(text) <= MAX_LENGTH and _PLAIN(text):
        return text
    if not text:
        raise RowError("MAPPING_FAILED", "the external id is empty: a column of the id template holds an empty text")
    encoded = quote(text, safe=_SAFE)
    if len(encoded) <= MAX_LENGTH:
        return encoded
    return "sha256-" + hashlib.sha256(text.encode()).hexdigest()
