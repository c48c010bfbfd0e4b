"""Settings out of the environment, and KEY=VALUE files into it."""
# ruff: noqa: PLC0415 - pydantic is heavy to import, and the help of the command line must come at once

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.errors import ConfigurationError, Mistake

if TYPE_CHECKING:
    from connector.settings import Settings

_LINE: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")


def read_settings() -> Settings:
    """The settings of the environment; raises ConfigurationError naming every variable that is wrong."""
    from pydantic import ValidationError

    from connector.settings import Settings

    try:
        return Settings()  # type: ignore[call-arg]  # pydantic takes the fields from the environment
    except ValidationError as error:
        wrong = [_fault([*each["loc"]], each["msg"]) for each in error.errors(include_input=False)]
        raise ConfigurationError("The environment is not right:\n    " + "\n    ".join(wrong)) from None


def _fault(location: Sequence[object], message: str) -> str:
    """One complaint; those about several variables together name them themselves."""
    if not location:
        return message.removeprefix("Value error, ")
    return f"SHOPBRIDGE_{str(location[0]).upper()}: {message}"


def load_env_file(path: Path, environ: MutableMapping[str, str]) -> None:
    """Set what the file's KEY=VALUE lines say and `environ` does not hold yet.

    Blank lines and lines that begin with # are passed over; a value may stand in quotes. Raises ConfigurationError.
    """
    for name, value in parse_env_file(path):
        environ.setdefault(name, value)


def parse_env_file(path: Path) -> Iterator[tuple[str, str]]:
    """(name, value) of each line; raises ConfigurationError with all mistakes."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The file {path} cannot be read: {error}. Name a readable UTF-8 file.") from error
    found: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for number, text in enumerate(map(str.strip, lines), start=1):
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            mistakes.append(Mistake(str(path), number, 1, "this is no KEY=VALUE line", "Write it like NAME=value."))
        else:
            found[match[1]] = _unquoted(match[2].strip())
    if mistakes:
        raise ConfigurationError(f"The file {path} cannot be used:", tuple(mistakes))
    yield from found.items()


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value
