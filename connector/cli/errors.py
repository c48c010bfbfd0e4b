"""`shopbridge errors`: list, show and export; what mends them stands in `mending` and `editing`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context import Context, Group, option, pass_context
from connector.cli.editing import edit
from connector.cli.error_filters import filters, say_reading, states, wanted
from connector.cli.mending import ignore, resolve, retry
from connector.cli.options import shows
from connector.cli.output import count_of, moment, print_json, print_table

if TYPE_CHECKING:
    from connector.operations.causes import Cause
    from connector.operations.letters import Letter, Letters
    from connector.operations.originals import Original, Whence


@click.group(cls=Group)
def errors() -> None:
    """What could not be kept right, why, and what to do: read from the dead-letter topic alone.

    A machine that has the broker's and the registry's address is enough: no ledger, and no shop file except where a
    change is mapped again.
    """


@errors.command(name="list")
@filters
@states
@option("--open", is_flag=True, help="The same as --state open.")
@option("--each", is_flag=True, help="A line for each error instead of one for each cause.")
@shows
@option("--exit-code", is_flag=True, help="Exit with 1 if any is listed.")
@pass_context
def list_errors(context: Context, /, *, each: bool, show: bool, exit_code: bool, **asked: Any) -> int:
    """List errors, grouped by cause: how many, since when, an example, and what to do.

    With --json each error is a line. A row that could not be mapped may name no object; it is found by --object where
    its key is the ID.
    """
    from connector.operations.causes import by_cause
    from connector.operations.letters import as_line, choose, read_letters
    from connector.operations.masking import masking_of
    from connector.operations.mending.hiding import hidden_letter

    asked["state"] = "open" if asked["open"] else asked["state"]
    filter_, settings = wanted(asked), context.settings()
    masking = masking_of(settings, show=show)
    say_reading(settings)
    letters = read_letters(settings)
    found = [hidden_letter(letter, masking) for letter in choose(letters, filter_)]
    if context.json:
        for letter in found:
            print_json(as_line(letter), indent=None)
    elif each:
        _print_each(found)
    else:
        _print_causes(by_cause(found), is_all=filter_.state is None)
    say_unreadable(letters)
    return int(exit_code and bool(found))


def say_unreadable(letters: Letters) -> None:
    """Tell of records that are no letters."""
    if letters.unreadable:
        click.echo(f"{letters.unreadable} records of the dead-letter topic cannot be read and are left out.", err=True)


def _print_causes(causes: list[Cause], *, is_all: bool) -> None:
    if not causes:
        click.secho("There are no such errors." if is_all else "No such errors are open.", fg="green")
        return
    total = sum(cause.count for cause in causes)
    click.secho(f"{count_of(total, 'error')}, {count_of(len(causes), 'cause')}", bold=True)
    for cause in causes:
        click.echo()
        click.secho(f"{cause.type}: {cause.count:,}", bold=True, nl=False)
        click.echo(f"  ({', '.join(cause.object_types)}; {moment(cause.first_seen)} to {moment(cause.last_seen)})")
        click.echo(f"    {cause.meaning}")
        click.echo(f"    What to do: {cause.remedy}")
        click.echo(f"    Example: {cause.example}")
        click.echo(f"             shopbridge errors show {cause.example_id[:12]}")
    click.echo("\nOnce mended: shopbridge errors retry --cause CAUSE, or errors edit, resolve, ignore with an ID.")


def _print_each(found: list[Letter]) -> None:
    from connector.operations.letters import subject

    rows = [
        (it.id[:12], it.error.state, it.error.type, subject(it.error), moment(it.error.at), it.refusal.details)
        for it in found
    ]
    print_table(None, ("id", "state", "cause", "of", "at", "details"), rows)


@errors.command()
@click.argument("error_id", metavar="ID")
@shows
@pass_context
def show(context: Context, error_id: str, *, show: bool) -> None:
    """Show one error whole: cause, what to do, HubSpot's answer, where it came from, and the original record decoded.

    ID may be shortened as long as it names one error. Personal data is masked unless --show.
    """
    from connector.operations.letters import as_line, find, read_letters
    from connector.operations.masking import masking_of
    from connector.operations.mending.hiding import hidden, hidden_letter
    from connector.operations.originals import original

    settings = context.settings()
    masking = masking_of(settings, show=show)
    say_reading(settings)
    letter = find(read_letters(settings), error_id)
    record, personal = hidden(original(settings, letter.refusal), letter.error, masking)
    letter = hidden_letter(letter, masking, personal)
    if context.json:
        line = {**as_line(letter), "answer": letter.refusal.answer, "life": letter.life, "original": record}
        print_json(line)
    else:
        _print_one(letter, record)


def _print_one(letter: Letter, record: Original) -> None:
    from connector.catalogue import entry
    from connector.operations.letters import subject

    error, known = letter.error, entry(letter.error.type)
    click.secho(f"{error.type}: {subject(error)}", bold=True)
    click.echo(f"{known.cause}\nWhat to do: {known.remedy}\n")
    print_table(None, ("", ""), [(name, value) for name, value in _facts(letter, record.whence).items() if value])
    if len(letter.life) > 1:
        rows = [(moment(it.at), it.state, it.type, it.who, it.note or it.details) for it in letter.life]
        print_table("What became of it", ("at", "state", "cause", "by", "note or details"), rows)
    click.echo(f"The record that it is about ({record.found}):")
    if record.value is not None:
        print_json(record.value)


def _facts(letter: Letter, whence: Whence | None) -> dict[str, object]:
    error, refusal = letter.error, letter.refusal
    partition, offset, position = refusal.partition, refusal.offset, refusal.database_position
    if whence is not None:
        partition, offset, position = whence.partition, whence.offset, whence.database_position
    return {
        "id": error.id,
        "state": error.state,
        "found while": f"{error.stage} ({refusal.attempts} attempts)" if refusal.attempts else error.stage,
        "details": refusal.details,
        "property": refusal.property_name,
        "HubSpot's category": refusal.category,
        "correlation id": refusal.correlation_id,
        "answer": refusal.answer,
        "first seen": moment(letter.first_at),
        "newest news": moment(error.at),
        "row": f"{error.row.topic} {error.row.row_key}",
        "record": f"partition {partition}, offset {offset}",
        "database position": position,
        "note": error.note,
        "who": error.who,
    }


@errors.command()
@filters
@states
@option(
    "--format", "form", type=click.Choice(("csv", "jsonl")), default="csv", show_default=True, help="What to write."
)
@shows
@option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Else it is printed.")
@pass_context
def export(context: Context, /, *, form: str, show: bool, output: Path | None, **asked: Any) -> None:
    """Write errors as a table for spreadsheets, or as JSON lines, with what each means and what to do.

    In CSV, a cell that a spreadsheet would compute (it begins with = + - or @) gets an apostrophe before it.
    """
    from connector.operations.letters import choose, read_letters
    from connector.operations.masking import masking_of
    from connector.operations.mending.export import exported, write_csv, write_lines
    from connector.operations.mending.hiding import hidden_letter

    filter_, settings = wanted(asked), context.settings()
    masking = masking_of(settings, show=show)
    say_reading(settings)
    letters = read_letters(settings)
    lines = (exported(hidden_letter(letter, masking)) for letter in choose(letters, filter_))
    write = write_lines if context.json or form == "jsonl" else write_csv
    if output is None:
        count = write(lines, sys.stdout)
    else:
        with output.open("w", encoding="utf-8", newline="") as file:
            count = write(lines, file)
    click.echo(f"{count_of(count, 'error')}{'' if output is None else f' in {output}'}", err=True)
    say_unreadable(letters)


for each in (retry, edit, resolve, ignore, export):
    errors.add_command(each)
