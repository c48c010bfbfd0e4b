"""The page docs/command-line.md, made from the commands: `python -m connector.cli.reference > docs/command-line.md`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from connector.cli.context import Option, common_options
from connector.cli.root import cli
from connector.settings import Settings

HEAD = """\
# The command line

This page is made from the commands themselves (`python -m connector.cli.reference`).

Addresses, names and credentials are settings in the environment; `--env-file` reads them from a file of `KEY=VALUE`
lines. Every option can be given by an environment variable as well.

## Exit codes

| code | means |
|---|---|
| 0 | done, all is well |
| 1 | something is not right: a check failed; with `--exit-code`: not all is well, errors are open |
| 2 | a mistake on the command line, in a file or in a setting |
| 3 | the other side cannot be reached |
| 70 | going on would lose or corrupt something, or a fault of this program |
| 130 | interrupted |

## Options of every command

They may stand before the command's name or behind it.
"""


def render() -> str:
    """The page."""
    root = click.Context(cli, info_name="shopbridge", auto_envvar_prefix="SHOPBRIDGE")
    parts = [HEAD, *_options(root, common_options()), *_settings(), *_chapters(root, cli)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _settings() -> Iterator[str]:
    rows = [
        f"| `SHOPBRIDGE_{name.upper()}` | {_default(field)} | {_escaped(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    yield "\n## Settings\n"
    yield "\n".join(["| environment variable | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _default(field: FieldInfo) -> str:
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    return f"`{value}`" if value not in {None, ""} else ""


def commands(ctx: click.Context, group: click.Group) -> Iterator[tuple[click.Context, click.Command]]:
    """Every command below the group with its context, groups before what is in them."""
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None, "a listed command is there"
        inner = click.Context(command, parent=ctx, info_name=name)
        yield inner, command
        if isinstance(command, click.Group):
            yield from commands(inner, command)


def _chapters(root: click.Context, group: click.Group) -> Iterator[str]:
    for ctx, command in commands(root, group):
        level = "##" if ctx.parent is root else "###"
        yield f"\n{level} {ctx.command_path}\n"
        if not isinstance(command, click.Group):
            pieces = " ".join(command.collect_usage_pieces(ctx))
            yield f"    {ctx.command_path} {pieces}\n"
        yield _text(command.help or "")
        yield from _options(ctx, [each for each in command.params if isinstance(each, Option)])
        yield _text(command.epilog or "")


def _text(text: str) -> str:
    """Paragraphs as they are; those that click is told to leave alone as a block."""
    return "\n\n".join(_paragraph(paragraph) for paragraph in inspect.cleandoc(text).split("\n\n")) + "\n"


def _paragraph(text: str) -> str:
    if text.startswith("\b"):
        return "\n".join(f"    {line}" for line in text.splitlines()[1:])
    return " ".join(text.split())


def _options(ctx: click.Context, options: list[click.Parameter]) -> Iterator[str]:
    records = [(option, option.get_help_record(ctx)) for option in options]
    rows = [_row(ctx, option, *record) for option, record in records if record is not None]
    if rows:
        yield "\n".join(["| option | environment variable | meaning |", "|---|---|---|", *rows]) + "\n"


def _row(ctx: click.Context, option: click.Parameter, names: str, text: str) -> str:
    meaning = re.sub(r"\s*\[env var: [^];]*;?\s*(?P<rest>[^]]*)\]", _rest, text)
    return f"| `{_escaped(names)}` | `{variable(ctx, option)}` | {_escaped(meaning)} |"


def _rest(match: re.Match[str]) -> str:
    return f" [{match['rest']}]" if match["rest"] else ""


def variable(ctx: click.Context, option: click.Parameter) -> str:
    """The environment variable that gives the option."""
    if isinstance(option, Option) and (own := option.variable(ctx)) is not None:
        return own
    assert isinstance(option.envvar, str), "every option has one"
    return option.envvar


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    click.echo(render(), nl=False)
