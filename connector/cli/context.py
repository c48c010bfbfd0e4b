"""What every command gets, and the options that every command takes."""
# ruff: noqa: PLC0415 - settings and shop files are heavy to import, and help must come at once

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from connector.operations.environment import load_env_file, read_settings

if TYPE_CHECKING:
    from connector.mapping import Shop
    from connector.settings import Settings

DEFAULT_SHOP: Final = Path("shop.yaml")


@dataclass(slots=True)
class Context:
    """The common options as given, before or behind the command's name."""

    shop_files: tuple[Path, ...] = ()
    json: bool = False
    debug: bool = False

    def settings(self) -> Settings:
        """The settings of the environment; raises ConfigurationError."""
        return read_settings()

    def shops(self) -> list[Shop]:
        """The shop files, compiled; raises ConfigurationError with their mistakes."""
        from connector.mapping import load_shop

        return [load_shop(path, os.environ) for path in self.shop_files_or_default()]

    def shop_files_or_default(self) -> tuple[Path, ...]:
        """The shop files that were named, else the usual one."""
        return self.shop_files or (DEFAULT_SHOP,)

    def shops_if_any(self) -> list[Shop]:
        """The shop files; none where none was named and the usual one is not there."""
        return self.shops() if self.shop_files or DEFAULT_SHOP.exists() else []


pass_context = click.make_pass_decorator(Context, ensure=True)


def _set_shops(ctx: click.Context, _option: click.Parameter, files: tuple[Path, ...]) -> None:
    if files:
        ctx.ensure_object(Context).shop_files = files


def _set_json(ctx: click.Context, _option: click.Parameter, given: bool) -> None:  # noqa: FBT001 - as click calls it
    if given:
        ctx.ensure_object(Context).json = True


def _set_debug(ctx: click.Context, _option: click.Parameter, given: bool) -> None:  # noqa: FBT001 - as click calls it
    if given:
        ctx.ensure_object(Context).debug = True


def _load_env_file(_ctx: click.Context, _option: click.Parameter, files: tuple[Path, ...]) -> None:
    for path in files:
        load_env_file(path, os.environ)


def common_options() -> list[click.Parameter]:
    """The options that may stand before the command's name or behind it."""
    shared: dict[str, Any] = {"expose_value": False, "show_envvar": True}
    return [
        click.Option(
            ["--shop"],
            multiple=True,
            type=click.Path(path_type=Path),
            envvar="SHOPBRIDGE_SHOP",
            metavar="FILE",
            callback=_set_shops,
            help="A shop file; may be given several times. Without it: shop.yaml.",
            **shared,
        ),
        click.Option(
            ["--json"], is_flag=True, envvar="SHOPBRIDGE_JSON", callback=_set_json, help="Print JSON.", **shared
        ),
        click.Option(
            ["--env-file"],
            multiple=True,
            type=click.Path(path_type=Path),
            envvar="SHOPBRIDGE_ENV_FILE",
            metavar="FILE",
            is_eager=True,
            callback=_load_env_file,
            help="KEY=VALUE lines for the environment; what is set already stays.",
            **shared,
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            envvar="SHOPBRIDGE_DEBUG",
            callback=_set_debug,
            help="Show the traceback of an error.",
            **shared,
        ),
    ]


class Command(click.Command):
    """A command that takes the common options too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(common_options())


class Group(click.Group):
    """A group whose commands take the common options; it takes them only at the top."""

    command_class = Command
    group_class = type


F = TypeVar("F", bound=Callable[..., Any])


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """A command's own option; its environment variable follows from the command's name and its own."""
    return click.option(*names, show_envvar=True, **settings)
