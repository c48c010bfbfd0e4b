"""What must not stand in a line of text: secrets never, people's addresses and telephone numbers unless asked for.

Pure functions over text, for our own lines and those of libraries and servers, whose words quote what they were sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

STARS: Final = "***"

_OUTSIDE: Final = r"\s\"'<>()\[\]{},;:=@"
ADDRESS: Final = re.compile(rf"(?<![^{_OUTSIDE}])([^{_OUTSIDE}]+?)(@|%40)([^{_OUTSIDE}]+)")
"""It is looked for at the beginnings of words alone: from each letter of a long word it would take for ever."""
_CALLED: Final = re.compile(
    r"\+\d[\d ()/.-]{6,}\d|(?<![\w.:/-])(?:\(\d{2,5}\) ?|0\d{2,5}[ /-])\d[\d -]{4,}\d(?![\w.:])"
)
"""A telephone number as a text shows it beyond doubt: with the country in front, or an area code set apart."""

_URL: Final = re.compile(r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+)")
_CREDENTIALS: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)@")
_SECRET_PATHS: Final = re.compile(r"^(https?://hooks\.[^/]+/\w+/|https?://[^/]+/(?:api/)?webhooks?/).+$")
"""Addresses of chat rooms' webhooks: who knows one may post there."""
_SECRET_NAMES: Final = r"[\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|hapikey|credentials?)"  # noqa: S105 - names of secrets
_ASSIGNED: Final = re.compile(
    rf"""(?i)((?<![\w.-]){_SECRET_NAMES}["']?\s*[=:]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s&;,"'}}\])]+)"""
)
_SCHEMES: Final = re.compile(r"(?i)\b(Bearer|Basic)(\s+)(?=[\w.~+/-]*[\d.~+/_=-])[\w.~+/=-]{8,}")
_TOKENS: Final = re.compile(r"\b(pat-[a-z]{2}\d?-|xox[a-z]-|eyJ[\w-]+\.)[\w.-]{6,}")
"""HubSpot's service keys (HubSpot docs), Slack's tokens, JSON web tokens."""
_NAMES: Final = re.compile(rf"(?i)^(?:{_SECRET_NAMES}|authorization|proxy-authorization|cookie|set-cookie)$")
_SHORTEST: Final = 6
"""A secret shorter than this is no secret, and would be found in every other word."""


class Redactor:
    """Takes out secrets by their looks and those that are known, and masks people unless `show_people`."""

    def __init__(self, secrets: Iterable[str] = (), *, show_people: bool = False) -> None:
        known = {form for secret in secrets if len(secret) >= _SHORTEST for form in (secret, quote(secret, safe=""))}
        longest = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest))) if longest else None
        self._show_people = show_people

    def text(self, text: str) -> str:
        """The text as it may be written down."""
        if self._known is not None:
            text = self._known.sub(STARS, text)
        parts = _URL.split(text)
        return "".join(self._url(part) if number % 2 else self._words(part) for number, part in enumerate(parts))

    def value(self, value: Any, name: str = "") -> Any:
        """A structured value of a log line, with everything inside it; what is no JSON is turned into its text."""
        if _NAMES.match(name) and value:
            return STARS
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self.text(value)
            case dict():
                return {self.text(str(key)): self.value(each, str(key)) for key, each in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.value(each) for each in value]
            case _:
                return self.text(str(value))

    def _words(self, text: str) -> str:
        text = _SCHEMES.sub(rf"\1\2{STARS}", text)
        text = _TOKENS.sub(rf"\1{STARS}", text)
        text = _ASSIGNED.sub(lambda found: f"{found[1]}{STARS}", text)
        return text if self._show_people else mask_people(text)

    def _url(self, url: str) -> str:
        if _SECRET_PATHS.match(url):
            return _SECRET_PATHS.sub(rf"\1{STARS}", url)
        entrance = _CREDENTIALS.match(url)
        start, rest = (f"{entrance[1]}{STARS}@", url[entrance.end() :]) if entrance else ("", url)
        return start + "/".join(map(self._words, rest.split("/")))


def mask_people(text: str) -> str:
    """A sentence with the e-mail addresses and telephone numbers in it masked: `a***@e***.com`, `*** (14)`."""
    return _CALLED.sub(lambda found: masked(found.group()), ADDRESS.sub(_masked_address, text))


def masked(text: str) -> str:
    """What is left of a personal text: an address's shape, else its first letter and its length."""
    if not text:
        return ""
    if ADDRESS.search(text) and not any(each.isspace() for each in text):
        return ADDRESS.sub(_masked_address, text)
    return f"{_first(text)}{STARS} ({len(text)})"


def _masked_address(found: re.Match[str]) -> str:
    local, at, domain = found.groups()
    name, dot, rest = domain.rpartition(".")
    return f"{_first(local)}{STARS}{at}{_first(name or rest)}{STARS}{dot}{rest if dot else ''}"


def _first(text: str) -> str:
    """The first letter of a text of several; of one letter nothing."""
    return text[0] if len(text) > 1 and text[0].isalnum() else ""
