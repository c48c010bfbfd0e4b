"""What can be wrong inside a text of the shop file, and inside one row; both are told with more context further out."""

from __future__ import annotations

from dataclasses import dataclass

from connector.errors import RowError


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a piece of text: `offset` counts characters from 0."""

    offset: int
    wrong: str
    remedy: str


class FaultyTextError(Exception):
    """A template, expression or address that cannot be compiled, with all its faults."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(fault.wrong for fault in faults))
        self.faults = faults


class UnavailableColumnError(Exception):
    """A column was read whose value the change did not carry."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


class MissingColumnError(RowError):
    """A column that the shop file names is not in the table: no row's fault, but each row's error.

    `table` and `column` say which; Debezium tells of the present columns with every change.
    """

    def __init__(self, table: str, column: str, details: str, *, property_name: str | None = None) -> None:
        super().__init__("COLUMN_MISSING", details, property_name=property_name)
        self.table = table
        self.column = column


class EvaluationError(Exception):
    """An expression has no value for this row, for a reason that the database would give too."""
