"""`shopbridge`: the group of all commands, and the options that stand before a command's name."""

from __future__ import annotations

import click

from connector.cli.capture import capture
from connector.cli.check import check
from connector.cli.completion import completion
from connector.cli.context import Group, common_options
from connector.cli.errors import errors
from connector.cli.ledger import ledger
from connector.cli.sandbox import sandbox
from connector.cli.schemas import schemas
from connector.cli.setup import setup
from connector.cli.status import status
from connector.cli.worker import worker

EPILOG = """\
Exit codes: 0 done, all is well; 1 something is not right; 2 a mistake on the command line, in a file or in a
setting; 3 the other side cannot be reached; 70 going on would lose or corrupt something; 130 interrupted.

Addresses, names and credentials are settings in the environment: see `shopbridge check`.
"""

COMMANDS = (check, setup, capture, worker, status, errors, ledger, schemas, sandbox, completion)


class Root(Group):
    """Lists its commands in the order in which one needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [command.name or "" for command in COMMANDS]


@click.group(
    cls=Root,
    epilog=EPILOG,
    context_settings={"auto_envvar_prefix": "SHOPBRIDGE", "help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="shopbridge", prog_name="shopbridge")
def cli() -> None:
    """Keep a shop's customers, orders, products and line items right in HubSpot."""


cli.params.extend(common_options())
for each in COMMANDS:
    cli.add_command(each)
