"""Saying what was agreed upon, with its progress, and following what becomes of it."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from connector.cli import exit_codes
from connector.cli.context import Context, option
from connector.cli.options import dry_run, rate, yes
from connector.cli.output import count_of, print_json
from connector.cli.progress import bar, stopping

if TYPE_CHECKING:
    from connector.operations.acts import Act
    from connector.operations.letters import Letter
    from connector.operations.mending.desk import Prepared
    from connector.operations.mending.following import Ending, Watch
    from connector.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

FEW = 20
"""So many errors are followed unless --no-wait."""

WAIT_S = 30.0
LONG_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Asking:
    """How an act is to go: agreed beforehand, only shown, at which rate, and whether its end is waited for."""

    yes: bool
    dry_run: bool
    rate: float | None
    wait: bool | None

    @classmethod
    def of(cls, asked: dict[str, Any]) -> Asking:
        """Taken out of a command's options."""
        return cls(asked.pop("yes"), asked.pop("dry_run"), asked.pop("rate"), asked.pop("wait"))

    def wait_s(self, count: int) -> float:
        """How long the errors are followed, in seconds; 0: not at all."""
        if self.wait is None:
            return WAIT_S if count <= FEW else 0.0
        return LONG_WAIT_S if self.wait else 0.0


def act_options(command: F) -> F:
    """The options of every command that says something."""
    text = f"Follow the errors until each is over or refused anew. Without it: up to {WAIT_S:.0f} s, if at most {FEW}."
    for each in reversed(
        (
            dry_run,
            yes,
            rate(None),
            option("--wait/--no-wait", default=None, help=text),
        )
    ):
        command = each(command)
    return command


def carry_out_and_wait(context: Context, act: Act, prepared: Prepared, asking: Asking) -> int:
    """Say it and follow the errors; 0 unless it was stopped, or an error that was followed is not over."""
    from connector.operations.acts import State
    from connector.operations.mending.following import Watch

    settings, letters = context.settings(), prepared.letters()
    wait_s = asking.wait_s(len(letters))
    with ExitStack() as closing:
        watch = Watch(settings) if wait_s else None
        if watch is not None:
            closing.callback(watch.close)
        click.echo(f"Act {act.id} by {act.who}", err=True)
        done = _carry_out(settings, act, prepared, asking, silent=context.json)
        if done.state is not State.DONE:
            click.echo(f"Stopped: {_again(done)}", err=True)
            return exit_codes.INTERRUPTED
        if not context.json:
            click.echo(f"Act {done.id} is done: {count_of(done.done, 'record')}.")
        endings = [] if watch is None else _follow(watch, letters, wait_s, silent=context.json)
    if context.json:
        print_json({"act": done, "endings": endings})
    wanted = prepared.task.state or "RESOLVED"
    return int(any(each.outcome != wanted for each in endings))


def _carry_out(settings: Settings, act: Act, prepared: Prepared, asking: Asking, *, silent: bool) -> Act:
    from connector.errors import ShopbridgeError
    from connector.operations.mending import desk

    with stopping() as stop, bar("said", silent=silent) as advance:
        try:
            return desk.carry_out(
                settings, act, prepared, rate=asking.rate, tell=lambda it: advance(it.done, it.total), stop=stop
            )
        except ShopbridgeError:
            click.echo(_again(act), err=True)
            raise


def _again(act: Act) -> str:
    """How the rest of an act is done."""
    if act.kind == "errors edit":
        return "do the edit again; said twice it counts once."
    return f"shopbridge errors retry --resume {act.id} goes on where it ended."


def _follow(watch: Watch, letters: Sequence[Letter], wait_s: float, *, silent: bool) -> list[Ending]:
    from connector.operations.letters import subject

    if not silent:
        click.echo(f"Following what becomes of them, {wait_s:.0f} s at most ...", err=True)
    about = {letter.id: subject(letter.error) for letter in letters}
    endings = watch.wait(letters, wait_s, lambda ending: None if silent else click.echo(told(ending, about)))
    unknown = [each for each in endings if each.letter is None]
    if unknown and not silent:
        for each in unknown[:FEW]:
            click.echo(f"not known yet: {about[each.id]}; later: shopbridge errors show {each.id[:12]}")
        click.echo("Is a worker running, and HubSpot reachable? `shopbridge status` says it where the worker runs.")
    return endings


def told(ending: Ending, about: Mapping[str, str]) -> str:
    """What became of an error, in a line; `about` names the object of each."""
    letter = ending.letter
    if letter is None or letter.state != "OPEN":
        by = f" by {letter.who}: {letter.note}" if letter is not None and letter.who else ""
        return f"{ending.outcome}: {about[ending.id]}{by}"
    return (
        f"refused anew: {about[ending.id]}: {letter.type}: {letter.details}  (shopbridge errors show {letter.id[:12]})"
    )
