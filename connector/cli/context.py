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

F = TypeVar("F", bound=Callable[..., Any])

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


class Option(click.Option):
    """An option whose environment variable is named after it, and after its command: SHOPBRIDGE_<COMMAND>_<OPTION>."""

    def variable(self, ctx: click.Context) -> str | None:
        """The variable by which it can be given, None where one was named for it alone."""
        if self.envvar is not None or ctx.auto_envvar_prefix is None:
            return None
        longest = max(self.opts, key=len).lstrip("-").upper().replace("-", "_")
        return f"{ctx.auto_envvar_prefix}_{longest}"

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        variable = self.variable(ctx)
        return super().resolve_envvar_value(ctx) if variable is None else os.environ.get(variable) or None

    def get_help_extra(self, ctx: click.Context) -> Any:
        extra = super().get_help_extra(ctx)
        if (variable := self.variable(ctx)) is not None:
            extra["envvars"] = (variable,)
        return extra


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """A command's own option."""
    return click.option(*names, cls=Option, show_envvar=True, **settings)


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


def _common(name: str, *, to: Callable[..., None], text: str, **settings: Any) -> click.Option:
    variable = f"SHOPBRIDGE_{name.upper().replace('-', '_')}"
    return click.Option(
        [f"--{name}"], envvar=variable, show_envvar=True, expose_value=False, callback=to, help=text, **settings
    )


def common_options() -> list[click.Parameter]:
    """The options that may stand before the command's name or behind it."""
    files: dict[str, Any] = {"multiple": True, "type": click.Path(path_type=Path), "metavar": "FILE"}
    env_text = "KEY=VALUE lines for the environment; what is set already stays."
    return [
        _common("shop", to=_set_shops, text="A shop file; may be given several times. Without it: shop.yaml.", **files),
        _common("json", to=_set_json, text="Print JSON.", is_flag=True),
        _common("env-file", to=_load_env_file, text=env_text, is_eager=True, **files),
        _common("debug", to=_set_debug, text="Show the traceback of an error.", is_flag=True),
    ]


class Command(click.Command):
    """A command that takes the common options too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(common_options())


class Group(click.Group):
    """A group whose commands take the common options, listed in the order in which one needs them."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)
