"""Properties as a text for an editor, and back: YAML in which every value is plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from connector.change import UNAVAILABLE, Column
from connector.errors import ConfigurationError
from connector.sync_error import SyncError

HEAD: Final = """\
# {subject}
# {type}: {details}
#
# Change values, save, and leave the editor; nothing changed means that nothing is done.
# An empty value clears the {what}. A line that is taken out leaves the {what} as it is.
# Everything is text here, and is read as the type that it had: numbers like 1234.50, dates like 2026-11-24, moments
# like 2026-11-24T10:00:00Z, true or false.
# The shop's row keeps its own values: its next change wins over what is sent from here.
"""

_PLAIN: Final = re.compile(r"(?:\w|[+-][\d.])(?:[\w+./@() -]*[\w+./@()-])?")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def written(error: SyncError, known: Mapping[str, Column], what: str, subject: str) -> str:
    """The text for the editor."""
    details = " ".join(error.details.split())
    head = HEAD.format(subject=subject, type=error.type, details=details, what=what)
    missing = [name for name, value in known.items() if value is UNAVAILABLE]
    if missing:
        head += f"# Not carried by this change, and left as it is unless a line is added: {', '.join(missing)}\n"
    lines = [_line(name, value) for name, value in known.items() if value is not UNAVAILABLE]
    return "\n".join([head, *lines, ""])


def changed(text: str, known: Mapping[str, Column]) -> dict[str, str]:
    """The texts that were changed or added; raises ConfigurationError, with the place, for what is no such text."""
    try:
        found = YAML(typ="base", pure=True).load(text)
    except MarkedYAMLError as error:
        where = "" if error.problem_mark is None else f" in line {error.problem_mark.line + 1}"
        raise ConfigurationError(f"The edited text is no YAML{where}: {error.problem or error.context}") from error
    except (YAMLError, ValueError) as error:
        raise ConfigurationError(f"The edited text is no YAML: {error}") from error
    if found is None or found == "":
        return {}
    if not isinstance(found, dict):
        raise ConfigurationError("The edited text must hold lines like `name: value`.")
    if nested := [str(name) for name, value in found.items() if not isinstance(value, str | None)]:
        raise ConfigurationError(f"The edited text must hold one value for each name; see {', '.join(nested)}.")
    texts = {str(name): value or "" for name, value in found.items()}
    return {name: text for name, text in texts.items() if name not in known or text != text_of(known[name])}


def text_of(value: Column) -> str:
    """A value as it is typed."""
    if value is None or value is UNAVAILABLE:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _line(name: str, value: Column) -> str:
    return f"{_scalar(name)}: {_scalar(text_of(value))}".rstrip(" ")


def _scalar(text: str) -> str:
    """As it stands where no sign in it means anything to YAML, else in double quotes with YAML's escapes."""
    if text == "" or _PLAIN.fullmatch(text):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(sign: str) -> str:
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    return sign if sign.isprintable() else f"\\U{ord(sign):08X}"
