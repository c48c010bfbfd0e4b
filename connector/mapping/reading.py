"""What one row says under one table mapping; whatever goes wrong becomes the row's error, told in the user's terms."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TypeVar

from connector.change import UNAVAILABLE, Row
from connector.errors import RowError
from connector.mapping.external_id import external_id
from connector.mapping.faults import EvaluationError, MissingColumnError, UnavailableColumnError
from connector.mapping.shop import Reader, Shop, TableMapping
from connector.message import Link, Value

T = TypeVar("T")
NOTHING: frozenset[str] = frozenset()


class RowReader:
    """Reads rows of one table. Every method raises RowError alone."""

    def __init__(self, shop: Shop, mapping: TableMapping) -> None:
        self._mapping = mapping
        self._full_rows = shop.full_rows_statement(mapping.table)
        self._properties = tuple((prop.name, prop.read) for prop in mapping.properties)
        self._columns = {prop.name: prop.columns or NOTHING for prop in mapping.properties}
        self._links = tuple((link, link.key.render) for link in mapping.links)

    def external_id(self, row: Row) -> str | None:
        """The id of the row's object; None where a column of the id template is NULL."""
        text = self._read("`id`", self._mapping.id.render, row)
        return None if text is None else external_id(text)

    def inside(self, row: Row) -> bool:
        """Whether the row passes the filter: its condition is true, neither false nor unknown."""
        where = self._mapping.where
        return where is None or self._read("`where`", where, row) is True

    def newest_by(self, row: Row) -> Value:
        """The value by which the row is compared with others that speak for the same object."""
        read = self._mapping.newest_by
        if read is None:
            return None
        value = self._read("`newest_by`", read, row)
        if value is UNAVAILABLE:
            raise self._not_carried("`newest_by`", str(self._mapping.newest_by_column))
        return value

    def links(self, row: Row) -> tuple[Link, ...]:
        """The wanted associations; a template with a NULL column wants none."""
        if not self._links:
            return ()
        links: list[Link] = []
        for link, render in self._links:
            text = self._read("a link", render, row)
            if text is not None:
                links.append(Link(link.kind, external_id(text), link.required, link.cascade))
        return tuple(links)

    def properties(self, row: Row) -> tuple[dict[str, Value], frozenset[str]]:
        """Property values, and the names of properties that the change did not carry."""
        values: dict[str, Value] = {}
        unavailable: list[str] = []
        for name, read in self._properties:
            value = self._property(name, read, row)
            if value is UNAVAILABLE:
                unavailable.append(name)
            else:
                values[name] = value  # type: ignore[assignment]
        return values, frozenset(unavailable) if unavailable else NOTHING

    def readable_properties(self, row: Row) -> tuple[dict[str, Value], frozenset[str]]:
        """As `properties`, but leaving out those that cannot be read.

        For rows outside the filter: a draft whose status no value map names is no error while nobody wants the draft.
        """
        values: dict[str, Value] = {}
        unavailable: set[str] = set()
        for name, read in self._properties:
            try:
                value = self._property(name, read, row)
            except RowError:
                continue
            if value is UNAVAILABLE:
                unavailable.add(name)
            else:
                values[name] = value  # type: ignore[assignment]
        return values, frozenset(unavailable)

    def _property(self, name: str, read: Reader, row: Row) -> object:
        try:
            return read(row)
        except UnavailableColumnError:
            return UNAVAILABLE
        except RowError as error:
            raise RowError(error.type, self._with_columns(error, name), property_name=name) from error
        except (EvaluationError, ArithmeticError) as error:
            raise RowError("MAPPING_FAILED", str(error), property_name=name) from error
        except KeyError as error:
            raise self._no_column(error, row, name) from error
        except Exception as error:
            raise RowError("UNEXPECTED", f"{type(error).__name__}: {error}", property_name=name) from error

    def _with_columns(self, error: RowError, name: str) -> str:
        """The details, with the columns where a whole column is at fault and was not named."""
        if error.type != "UNSUPPORTED_TYPE" or error.details.startswith("column "):
            return error.details
        return f"{error.details}; it is read from {', '.join(sorted(self._columns[name])) or 'no column that is named'}"

    def _read(self, what: str, read: Callable[[Row], T], row: Row) -> T:
        try:
            return read(row)
        except UnavailableColumnError as error:
            raise self._not_carried(what, error.column) from error
        except (EvaluationError, ArithmeticError) as error:
            raise RowError("MAPPING_FAILED", f"{what} of {self._mapping.name}: {error}") from error
        except KeyError as error:
            raise self._no_column(error, row, None) from error

    def _not_carried(self, what: str, column: str) -> RowError:
        return RowError(
            "MAPPING_FAILED",
            f"{what} of {self._mapping.name} reads {column}, a long value that the change did not carry because it was "
            f"not changed. Let the database write whole rows: {self._full_rows}",
        )

    def _no_column(self, error: KeyError, row: Row, property_name: str | None) -> MissingColumnError:
        table, column = self._mapping.table, str(error.args[0])
        near = difflib.get_close_matches(column, list(row), n=1)
        meant = f"; did you mean {near[0]}?" if near else f"; it has {', '.join(row)}."
        details = (
            f"the table {table} has no column {column}{meant} Bring the column back, or mend the shop file and restart "
            f"the worker; then `shopbridge capture snapshot {table}` says its rows again"
        )
        return MissingColumnError(table, column, details, property_name=property_name)
