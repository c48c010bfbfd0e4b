"""Texts as settings: refused where they are given, not where they are used."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from connector.sandbox.object_types import known_type


def type_named(text: str) -> str:
    """Give the name of an object type that is named as in a path. Raises ValueError if there is none."""
    kind = known_type(text)
    if kind is None:
        raise ValueError(f"no object type: {text}")
    return kind.name


def _compiles(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return text


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A text that is a regular expression."""

TypeName = Annotated[str, AfterValidator(type_named)]
"""The name of an object type, which may be given as in a path."""
