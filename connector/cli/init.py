"""`shopbridge init`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.context import DEFAULT_SHOP, Command, Context, option, pass_context
from connector.cli.output import count_of, print_json, print_table

if TYPE_CHECKING:
    from connector.operations.propose import Initialised


@click.command(cls=Command)
@option(
    "--database",
    envvar="SHOP_DATABASE_URL",
    metavar="URL",
    required=True,
    help="The shop's database by a role that may read it: postgresql://, mariadb:// or mysql://.",
)
@option("--schema", metavar="NAME", help="PostgreSQL: the schema, without it public. MariaDB, MySQL: the database.")
@option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_SHOP,
    show_default=True,
    metavar="FILE",
    help="The file to write.",
)
@option(
    "--variable",
    default="SHOP_DATABASE_URL",
    show_default=True,
    metavar="NAME",
    help="The environment variable from which the file takes the address; a second shop needs one of its own.",
)
@option("--force", is_flag=True, help="Write over a file that is there.")
@pass_context
def init(context: Context, database: str, schema: str | None, output: Path, variable: str, *, force: bool) -> None:
    """Propose a shop file for a live database, to be looked through and answered by a person.

    Finds customers, products, orders and line items by the names, types, keys and references of tables, and looks at
    a few values (which statuses there are). Only reads. Remarks marked `# ?` ask what it is unsure of; where a value is
    "?", an answer must be written, and `shopbridge check` says where one is missing. The address stays in the
    environment: the file only names a variable of it.
    """
    from connector.operations.propose import initialise

    made = initialise(database, schema, output, variable=variable, force=force)
    if context.json:
        print_json(made)
    else:
        _print(made, database, variable)


def _print(made: Initialised, url: str, variable: str) -> None:
    from connector.operations.propose import shown_url

    rows = [(each.section, each.table, each.rows, each.why) for each in made.found]
    print_table(None, ("section", "table", "rows, about", "because it"), rows)
    click.secho(f"{made.file} is written", bold=True, nl=False)
    click.echo(f": {count_of(made.needed, 'value')} to fill in, {count_of(made.asked, 'question')} to look at (# ?).")
    if os.environ.get(variable) != url:
        click.echo(
            f"It takes the database's address from the environment:\n\n    export {variable}='{shown_url(url)}'\n"
        )
    shop = "" if made.file == DEFAULT_SHOP else f" --shop {made.file}"
    click.echo("When the file is as it should be:\n")
    click.echo(f"    shopbridge check{shop}      # is everything in place?")
    click.echo(f"    shopbridge setup{shop}      # make in HubSpot what the file needs")
