"""`shopbridge errors edit`."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from connector.cli.asking import consent
from connector.cli.context import Command, Context, option, pass_context
from connector.cli.error_filters import say_reading
from connector.cli.mending_acts import Asking, act_options, carry_out_and_wait
from connector.cli.options import shows
from connector.cli.output import print_json, print_table

if TYPE_CHECKING:
    from connector.operations.masking import Masking
    from connector.operations.mending.edit_letter import Editable
    from connector.operations.mending.editing import Difference, Edit

STANDS = (
    "The shop's row keeps the value that it has: the next change of the row wins over this edit. Correct the shop too."
)


class Assignment(click.ParamType):
    """property=value; an empty value clears."""

    name = "assignment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, mark, text = str(value).partition("=")
        if not mark or not name.strip():
            self.fail(f"{value!r} must be written like property=value", param, ctx)
        return name.strip(), text


@click.command(cls=Command)
@click.argument("error_id", metavar="ID")
@option("--set", "assignments", type=Assignment(), multiple=True, metavar="PROPERTY=VALUE", help="Say this value.")
@option("--unset", multiple=True, metavar="PROPERTY", help="Clear the property; the same as PROPERTY= with --set.")
@option("--editor", is_flag=True, help="Change the values in $EDITOR, which shows them as they are.")
@option("--new", is_flag=True, help="Allow properties that the row does not say so far.")
@shows
@act_options
@pass_context
def edit(context: Context, /, *, error_id: str, editor: bool, show: bool, **asked: Any) -> int:
    """Change what an error's record says, and send that.

    A value is read as the type of the one that it replaces. Where none stands it is text, unless it begins with
    number:, date:, instant: or bool:. Of a row that could not be mapped the columns are edited, and mapped with the
    shop file, which has to be here. The shop's row keeps its own values, and its next change wins.
    """
    asking, settings = Asking.of(asked), context.settings()
    _require_one_way(asked, editor=editor)
    say_reading(settings)
    from connector.operations.letters import find, read_letters
    from connector.operations.masking import masking_of
    from connector.operations.mending import desk
    from connector.operations.mending.edit_letter import edited_resend, open_editable

    masking = masking_of(settings, show=show)
    letters = read_letters(settings)
    editable = open_editable(settings, letters, find(letters, error_id), context.shops_if_any)
    changes = _typed_in(editable, new=asked["new"]) if editor else editable.differences(_edit(asked))
    if not changes:
        click.echo("Nothing is changed.", err=True)
        return 0
    at = datetime.now(UTC)
    resend = edited_resend(settings, editable, changes, int(at.timestamp() * 1000))
    rows = _rows(editable, changes, masking)
    objects = sorted({f"{it.action} {it.ref}" for it in resend.messages})
    if not context.json:
        _print_changes(editable, rows, objects)
    if asking.dry_run:
        if context.json:
            print_json({"id": editable.letter.id, "changes": rows, "objects": objects, "newer": editable.newer})
        return 0
    consent("Send it?", yes=asking.yes)
    names = ", ".join(each.name for each in changes)
    prepared = desk.prepared_edit(letters, editable.letter, resend, at)
    act = desk.begin_act(settings, desk.EDIT, f"{editable.about} ({editable.letter.id[:12]}): {names}", prepared)
    return carry_out_and_wait(context, act, prepared, asking)


def _require_one_way(asked: dict[str, Any], *, editor: bool) -> None:
    typed = bool(asked["assignments"] or asked["unset"])
    if editor == typed:
        raise click.UsageError("say what to change by --set or --unset, or by --editor")
    if editor and not sys.stdin.isatty():
        raise click.UsageError("--editor needs a terminal; --set and --unset do not")


def _edit(asked: dict[str, Any]) -> Edit:
    from connector.operations.mending.editing import Edit

    return Edit({**dict(asked["assignments"]), **dict.fromkeys(asked["unset"], "")}, new=asked["new"])


def _typed_in(editable: Editable, *, new: bool) -> list[Difference]:
    """What is changed in the editor; a mistake can be mended there."""
    from connector.errors import ConfigurationError
    from connector.operations.mending.editing import Edit
    from connector.operations.mending.editor_text import changed, written

    text: str | None = written(editable.error, editable.known, editable.what, editable.about)
    while True:
        text = click.edit(text, extension=".yaml")
        if text is None:
            return []
        try:
            return editable.differences(Edit(changed(text, editable.known), new=new))
        except ConfigurationError as error:
            click.echo(str(error), err=True)
            click.confirm("Edit it again?", default=True, abort=True, err=True)


def _rows(editable: Editable, changes: Sequence[Difference], masking: Masking) -> list[dict[str, str]]:
    """Name, value before and after. What was there is masked; what is new was typed just now."""
    from connector.operations.mending.editor_text import text_of
    from connector.operations.mending.hiding import hidden_column

    return [
        {
            "name": each.name,
            "before": text_of(hidden_column(editable.error, each.name, each.before, masking)),
            "after": text_of(each.after),
        }
        for each in changes
    ]


def _print_changes(editable: Editable, rows: Sequence[dict[str, str]], objects: Sequence[str]) -> None:
    click.secho(f"{editable.about}: {editable.error.type}", bold=True)
    print_table(None, (editable.what, "before", "after"), [list(row.values()) for row in rows])
    click.echo(f"Sent as: {', '.join(objects)}")
    click.echo(STANDS)
    if editable.newer:
        click.echo("Another error tells of a newer change of this row: where that is known, this edit changes nothing.")
