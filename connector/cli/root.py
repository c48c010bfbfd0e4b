"""`shopbridge`: the group of all commands, and the options that stand before a command's name."""

from __future__ import annotations

import click

from connector.cli.acts import acts
from connector.cli.capture import capture
from connector.cli.check import check
from connector.cli.completion import completion
from connector.cli.context import Group, common_options
from connector.cli.errors import errors
from connector.cli.forget import forget
from connector.cli.init import init
from connector.cli.ledger import ledger
from connector.cli.leftovers import leftovers
from connector.cli.preview import preview
from connector.cli.replay import replay
from connector.cli.sandbox import sandbox
from connector.cli.schemas import schemas
from connector.cli.setup import setup
from connector.cli.status import status
from connector.cli.trace import trace
from connector.cli.verify import verify
from connector.cli.worker import worker

EPILOG = """\
Exit codes: 0 done, all is well; 1 something is not right; 2 a mistake on the command line, in a file or in a
setting; 3 the other side cannot be reached; 70 going on would lose or corrupt something; 130 interrupted.

Addresses, names and credentials are settings in the environment, named SHOPBRIDGE_...: see docs/command-line.md.
"""

COMMANDS = (
    init,
    check,
    setup,
    capture,
    worker,
    status,
    trace,
    errors,
    verify,
    preview,
    replay,
    leftovers,
    acts,
    forget,
    ledger,
    schemas,
    sandbox,
    completion,
)


@click.group(
    cls=Group,
    epilog=EPILOG,
    context_settings={"auto_envvar_prefix": "SHOPBRIDGE", "help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="shopbridge", prog_name="shopbridge")
def cli() -> None:
    """Keep a shop's customers, orders, products and line items right in HubSpot."""


cli.params.extend(common_options())
for each in COMMANDS:
    cli.add_command(each)
