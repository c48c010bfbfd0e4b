"""`shopbridge capture`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from connector.cli.asking import consent
from connector.cli.context import Context, Group, option, pass_context
from connector.cli.options import yes
from connector.cli.output import moment, print_json, print_table
from connector.cli.snapshot import snapshot

if TYPE_CHECKING:
    from connector.capture.control import CaptureStatus
    from connector.capture.log_status import LogStatus
    from connector.mapping import Shop


def admin_url(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that names roles with more rights than the shop files'."""
    return option(
        "--admin-url",
        multiple=True,
        envvar="SHOP_ADMIN_URL",
        metavar="URL",
        help="The shop's database by a role that may prepare capture. Without it: the shop file's address. With "
        "several shop files one for each, separated by blanks in the variable; server and database tell them apart.",
    )(command)


def address_for(shop: Shop, admin_urls: Sequence[str], shops: int) -> str:
    """The administrator's address of the shop's database among those given, else the shop file's own."""
    if shops == len(admin_urls) == 1:
        return admin_urls[0]
    return next((url for url in admin_urls if _place(url) == _place(shop.database.url)), shop.database.url)


def _place(url: str) -> tuple[str, str | None, int | None, str]:
    """Kind of server, host, port and database; MariaDB's kind may be named after MySQL."""
    parts = urlsplit(url)
    family = "postgres" if parts.scheme.startswith("postgres") else "mysql"
    usual = {"postgres": 5432, "mysql": 3306}[family]
    return family, parts.hostname, parts.port or usual, parts.path.strip("/")


@click.group(cls=Group)
def capture() -> None:
    """The shop's change log: set up, look at, or remove how it gets to Kafka."""


@capture.command()
@admin_url
@pass_context
def apply(context: Context, admin_url: tuple[str, ...]) -> None:
    """Set capture up, or bring it in step with the shop file, and wait until changes stream.

    Makes a role, two small tables and, with PostgreSQL, publication and slot in the database, the change topics, and
    the connector; asks for the first load once. Running it again is harmless.
    """
    from connector.operations import capturing

    settings, shops = context.settings(), context.shops()
    made = {}
    for shop in shops:
        click.echo(f"{shop.store.id}: preparing the database, the topics and the connector ...", err=True)
        applied = asyncio.run(capturing.apply(shop, settings, address_for(shop, admin_url, len(shops))))
        made[shop.store.id] = applied
        if not context.json:
            for statement in applied.statements:
                click.echo(f"  {without_password(statement)}")
            configured = "configured" if applied.configured else "as it was"
            load = f"asked for ({applied.signal})" if applied.signal else "done before"
            click.echo(f"{shop.store.id}: changes stream; connector {configured}, first load {load}")
    if context.json:
        print_json({store: {**each, "statements": len(each["statements"])} for store, each in _plain(made).items()})


def without_password(statement: str) -> str:
    """The statement up to the password in it: PostgreSQL's word for it, and MariaDB's and MySQL's."""
    return re.split(r" PASSWORD '| IDENTIFIED BY ", statement)[0]


def _plain(made: dict[str, Any]) -> dict[str, Any]:
    from connector.cli.output import plain

    return {store: plain(each) for store, each in made.items()}


@capture.command()
@admin_url
@pass_context
def status(context: Context, admin_url: tuple[str, ...]) -> int:
    """Say how connector, task, the database's log and heartbeat stand; exit with 1 unless changes stream."""
    from connector.operations import capturing

    settings, shops = context.settings(), context.shops()
    found = {
        shop.store.id: asyncio.run(capturing.status(shop, settings, address_for(shop, admin_url, len(shops))))
        for shop in shops
    }
    if context.json:
        print_json({store: {"healthy": each.healthy, **_plain({"": each})[""]} for store, each in found.items()})
    else:
        for store, each in found.items():
            _print_status(store, each)
    return int(not all(each.healthy for each in found.values()))


def _print_status(store: str, found: CaptureStatus) -> None:
    verdict = "changes stream" if found.healthy else "changes do NOT stream"
    click.secho(f"{store}: {verdict}", bold=True, fg="green" if found.healthy else "red")
    rows: list[tuple[str, object]] = [("heartbeat", moment(found.heartbeat))]
    if found.connector is None:
        rows.append(("connector", "there is none: run `shopbridge capture apply`"))
    else:
        rows.append(("connector", found.connector.state))
        rows += [(f"task {task.id}", f"{task.state} {task.cause}".strip()) for task in found.connector.tasks]
    rows += _log_rows(found.log)
    print_table(None, ("", ""), rows)


def _log_rows(log: LogStatus) -> list[tuple[str, object]]:
    if not log.exists:
        return [("log", "the connector has no place in it")]
    reader = {True: "is read", False: "is NOT read", None: "is read by nobody that our role can see"}[log.active]
    return [
        ("log", f"{reader}; it is {log.state}"),
        ("read up to", log.confirmed or "-"),
        ("log kept", _size(log.retained_bytes)),
        ("log not yet read", _size(log.behind_bytes)),
    ]


def _size(number: int | None) -> str:
    return "-" if number is None else f"{number / 1024:,.0f} KiB"


@capture.command()
@admin_url
@yes
@pass_context
def remove(context: Context, admin_url: tuple[str, ...], *, yes: bool) -> None:
    """Take capture away: connector, our tables and role, PostgreSQL's slot and publication. Change topics stay.

    Changes made while nothing captures are lost to HubSpot until the next load.
    """
    consent("Remove the connector, and what was made for it in the database?", yes=yes)
    from connector.operations import capturing

    settings, shops = context.settings(), context.shops()
    gone = {}
    for shop in shops:
        removed = asyncio.run(capturing.remove(shop, settings, address_for(shop, admin_url, len(shops))))
        gone[shop.store.id] = removed
        if not context.json:
            for statement in removed.statements:
                click.echo(f"  {statement}")
            verdict = "removed" if removed.connector or removed.statements else "nothing was there"
            click.echo(f"{shop.store.id}: {verdict}")
    if context.json:
        print_json(gone)


@capture.command()
@admin_url
@pass_context
def sql(context: Context, admin_url: tuple[str, ...]) -> None:
    """Print the SQL that an administrator has to run where our role may not: only what is missing."""
    from connector.operations import capturing

    shops = context.shops()
    scripts = {shop.store.id: capturing.sql(shop, address_for(shop, admin_url, len(shops))) for shop in shops}
    if context.json:
        print_json(scripts)
    else:
        for store, script in scripts.items():
            is_empty = all(not line or line.startswith("--") for line in script.splitlines())
            click.echo(f"-- {store}: nothing is missing" if is_empty else script)


capture.add_command(snapshot)
