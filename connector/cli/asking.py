"""Asking before something is changed."""

from __future__ import annotations

import sys

import click


def consent(question: str, *, yes: bool) -> None:
    """Return if the operator agrees, by `--yes` or at the terminal; raises UsageError where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here, and nothing was changed; --yes agrees beforehand")
    click.confirm(question, abort=True, err=True)
