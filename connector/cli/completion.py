"""`shopbridge completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from connector.cli.context import Command

HOW = {
    "bash": 'eval "$(shopbridge completion bash)"    in ~/.bashrc',
    "zsh": 'eval "$(shopbridge completion zsh)"    in ~/.zshrc, after compinit',
    "fish": "shopbridge completion fish > ~/.config/fish/completions/shopbridge.fish",
}


@click.command(cls=Command, epilog="\b\n" + "\n".join(f"{shell:6}{how}" for shell, how in HOW.items()))
@click.argument("shell", type=click.Choice(tuple(HOW)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands and options in a shell."""
    kind = get_completion_class(shell)
    assert kind is not None, "click knows the three shells"
    click.echo(kind(ctx.find_root().command, {}, "shopbridge", "_SHOPBRIDGE_COMPLETE").source())
