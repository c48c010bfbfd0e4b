"""The command line: thin commands over `connector.operations`.

run.py        exit codes, and errors as text
root.py       the group of commands and its options
context.py    what every command gets: shop files, settings, the form of the output
output.py     JSON, tables, colours
reference.py  docs/command-line.md, made from the commands
the others    a command, or a group of them, each

A command imports what it works with when it runs, so that help and first lines come at once.
"""

from __future__ import annotations

from connector.cli.run import main

__all__ = ["main"]
