"""From `sys.argv` to an exit code: every error ends as a text that says what to do.

0   done, all is well
1   something is not right: a check failed; with --exit-code: not all is well, errors are open
2   a mistake on the command line, in a file or in a setting
3   the other side cannot be reached
70  going on would lose or corrupt something, or a fault of this program
130 interrupted
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from connector.cli.root import cli
from connector.errors import ConfigurationError, FatalError, RetriableError, ShopbridgeError

PROGRAM: Final = "shopbridge"
EXIT_OK: Final = 0
EXIT_NOT_RIGHT: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3
EXIT_FATAL: Final = 70
EXIT_INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with the command's exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; its exit code."""
    try:
        code = cli.main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        return _say("interrupted", EXIT_INTERRUPTED)
    except ShopbridgeError as error:
        return _say(str(error), exit_code(error))
    except Exception as error:  # noqa: BLE001 - the last place that can say something
        return _say(_unforeseen(error), EXIT_FATAL)
    return code if isinstance(code, int) else EXIT_OK


def exit_code(error: ShopbridgeError) -> int:
    """The exit code for an error that we raised on purpose."""
    match error:
        case ConfigurationError():
            return EXIT_USAGE
        case RetriableError():
            return EXIT_UNREACHABLE
        case FatalError():
            return EXIT_FATAL
        case _:
            return EXIT_NOT_RIGHT


def _say(text: str, code: int) -> int:
    if "--debug" in sys.argv and sys.exc_info()[0] is not None:
        traceback.print_exc()
    click.echo(text, err=True)
    return code


def _unforeseen(error: Exception) -> str:
    """A short text, and a file that holds the whole story."""
    with tempfile.NamedTemporaryFile("w", prefix="shopbridge-", suffix=".log", delete=False) as log:
        traceback.print_exception(error, file=log)
    kind = type(error).__name__
    return f"{PROGRAM} met something it was not made for: {kind}: {error}\nThe whole story is in {Path(log.name)}."
