"""From `sys.argv` to an exit code: every error ends as a text that says what to do.

0    done, all is well
1    something is not right: a check failed; with --exit-code: not all is well, errors are open
2    a mistake on the command line, in a file or in a setting
3    the other side cannot be reached
70   going on would lose or corrupt something, or a fault of this program
130  interrupted
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Final

import click

from connector.cli.context import Context
from connector.cli.root import cli
from connector.errors import ConfigurationError, FatalError, RetriableError, ShopbridgeError

PROGRAM: Final = "shopbridge"
EXIT_OK: Final = 0
EXIT_NOT_RIGHT: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3
EXIT_FATAL: Final = 70
EXIT_INTERRUPTED: Final = 130


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
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place that can say something
        if context.debug:
            traceback.print_exception(error)
        text, code = outcome(error)
        click.echo(text, err=True)
        return code
    return code if isinstance(code, int) else EXIT_OK


def outcome(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit code."""
    match error:
        case ConfigurationError():
            return str(error), EXIT_USAGE
        case RetriableError():
            return str(error), EXIT_UNREACHABLE
        case FatalError():
            return str(error), EXIT_FATAL
        case ShopbridgeError():
            return str(error), EXIT_NOT_RIGHT
        case _:
            return _unforeseen(error), EXIT_FATAL


def _unforeseen(error: Exception) -> str:
    """A short text, and a file that holds the whole story."""
    with tempfile.NamedTemporaryFile("w", prefix="shopbridge-", suffix=".log", delete=False) as log:
        traceback.print_exception(error, file=log)
    kind = type(error).__name__
    return f"{PROGRAM} met something it was not made for: {kind}: {error}\nThe whole story is in {log.name}"
