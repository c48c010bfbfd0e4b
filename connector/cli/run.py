"""From `sys.argv` to an exit code: every error ends as a text that says what to do."""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Final

import click

from connector.cli import exit_codes
from connector.cli.context import Context
from connector.cli.root import cli
from connector.errors import ConfigurationError, FatalError, RetriableError, ShopbridgeError

PROGRAM: Final = "shopbridge"


def main() -> None:
    """Run the command line and leave the process with the command's exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command; its exit code."""
    context = Context()
    try:
        code = cli.main(list(arguments), prog_name=PROGRAM, standalone_mode=False, obj=context)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return exit_codes.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return exit_codes.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place that can say something
        if context.debug:
            traceback.print_exception(error)
        text, code = outcome(error)
        click.echo(text, err=True)
        return code
    return code if isinstance(code, int) else exit_codes.OK


def outcome(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit code."""
    match error:
        case ConfigurationError():
            return str(error), exit_codes.USAGE
        case RetriableError():
            return str(error), exit_codes.UNREACHABLE
        case FatalError():
            return str(error), exit_codes.FATAL
        case ShopbridgeError():
            return str(error), exit_codes.NOT_RIGHT
        case _:
            return _unforeseen(error), exit_codes.FATAL


def _unforeseen(error: Exception) -> str:
    """A short text, and a file that holds the whole story."""
    with tempfile.NamedTemporaryFile("w", prefix="shopbridge-", suffix=".log", delete=False) as log:
        traceback.print_exception(error, file=log)
    kind = type(error).__name__
    return f"{PROGRAM} met something it was not made for: {kind}: {error}\nThe whole story is in {log.name}"
