"""A decoded row that holds back the columns it could not read until somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, TypeVar

from connector.change import Column
from connector.errors import RowError

T = TypeVar("T")


class DecodedRow(dict[str, Column]):
    """Column name to value.

    A column of a type nobody can map, or with a value beyond our types (a date before Christ), is no fault of the row
    as long as nothing uses the column. So it is kept apart in `faults`, counts as present, and raises its RowError when
    its value is asked for.
    """

    __slots__ = ("faults",)

    def __init__(self, values: Mapping[str, Column], faults: Mapping[str, RowError]) -> None:
        super().__init__(values)
        self.faults = faults

    def __missing__(self, column: str) -> NoReturn:
        raise self.faults.get(column) or KeyError(column)

    def __contains__(self, column: object) -> bool:
        return super().__contains__(column) or column in self.faults

    def get(self, column: str, default: T | None = None) -> Column | T | None:  # type: ignore[override]
        if column not in self:
            return default
        return self[column]
