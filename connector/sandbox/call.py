"""A call as the endpoints see it: path, query and parsed body, without HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from connector.sandbox.answers import Refusal
from connector.sandbox.record import Origin

_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

NO_BODY = "Invalid JSON input: a request body was expected, but none found"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `family` is the version in the path: v3, v4, 2026-03 or 2026-09."""

    method: str
    path: str
    family: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    origin: Origin

    @property
    def newest(self) -> bool:
        """Whether the rules that came with 2026-09 hold."""
        return self.family == "2026-09"

    @property
    def dated(self) -> bool:
        return self.family.startswith("20")

    def listed(self, name: str) -> list[str]:
        """Give a comma-separated query parameter as a list."""
        return [part for part in self.query.get(name, "").split(",") if part]

    def flag(self, name: str) -> bool:
        return self.query.get(name, "false").lower() == "true"

    def member(self, name: str, kind: type, default: Any) -> Any:
        """Give a member of the body; a `Refusal` as Java's JSON reader words it if it has another type."""
        if not isinstance(self.body, dict):
            raise Refusal(400, NO_BODY) if self.body is None else unreadable(self.body, "object")
        value = self.body.get(name)
        if value is None:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise unreadable(value, kind.__name__)
        return value

    def texts(self, name: str) -> list[str]:
        """Give a member of the body that is a list of texts."""
        return [as_text(value) for value in self.member(name, list, [])]

    def text(self, name: str) -> str:
        """Give a member of the body as text, empty if it is not there."""
        return as_text(self.member(name, object, ""))


def unreadable(value: Any, wanted: str) -> Refusal:
    """Refuse a JSON value of the wrong type; only such a refusal has no category."""
    names = {dict: "Object", list: "Array", str: "String", bool: "Boolean"}
    given = names.get(type(value), "Number")
    return Refusal(
        400, f"Invalid input JSON on line 1, column 1: Cannot deserialize value of type `{wanted}` from {given} value"
    )


def parse(content: bytes) -> Any:
    """Read a JSON body. Decimal numbers stay text, digit by digit, since HubSpot stores text.

    Raises `Refusal` (400) for what is no JSON, with line and column.
    """
    try:
        value = json.loads(content, parse_float=str, parse_constant=_no_constant)
        if _LONE_SURROGATE.search(content):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refusal(400, f"Invalid input JSON on {where}: Cannot deserialize: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"Invalid input JSON on line 1, column 1: Cannot deserialize: {error}") from error
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"Non-standard token '{name}'")


def is_whole(text: str) -> bool:
    """Tell whether a text is a whole number as HubSpot writes ids: digits 0 to 9 only."""
    return text.isascii() and text.isdigit()


def as_whole(value: Any, default: int) -> int:
    """Give a number that may come as text; a `Refusal` for anything else, `default` for nothing."""
    if value is None:
        return default
    text = as_text(value)
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise unreadable(value, "java.lang.Integer")
    return int(text)


def as_members(value: Any, wanted: str) -> Mapping[str, Any]:
    """Give a JSON object, empty for nothing; a `Refusal` for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unreadable(value, wanted)
    return value


def as_text(value: Any) -> str:
    """Give a JSON scalar as the text that HubSpot stores; a `Refusal` for objects and arrays."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise unreadable(value, "java.lang.String")
