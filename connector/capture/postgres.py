"""What the shop's PostgreSQL must have to be captured: made where rights allow, otherwise said as SQL to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import psycopg

from connector.capture import catalogue
from connector.capture.catalogue import ROLE_COMMENT, Catalogue, Connection, Grant, quoted
from connector.capture.errors import CaptureError
from connector.capture.plan import SCHEMA, CapturePlan
from connector.capture.script import PASSWORD_PLACE, script, without_password

T = TypeVar("T")

NOTHING: Final = Catalogue()
ATTEMPTS: Final = 5
ANEW: Final = (
    "Run `shopbridge capture remove`, then `apply`, which loads all rows again. Rows deleted in between are not "
    "noticed; their objects stay in HubSpot"
)


def grants(plan: CapturePlan) -> list[Grant]:
    """The connector reads mapped tables and works our own; whoever works with the shop file asks for snapshots."""
    role, own = plan.address.user, quoted(SCHEMA)
    heartbeat, signal = quoted(SCHEMA, plan.heartbeat_table), quoted(SCHEMA, plan.signal_table)
    wanted = [
        Grant("USAGE", "SCHEMA", quoted(plan.schema), role),
        *(Grant("SELECT", "TABLE", quoted(plan.schema, table), role) for table in plan.tables),
        Grant("USAGE", "SCHEMA", own, role),
        *(Grant(privilege, "TABLE", heartbeat, role) for privilege in ("SELECT", "INSERT", "UPDATE")),
        *(Grant(privilege, "TABLE", signal, role) for privilege in ("SELECT", "INSERT", "DELETE")),
    ]
    if plan.signaller and plan.signaller != role:
        wanted += [
            Grant("USAGE", "SCHEMA", own, plan.signaller),
            *(Grant(privilege, "TABLE", signal, plan.signaller) for privilege in ("SELECT", "INSERT")),
            *(Grant(privilege, "TABLE", heartbeat, plan.signaller) for privilege in ("SELECT", "INSERT", "UPDATE")),
        ]
    return wanted


def statements(plan: CapturePlan, there: Catalogue = NOTHING) -> list[str]:
    """The SQL that makes what the plan needs and is not there, in an order that works."""
    return [
        *_role(plan, there),
        *_own_tables(plan, there),
        *_grants([grant for grant in grants(plan) if grant not in there.granted]),
        *(
            f"ALTER TABLE {quoted(plan.schema, table)} REPLICA IDENTITY FULL"
            for table in plan.full_rows
            if table not in there.full_rows
        ),
        *_publication(plan, there),
    ]


def sql_script(plan: CapturePlan, there: Catalogue = NOTHING) -> str:
    """The statements as a script for an administrator, without a password in it."""
    plan = without_password(plan)
    run_as, path = f"a superuser in the database {plan.address.database}", plan.address.database
    return script(plan, statements(plan, there), run_as=run_as, account="role", scheme="postgresql", path=path)


def apply(plan: CapturePlan, url: str) -> list[str]:
    """Make what is missing, all or nothing; returns the statements that ran.

    `url` is that of a role that may do so. Raises CaptureError with the SQL to run when it may not, or when a mapped
    table does not exist.
    """
    return _begun_again(partial(_apply, plan, url))


def _apply(plan: CapturePlan, url: str) -> list[str]:
    with catalogue.connect(url) as connection:
        catalogue.require_logical(connection, plan)
        require_tables(connection, plan)
        there = catalogue.read(connection, plan, grants(plan))
        _require_publication(plan, there)
        missing = statements(plan, there)
        _run(connection, missing, "prepare", lambda: sql_script(plan, there))
    return missing


def _run(connection: Connection, needed: Sequence[str], what: str, for_administrators: Callable[[], str]) -> None:
    """Raises CaptureError where the server refuses, but lets a deadlock pass: the whole can be begun again."""
    try:
        for statement in needed:
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise CaptureError(
            f"the role that the database's address names may not {what} capture ({error.diag.message_primary}). "
            f"Give an address that may (SHOP_ADMIN_URL), or let an administrator run:\n\n{for_administrators()}"
        ) from error
    except psycopg.errors.DeadlockDetected:
        raise
    except psycopg.Error as error:
        raise CaptureError(f"the database refused to {what} capture: {error}") from error


def _begun_again(work: Callable[[], T]) -> T:
    """What `work` gives, begun again where the server ended its transaction for a deadlock.

    PostgreSQL's own autovacuum locks the tables that we alter, in another order. Raises CaptureError if it goes on.
    """
    for left in reversed(range(ATTEMPTS)):
        try:
            return work()
        except psycopg.errors.DeadlockDetected as error:
            if not left:
                raise CaptureError(f"somebody else works at the same tables, try again later: {error}") from error
    raise AssertionError("there is at least one attempt")


def _require_publication(plan: CapturePlan, there: Catalogue) -> None:
    """The server reads a slot's log with the publications of that time, so a new one does not help an old slot."""
    if there.slot_active is not None and not there.has_publication:
        raise CaptureError(
            f"the publication {plan.publication} is gone while its slot {plan.slot} lives on: PostgreSQL cannot read "
            f"that log any more. {ANEW}"
        )


def require_tables(connection: Connection, plan: CapturePlan) -> None:
    """Raises CaptureError for mapped tables that do not exist or have no primary key, all at once."""
    facts = catalogue.table_facts(connection, plan.schema, plan.tables)
    missing = [table for table in plan.tables if table not in facts]
    if missing:
        raise CaptureError(f"the database has no table {', '.join(missing)} in the schema {plan.schema}")
    keyed = plan.extra_config.get("message.key.columns", "")
    if keyless := [table for table, fact in facts.items() if not fact.key and table not in keyed]:
        raise CaptureError(
            f"{', '.join(keyless)} has no primary key, so its rows cannot be told apart. Add one, or name the "
            f"columns that identify a row: "
            f"capture: {{config: {{message.key.columns: '{plan.schema}.{keyless[0]}:column'}}}}"
        )


def removal(plan: CapturePlan, there: Catalogue) -> list[str]:
    """The SQL that takes away what `statements` made; the slot goes first, since it keeps the log."""
    own = [f"DROP TABLE {quoted(SCHEMA, table)}" for table in sorted(there.own_tables)]
    role = quoted(plan.address.user)
    return [
        *([f"SELECT pg_drop_replication_slot({_literal(plan.slot)})"] if there.slot_active is not None else []),
        *([f"DROP PUBLICATION {quoted(plan.publication)}"] if there.has_publication else []),
        *own,
        *([_DROP_EMPTY_SCHEMA] if there.has_schema else []),
        *([f"DROP OWNED BY {role}", f"DROP ROLE {role}"] if plan.owns_role and there.role_is_ours else []),
    ]


def remove(plan: CapturePlan, url: str) -> list[str]:
    """Take away slot, publication, our tables and role; returns the statements that ran, none the second time.

    Raises CaptureError with the SQL to run when the role may not do it.
    """
    gone: dict[str, None] = {}
    _begun_again(partial(_remove, plan, url, gone))
    return list(gone)


def _remove(plan: CapturePlan, url: str, gone: dict[str, None]) -> None:
    """Adds what it runs to `gone`: a slot that was dropped stays so when the rest is rolled back."""
    with catalogue.connect(url) as connection:
        there = removal(plan, catalogue.read(connection, plan, []))
        gone |= dict.fromkeys(there)
        _run(connection, there, "remove", lambda: "\n".join(f"{statement};" for statement in there))


def _role(plan: CapturePlan, there: Catalogue) -> list[str]:
    role, password = quoted(plan.address.user), _literal(plan.address.password)
    if there.role_replicates is None:
        if "${" in plan.address.password:
            raise CaptureError(
                f"the role {plan.address.user} does not exist, and its password is only a reference. Make it:\n"
                f"    CREATE ROLE {role} LOGIN REPLICATION PASSWORD '{PASSWORD_PLACE}';"
            )
        made = [f"CREATE ROLE {role} LOGIN REPLICATION PASSWORD {password}"]
        return made + ([f"COMMENT ON ROLE {role} IS {_literal(ROLE_COMMENT)}"] if plan.owns_role else [])
    replicates = [] if there.role_replicates else [f"ALTER ROLE {role} REPLICATION"]
    return replicates + ([f"ALTER ROLE {role} PASSWORD {password}"] if plan.sets_password else [])


def _own_tables(plan: CapturePlan, there: Catalogue) -> list[str]:
    heartbeat = (
        f"CREATE TABLE {quoted(SCHEMA, plan.heartbeat_table)} "
        f"(id integer PRIMARY KEY, beat timestamptz, initial_load varchar(42))"
    )
    signal = (
        f"CREATE TABLE {quoted(SCHEMA, plan.signal_table)} (id varchar(42) PRIMARY KEY, type varchar(32), data text)"
    )
    return [
        *([] if there.has_schema else [f"CREATE SCHEMA {quoted(SCHEMA)}"]),
        *([] if plan.heartbeat_table in there.own_tables else [heartbeat]),
        *([] if plan.signal_table in there.own_tables else [signal]),
    ]


def _publication(plan: CapturePlan, there: Catalogue) -> list[str]:
    own = [(SCHEMA, plan.heartbeat_table), (SCHEMA, plan.signal_table)]
    wanted = [*((plan.schema, table) for table in plan.tables), *own]
    name = quoted(plan.publication)
    if not there.has_publication:
        return [f"CREATE PUBLICATION {name} FOR TABLE {_listed(wanted)} WITH (publish_via_partition_root = true)"]
    absent = [table for table in wanted if table not in there.published]
    return [
        *([f"ALTER PUBLICATION {name} ADD TABLE {_listed(absent)}"] if absent else []),
        *(
            []
            if there.publishes_all
            else [f"ALTER PUBLICATION {name} SET (publish = 'insert, update, delete, truncate')"]
        ),
    ]


def _grants(wanted: Sequence[Grant]) -> list[str]:
    """One statement for each object and role."""
    places = dict.fromkeys((grant.kind, grant.name, grant.role) for grant in wanted)
    return [
        f"GRANT {', '.join(g.privilege for g in wanted if (g.kind, g.name, g.role) == (kind, name, role))} "
        f"ON {kind} {name} TO {quoted(role)}"
        for kind, name, role in places
    ]


def _listed(tables: Sequence[tuple[str, str]]) -> str:
    return ", ".join(quoted(*table) for table in tables)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_DROP_EMPTY_SCHEMA: Final = f"""DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = '{SCHEMA}'::regnamespace) THEN DROP SCHEMA {SCHEMA}; END IF;
END $$"""
