"""Which accounts a MariaDB or MySQL has of those that capture needs, and what they may do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from connector.capture import binlog_catalogue as catalogue
from connector.capture.binlog_catalogue import Account, MySqlSession, NotAllowedError
from connector.capture.errors import CaptureError
from connector.capture.plan import CapturePlan
from connector.errors import RetriableError

SYNONYMS: Final[Mapping[str, str]] = {
    "REPLICATION REPLICA": "REPLICATION SLAVE",
    "BINLOG MONITOR": "REPLICATION CLIENT",
}
"""Newer names of privileges, by which servers tell of them."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One privilege. `place` is quoted as SQL wants it: a table, or `*.*` for the whole server."""

    privilege: str
    place: str
    account: Account


@dataclass(frozen=True, slots=True)
class Rights:
    """What there is of what a plan needs.

    `accounts` are those of the connector's user, `shop_accounts` those of the shop file's user, where our role may see
    them. `held` are privileges by account. `own_tables`: our tables, with their comments. `is_blind`: our role may not
    see other accounts, so what is not there may be there all the same.
    """

    accounts: tuple[Account, ...] = ()
    shop_accounts: tuple[Account, ...] = ()
    held: Mapping[Account, frozenset[tuple[str, str]]] = field(default_factory=dict)
    own_tables: Mapping[str, str] = field(default_factory=dict)
    is_blind: bool = False

    def has(self, grant: Grant) -> bool:
        """Whether the account holds the privilege there, or in a wider place, or all of them."""
        held = self.held.get(grant.account, frozenset())
        database, _, _ = grant.place.rpartition(".")
        places = (grant.place, f"{database}.*", "*.*")
        wanted = SYNONYMS.get(grant.privilege, grant.privilege)
        return any((name, place) in held for name in (wanted, "ALL PRIVILEGES") for place in places)


NOBODY: Final = Rights()


def read_rights(session: MySqlSession, plan: CapturePlan, url: str) -> Rights:
    """What the session's user may see; of the connector's user, if need be, what that one says of itself.

    `url` is the session's address: the connector's user is asked there, since its own may hold good for Connect alone.
    """
    tables = catalogue.own_tables(session, plan)
    try:
        users = [Account(*row) for row in session.execute(_USERS, plan.address.user, plan.signaller)]
    except NotAllowedError:
        return _as_seen_by_users(session, plan, url, tables)
    ours = tuple(each for each in users if each.user == plan.address.user)
    shop = tuple(each for each in users if each.user == plan.signaller)
    held = {each: frozenset(privileges_in(_grants_of(session, str(each)))) for each in {*ours, *shop}}
    return Rights(ours, shop, held, tables)


def _as_seen_by_users(session: MySqlSession, plan: CapturePlan, url: str, tables: Mapping[str, str]) -> Rights:
    """Everybody may see their own rights."""
    held = {_current(session): frozenset(privileges_in(_grants_of(session)))}
    shop = tuple(each for each in held if each.user == plan.signaller)
    accounts: tuple[Account, ...] = ()
    if not plan.owns_role and "${" not in plan.address.password:
        try:
            with catalogue.session(_as_user(url, plan)) as other:
                accounts = (_current(other),)
                held[accounts[0]] = frozenset(privileges_in(_grants_of(other)))
                tables = catalogue.own_tables(other, plan)
        except (CaptureError, RetriableError):
            accounts = ()  # it may come in only from where Connect runs
    return Rights(accounts, shop, held, tables, is_blind=not accounts)


def _as_user(url: str, plan: CapturePlan) -> str:
    """The address with the connector's user and password."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    who = f"{quote(plan.address.user, safe='')}:{quote(plan.address.password, safe='')}"
    return parts._replace(netloc=f"{who}@{place}").geturl()


def _current(session: MySqlSession) -> Account:
    user, _, host = str(session.one("SELECT CURRENT_USER()")).rpartition("@")
    return Account(user, host)


def _grants_of(session: MySqlSession, account: str = "CURRENT_USER()") -> Sequence[str]:
    return [str(row[0]) for row in session.execute(f"SHOW GRANTS FOR {account}")]


def privileges_in(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(privilege, place) of what SHOW GRANTS says; of privileges on columns nothing, since they are not on tables."""
    for line in lines:
        if match := _GRANT.match(line):
            place = match[2].replace("\\_", "_").replace("\\%", "%")
            for name in _NAMES.findall(match[1]):
                yield SYNONYMS.get(name, name), place


_GRANT: Final = re.compile(r"GRANT (.+?) ON ((?:`(?:[^`]|``)+`|\*)\.(?:`(?:[^`]|``)+`|\*)) TO ")
_NAMES: Final = re.compile(r"(?<=, )[A-Z _]+(?=,|$)|^[A-Z _]+(?=,|$)")

_USERS: Final = "SELECT User, Host FROM mysql.user WHERE User IN (%s, %s) ORDER BY User, Host"
