"""From a live database to a proposed shop file: what `shopbridge init` does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from connector.capture.samples import Sampler, UnansweredError, sampler
from connector.capture.structure import read_structure
from connector.errors import ConfigurationError
from connector.operations.proposing.draft import VARIABLE, Proposal, propose
from connector.operations.proposing.questions import MOST_VALUES, Answer, Ask, Labels, Question, Values, ZeroDates
from connector.operations.proposing.vocabulary import ROLES
from connector.operations.proposing.writing import write

KINDS: Final = {"postgresql": "postgres", "postgres": "postgres", "mariadb": "mariadb", "mysql": "mysql"}


@dataclass(frozen=True, slots=True)
class Found:
    """A section of the proposal: its table, the server's estimate of its rows, and why it was chosen."""

    section: str
    table: str
    rows: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Initialised:
    """The file that was written. `needed` values must be answered, `asked` remarks looked at."""

    file: Path
    kind: str
    schema: str
    tables: int
    found: tuple[Found, ...]
    needed: int
    asked: int


def initialise(
    url: str, schema: str | None, output: Path, *, variable: str = VARIABLE, force: bool = False
) -> Initialised:
    """Read the database, propose a shop file that takes the address from `variable`, and write it.

    Raises ConfigurationError for an address or a variable that is none, a file that is there already (unless `force`),
    a database that refuses us or holds no shop; RetriableError where the server does not answer. The file is written
    last.
    """
    kind = kind_of(url)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        raise ConfigurationError(f"{variable} cannot name an environment variable.\nUse letters, digits and `_`.")
    if output.exists() and not force:
        raise ConfigurationError(f"{output} is there already.\nName another file with --output, or add --force.")
    database = unquote(urlsplit(url).path.removeprefix("/"))
    structure = read_structure(kind, url, schema or ("public" if kind == "postgres" else database))
    with sampler(structure, url) as asked:
        proposal = propose(structure, asker(asked), database or structure.schema, variable)
    _write(output, write(proposal.sheet))
    return Initialised(
        output,
        structure.kind,
        structure.schema,
        len(structure.tables),
        _found(proposal),
        proposal.needed,
        proposal.asked,
    )


def kind_of(url: str) -> str:
    """The kind of database that a URL's scheme names; raises ConfigurationError."""
    scheme = url.partition(":")[0].lower() if "://" in url else ""
    if scheme not in KINDS:
        raise ConfigurationError(
            "The database's address must be postgresql://user:password@host:port/database, mariadb://... or mysql://..."
        )
    return KINDS[scheme]


def asker(asked: Sampler) -> Ask:
    """Questions go to the database, each once; one that it refuses has the reason as its answer."""
    known: dict[Question, Answer] = {}

    def ask(question: Question) -> Answer:
        if question not in known:
            known[question] = _asked(asked, question)
        return known[question]

    return ask


def _asked(asked: Sampler, question: Question) -> Answer:
    try:
        match question:
            case Values(table, column):
                return Answer(asked.values(table, column, MOST_VALUES))
            case Labels(table, key, label):
                return Answer(asked.labels(table, key, label, MOST_VALUES * 10))
            case ZeroDates(table, column):
                return Answer(asked.zero_dates(table, column))
            case _:
                return Answer(((asked.zone(), 1),))
    except UnansweredError as error:
        return Answer(refused=str(error))


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{output} cannot be written: {error.strerror}.\nName another with --output."
        ) from error


def _found(proposal: Proposal) -> tuple[Found, ...]:
    chosen = proposal.choice.chosen
    return tuple(
        Found(role, chosen[role].table.name, chosen[role].table.rows, "; ".join(chosen[role].why))
        for role in ROLES
        if role in chosen
    )


def shown_url(url: str) -> str:
    """The address without its password, to be typed by a person."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:<password>@{place}"))


__all__ = ["VARIABLE", "Found", "Initialised", "asker", "initialise", "kind_of", "shown_url"]
