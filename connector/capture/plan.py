"""What capturing one shop needs, decided before anything is touched."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from connector.capture.errors import CaptureError
from connector.mapping.shop import Shop

SCHEMA: Final = "shopbridge"
"""The schema of our own tables in the shop's database."""

LONGEST_PREFIX: Final = 48
"""PostgreSQL cuts names at 63 bytes, and ours are the prefix with a word before it."""

LONGEST_USER: Final[Mapping[str, int]] = {"postgres": 63, "mariadb": 80, "mysql": 32}
"""Characters in the name of a role or user, by kind of database."""

SCHEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "postgres": ("postgresql", "postgres"),
    "mariadb": ("mariadb", "mysql"),
    "mysql": ("mysql", "mariadb"),
}
PORTS: Final[Mapping[str, int]] = {"postgres": 5432, "mariadb": 3306, "mysql": 3306}

SERVER_IDS: Final = (1_500_000_000, 500_000_000)
"""Where derived server ids begin, and how many there are: far from those that people choose."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server's database and who comes in; empty user and password where the URL names none.

    `sslmode` is PostgreSQL's word, for all kinds: disable, require, verify-ca or verify-full; `files` are sslrootcert,
    sslcert and sslkey, where the URL names them.
    """

    host: str
    port: int
    database: str
    user: str = ""
    password: str = field(default="", repr=False)
    sslmode: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table as the database's catalogue has it.

    `key`: columns of the primary key, in its order. `full_rows`: the change log carries whole old rows (REPLICA
    IDENTITY FULL, binlog_row_image FULL). `hidden_nulls`: nullable columns with a default, whose NULL the Avro
    converter replaces by that default. `generated`: columns that the database computes and its change log does not
    carry. `unreadable`: columns of types at which Debezium fails to read the table's definition. `garbled`: columns
    whose texts it decodes wrongly.
    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    full_rows: bool
    hidden_nulls: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    garbled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """Names and rights.

    `address` is the database as Kafka Connect sees it, with the role it comes in as. `owns_role`: the role is ours, so
    we make it, with a password of our making (`sets_password`, unless an earlier one is kept), and drop it. `signaller`
    may ask for snapshots. `full_rows` are tables that must write whole old rows. `left_out` are (table, column) of
    generated columns: as the change log lacks them, an incremental snapshot that reads them fails. `kind` is that of
    the database; slot and publication are PostgreSQL's, `server_id` is that of a replica of MariaDB or MySQL.
    """

    prefix: str
    schema: str
    tables: tuple[str, ...]
    topics: tuple[str, ...]
    connector: str
    slot: str
    publication: str
    address: Address
    owns_role: bool
    sets_password: bool
    signaller: str
    full_rows: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    extra_config: Mapping[str, str] = field(default_factory=dict)
    kind: str = "postgres"
    server_id: int = 0

    @property
    def reads_binlog(self) -> bool:
        """Whether the change log is a binlog, MariaDB's or MySQL's."""
        return reads_binlog(self.kind)

    @property
    def history_topic(self) -> str:
        """The topic in which a connector that reads a binlog keeps the tables' definitions."""
        return f"{self.prefix}_schema_history"

    @property
    def heartbeat_table(self) -> str:
        return f"heartbeat_{self.prefix}"

    @property
    def signal_table(self) -> str:
        return f"signal_{self.prefix}"

    @property
    def heartbeat_topic(self) -> str:
        return heartbeat_topic(self.prefix)

    @property
    def signal_topic(self) -> str:
        """The topic of the signal table's changes, which the connector writes for nobody."""
        return f"{self.prefix}.{SCHEMA}.{self.signal_table}"

    @property
    def notifications_topic(self) -> str:
        return notifications_topic(self.prefix)


def heartbeat_topic(prefix: str) -> str:
    """The topic of the heartbeat table's changes: each says that all commits before it have been read."""
    return f"{prefix}.{SCHEMA}.heartbeat_{prefix}"


def notifications_topic(prefix: str) -> str:
    """The topic on which the connector says how snapshots go."""
    return f"{prefix}_notifications"


def plan_capture(shop: Shop, facts: Mapping[str, TableFacts] | None = None) -> CapturePlan:
    """The plan for a shop file.

    `facts` are the catalogue's, by table (`postgres.table_facts`); without them no table is found to need whole rows.
    Raises CaptureError for a database kind, a prefix, an address or a mapped column that cannot be captured.
    """
    if shop.capture.external is not None:
        raise CaptureError(
            f"{shop.file}: somebody else's Debezium captures this shop (capture: external), so here is nothing to set "
            f"up, to look at or to remove; `shopbridge check` looks at its topics"
        )
    kind, prefix = shop.database.kind, shop.capture.prefix
    _require_prefix(shop, kind, prefix)
    ours = f"{SCHEMA}_{prefix}"
    address = parse_address(shop.capture.url or shop.database.url, kind)
    owns_role = shop.capture.url is None or not address.user
    if owns_role:
        address = replace(address, user=ours, password=secrets.token_urlsafe(24))
    known = facts or {}
    _require_stored(shop, known)
    return CapturePlan(
        prefix=prefix,
        schema=shop.database.schema,
        tables=shop.tables(),
        topics=tuple(map(shop.topic, shop.tables())),
        connector=shop.capture.connector or ours,
        slot=shop.capture.slot or ours,
        publication=shop.capture.publication or ours,
        address=address,
        owns_role=owns_role,
        sets_password=owns_role,
        signaller=parse_address(shop.database.url, kind).user,
        full_rows=tuple(table for table, fact in known.items() if shop.needs_full_rows(table, fact.key)),
        left_out=tuple((table, column) for table, fact in known.items() for column in fact.generated),
        extra_config=shop.capture.config,
        kind=kind,
        server_id=shop.capture.server_id or derived_server_id(prefix),
    )


def reads_binlog(kind: str) -> bool:
    """Whether a kind of database writes a binlog."""
    return kind in {"mariadb", "mysql"}


def derived_server_id(prefix: str) -> int:
    """A number that stays the same for a prefix; two prefixes hardly ever meet in one."""
    first, count = SERVER_IDS
    return first + int.from_bytes(hashlib.sha256(prefix.encode()).digest()[:8]) % count


def _require_prefix(shop: Shop, kind: str, prefix: str) -> None:
    longest = min(LONGEST_PREFIX, LONGEST_USER[kind] - len(f"{SCHEMA}_"))
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", prefix) or len(prefix) > longest:
        raise CaptureError(
            f"{shop.file}: capture prefix {prefix!r} must be at most {longest} lower-case letters, digits and "
            f"underscores, and not begin with a digit: it becomes part of topic, user and Avro names"
        )


def _require_stored(shop: Shop, facts: Mapping[str, TableFacts]) -> None:
    """Raises CaptureError for every mapped column that the database computes: its change log does not carry it."""
    mapped = [
        f"{place}: {mapping.table}.{column} is a generated column"
        for mapping in shop.mappings()
        for column, place in mapping.columns().items()
        if mapping.table in facts and column in facts[mapping.table].generated
    ]
    if mapped:
        raise CaptureError(
            "\n".join(mapped) + "\nThe change log does not carry generated columns. Compute the value with `sql:`."
        )


def parse_address(url: str, kind: str = "postgres") -> Address:
    """Read postgresql://[user[:password]@]host[:port]/database[?sslmode=...], or mariadb://, mysql:// likewise.

    Raises CaptureError for anything else. The database may be left out but with PostgreSQL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[kind]
    except ValueError as error:
        raise CaptureError(f"the database's address is no URL: {error}") from error
    database = unquote(parts.path.removeprefix("/"))
    if not fits(url, kind) or not parts.hostname or not (database or reads_binlog(kind)):
        raise CaptureError(
            f"the database's address must be {SCHEMES[kind][0]}://user:password@host:port/database; it begins with "
            f"{parts.scheme or 'no scheme'}://{parts.hostname or ''}"
        )
    query = parse_qs(parts.query)
    files: dict[str, str] = {name: query[name][0] for name in ("sslrootcert", "sslcert", "sslkey") if name in query}
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Address(parts.hostname, port, database, user, password, query.get("sslmode", [""])[0], files)


def fits(url: str, kind: str) -> bool:
    """Whether an address speaks of this kind of database."""
    return url.partition(":")[0] in SCHEMES[kind]
