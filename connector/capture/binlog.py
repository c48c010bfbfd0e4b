"""What the shop's MariaDB or MySQL must have to be captured: made where rights allow, otherwise said as SQL to run.

Each user is an account for `%` and one for `localhost`: an anonymous local account would come before the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connector.capture import binlog_catalogue as catalogue
from connector.capture.binlog_catalogue import Account, MySqlSession, NotAllowedError, literal, quoted
from connector.capture.binlog_rights import NOBODY, Grant, Rights, read_rights
from connector.capture.binlog_server import Server, require_binlog, server_of
from connector.capture.errors import CaptureError
from connector.capture.plan import SCHEMA, CapturePlan
from connector.capture.script import PASSWORD_PLACE, script, without_password

MADE_BY_US: Final = "shopbridge capture made the user"
"""Begins the comment of our heartbeat table where the connector's user is ours to drop."""

HOSTS: Final = ("%", "localhost")
SPLIT_RIGHTS: Final = (10, 5, 2)
"""From this MariaDB on, REPLICATION CLIENT is called BINLOG MONITOR."""


def accounts(plan: CapturePlan) -> tuple[Account, ...]:
    """The accounts of the connector's user."""
    return tuple(Account(plan.address.user, host) for host in HOSTS)


def grants(plan: CapturePlan, server: Server, there: Rights) -> list[Grant]:
    """The connector reads mapped tables, works our own and follows the binlog; the shop's user asks for snapshots."""
    heartbeat, signal = quoted(SCHEMA, plan.heartbeat_table), quoted(SCHEMA, plan.signal_table)
    works = {heartbeat: ("SELECT", "INSERT", "UPDATE"), signal: ("SELECT", "INSERT", "DELETE")}
    reads = {quoted(plan.schema, table): ("SELECT",) for table in plan.tables}
    asks = {heartbeat: ("SELECT", "INSERT", "UPDATE"), signal: ("SELECT", "INSERT")}
    follows = {"*.*": ("REPLICATION SLAVE", _monitor(server))}
    connector = accounts(plan) if plan.owns_role else there.accounts or accounts(plan)
    shop = [account for account in there.shop_accounts if account.user != plan.address.user]
    return [
        Grant(privilege, place, account)
        for account, wanted in [
            *((account, {**follows, **reads, **works}) for account in connector),
            *((account, asks) for account in shop),
        ]
        for place, privileges in wanted.items()
        for privilege in privileges
    ]


def _monitor(server: Server) -> str:
    is_split = server.is_mariadb and server.version >= SPLIT_RIGHTS
    return "BINLOG MONITOR" if is_split else "REPLICATION CLIENT"


def statements(plan: CapturePlan, server: Server, there: Rights = NOBODY) -> list[str]:
    """The SQL that makes what the plan needs and is not there, in an order that works.

    Where nobody can be seen but our tables are there, their maker is taken to have done the rest.
    """
    if there.is_blind and there.own_tables.keys() == {plan.heartbeat_table, plan.signal_table}:
        return []
    wanted = [grant for grant in grants(plan, server, there) if not there.has(grant)]
    return [*_own_tables(plan, there), *_users(plan, there), *_granted(wanted)]


def _own_tables(plan: CapturePlan, there: Rights) -> list[str]:
    marked = f" COMMENT {literal(f'{MADE_BY_US} {plan.address.user}')}" if _makes_user(plan, there) else ""
    heartbeat = (
        f"CREATE TABLE {quoted(SCHEMA, plan.heartbeat_table)} "
        f"(id int PRIMARY KEY, beat timestamp(6) NULL, initial_load varchar(42)) CHARACTER SET utf8mb4{marked}"
    )
    signal = (
        f"CREATE TABLE {quoted(SCHEMA, plan.signal_table)} "
        f"(id varchar(42) PRIMARY KEY, type varchar(32), data text) CHARACTER SET utf8mb4"
    )
    absent = {plan.heartbeat_table: heartbeat, plan.signal_table: signal}
    made = [statement for table, statement in absent.items() if table not in there.own_tables]
    return [*([] if there.own_tables else [f"CREATE DATABASE IF NOT EXISTS {quoted(SCHEMA)}"]), *made]


def _makes_user(plan: CapturePlan, there: Rights) -> bool:
    return plan.owns_role and not there.accounts


def _users(plan: CapturePlan, there: Rights) -> list[str]:
    password = literal(plan.address.password)
    if not plan.owns_role:
        if there.accounts:
            return []
        if "${" in plan.address.password:
            raise CaptureError(
                f"the user {plan.address.user} does not exist, and its password is only a reference. Make it:\n"
                f"    CREATE USER {accounts(plan)[0]} IDENTIFIED BY '{PASSWORD_PLACE}';"
            )
    made = [f"CREATE USER {each} IDENTIFIED BY {password}" for each in accounts(plan) if each not in there.accounts]
    renewed = there.accounts if plan.sets_password else ()
    return made + [f"ALTER USER {each} IDENTIFIED BY {password}" for each in renewed]


def _granted(wanted: Sequence[Grant]) -> list[str]:
    """One statement for each place and account."""
    places = dict.fromkeys((grant.place, grant.account) for grant in wanted)
    return [
        f"GRANT {', '.join(g.privilege for g in wanted if (g.place, g.account) == (place, account))} "
        f"ON {place} TO {account}"
        for place, account in places
    ]


def sql_script(plan: CapturePlan, server: Server, there: Rights = NOBODY) -> str:
    """The statements as a script for an administrator, without a password in it."""
    plan = without_password(plan)
    run_as, needed = "an administrator", statements(plan, server, there)
    return script(plan, needed, run_as=run_as, account="user", scheme=plan.kind, path=plan.schema)


def apply(plan: CapturePlan, url: str) -> list[str]:
    """Make what is missing, statement by statement; returns those that ran.

    `url` is that of a user who may do so. Raises CaptureError with the SQL to run when it may not, or when server or
    tables cannot be captured.
    """
    with catalogue.session(url) as session:
        server = server_of(session)
        require_binlog(server, plan)
        require_tables(session, plan)
        there = read_rights(session, plan, url)
        missing = statements(plan, server, there)
        try:
            for statement in missing:
                session.execute(statement)
        except NotAllowedError as error:
            raise CaptureError(
                f"the user that the database's address names may not prepare capture ({error}). Give an address that "
                f"may (SHOP_ADMIN_URL), or let an administrator run:\n\n{sql_script(plan, server, there)}"
            ) from error
        except CaptureError as error:
            raise CaptureError(f"the database refused to prepare capture: {error}") from error
    return missing


def require_tables(session: MySqlSession, plan: CapturePlan) -> None:
    """Raises CaptureError for mapped tables that do not exist, have no primary key, or cannot be read, all at once."""
    facts = catalogue.table_facts(session, plan.schema, plan.tables)
    if missing := [table for table in plan.tables if table not in facts]:
        raise CaptureError(f"there is no table {', '.join(missing)} in the database {plan.schema}")
    keyed = plan.extra_config.get("message.key.columns", "")
    if keyless := [table for table, fact in facts.items() if not fact.key and table not in keyed]:
        raise CaptureError(
            f"{', '.join(keyless)} has no primary key, so its rows cannot be told apart. Add one, or name the "
            f"columns that identify a row: "
            f"capture: {{config: {{message.key.columns: '{plan.schema}.{keyless[0]}:column'}}}}"
        )
    if unreadable := [f"{table}.{column}" for table, fact in facts.items() for column in fact.unreadable]:
        raise CaptureError(
            f"Debezium cannot read a table with a column of type {', '.join(catalogue.UNREADABLE_TYPES)}, as has "
            f"{', '.join(unreadable)}. Make it a text, or keep such columns in a table that is not mapped"
        )


def removal(plan: CapturePlan, there: Rights) -> list[str]:
    """The SQL that takes away what `statements` made."""
    ours = there.own_tables.get(plan.heartbeat_table, "") == f"{MADE_BY_US} {plan.address.user}"
    return [
        *(f"DROP USER {each}" for each in there.accounts if plan.owns_role and ours),
        *(f"DROP TABLE {quoted(SCHEMA, table)}" for table in sorted(there.own_tables)),
    ]


def remove(plan: CapturePlan, url: str) -> list[str]:
    """Take away our tables, the database that held them if it is empty, and the user that we made.

    Returns the statements that ran, none the second time. Raises CaptureError with the SQL to run when the user of the
    address may not do it.
    """
    with catalogue.session(url) as session:
        gone = removal(plan, read_rights(session, plan, url))
        try:
            for statement in gone:
                session.execute(statement)
            if gone and not session.one(_IN_SCHEMA, SCHEMA):
                gone.append(f"DROP DATABASE {quoted(SCHEMA)}")
                session.execute(gone[-1])
        except NotAllowedError as error:
            script = "\n".join(f"{statement};" for statement in gone)
            raise CaptureError(
                f"the user that the database's address names may not remove capture ({error}). Give an address that "
                f"may (SHOP_ADMIN_URL), or let an administrator run:\n\n{script}"
            ) from error
        except CaptureError as error:
            raise CaptureError(f"the database refused to remove capture: {error}") from error
    return gone


_IN_SCHEMA: Final = "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s"
