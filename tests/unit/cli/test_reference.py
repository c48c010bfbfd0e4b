"""The commands' help and their page in docs/ are one."""

from __future__ import annotations

import itertools
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from connector.cli.completion import HOW
from connector.cli.context import Command, Option, common_options
from connector.cli.reference import commands, render, variable
from connector.cli.root import cli
from connector.cli.run import run
from connector.cli.sandbox import PLANS
from connector.cli.worker import ROLES
from connector.sandbox.__main__ import main as sandbox

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "command-line.md"
GUIDE = DOCS / "operators.md"
ROOT = click.Context(cli, info_name="shopbridge", auto_envvar_prefix="SHOPBRIDGE")
EVERY = list(commands(ROOT, cli))


def test_the_page_is_what_the_commands_say() -> None:
    """Whoever changes a command makes the page anew: python -m connector.cli.reference > docs/command-line.md."""
    assert render() == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("ctx", "command"), EVERY, ids=[ctx.command_path for ctx, _ in EVERY])
def test_every_option_names_its_variable_in_the_help(ctx: click.Context, command: click.Command) -> None:
    """What can be typed can be set in the environment, and the help says how."""
    told = " ".join(command.get_help(ctx).split())
    for each in command.params:
        if isinstance(each, click.Option):
            assert variable(ctx, each) in told
            assert each.help


def examples(page: Path) -> list[list[str]]:
    """The arguments of every command that a page shows in a block, up to a comment or what the shell does with it."""
    lines = [
        line.strip() for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("    shopbridge")
    ]
    found = [shlex.split(line, comments=True)[1:] for line in lines]
    return [
        list(itertools.takewhile(lambda word: word not in {"&", "||"} and not word.startswith(">"), each))
        for each in found
    ]


@pytest.mark.parametrize("arguments", examples(GUIDE), ids=" ".join)
def test_the_guide_shows_commands_that_there_are(arguments: list[str]) -> None:
    """Each example names a command, and options and arguments that it takes."""
    group: click.Group = cli
    ctx, words = ROOT, arguments
    while True:
        _, command, words = group.resolve_command(ctx, words)
        assert command is not None
        ctx = click.Context(command, parent=ctx, info_name=command.name)
        if not isinstance(command, click.Group):
            break
        group = command
    _, left, _ = command.make_parser(ctx).parse_args(words)
    assert [] == left


def test_variables_are_distinct() -> None:
    """No two options of different meaning share a variable; the common ones and --admin-url are meant to."""
    common = {each.name for each in common_options()} | {"admin_url"}
    own = [
        variable(ctx, each)
        for ctx, command in EVERY
        for each in command.params
        if isinstance(each, Option) and each.name not in common
    ]
    assert sorted(set(own)) == sorted(own)


@pytest.mark.parametrize(("ctx", "command"), EVERY, ids=[ctx.command_path for ctx, _ in EVERY])
def test_every_command_takes_the_common_options(ctx: click.Context, command: click.Command) -> None:
    """--json, --shop, --env-file and --debug may stand behind any command's name."""
    assert ctx.command is command
    if not isinstance(command, click.Group):
        assert isinstance(command, Command)
        assert {"shop", "json", "env_file", "debug"} <= {each.name for each in command.params}


@pytest.mark.parametrize(("shell", "word"), [("bash", "complete -o"), ("zsh", "#compdef"), ("fish", "complete --no")])
def test_each_shell_has_its_completion(capsys: pytest.CaptureFixture[str], shell: str, word: str) -> None:
    """The script is printed, and the help says where to put it."""
    assert 0 == run(["completion", shell])
    assert word in capsys.readouterr().out
    assert HOW[shell].startswith(("eval", "shopbridge"))


def test_the_sandbox_takes_what_its_own_program_takes() -> None:
    """The command passes its options on by name: all must be known there, with the same defaults but the file's."""
    ours = next(command for ctx, command in EVERY if ctx.command_path == "shopbridge sandbox")
    theirs, mine = (each.make_context("sandbox", ["--database", "a.db"]).params for each in (sandbox, ours))
    assert theirs == mine
    plan = next(each.type for each in sandbox.params if each.name == "plan")
    assert isinstance(plan, click.Choice)
    assert tuple(plan.choices) == PLANS


def test_roles_are_named_alike() -> None:
    """The command line knows the worker's roles, without importing the worker for its help."""
    code = "from connector.agents.worker import ROLES; print(','.join(ROLES))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ",".join(ROLES) == done.stdout.strip()
