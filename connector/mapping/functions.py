"""The user's own Python functions, named in the shop file as `package.module:function`."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from connector.change import UNAVAILABLE, Column, Row
from connector.errors import RowError
from connector.mapping.faults import Fault, FaultyTextError, UnavailableColumnError
from connector.mapping.values import whole_value
from connector.message import Value

_VALUES = (bool, int, str, Decimal, date, type(None))


def load_function(path: str, folder: Path) -> Callable[[dict[str, Column]], object]:
    """The function, its module found where Python finds modules, beside the shop file or in the working folder.

    The two folders come last, so that no file in them hides a module of the product. Raises FaultyTextError.
    """
    module_name, _, name = path.partition(":")
    if not module_name or not name:
        raise _fault(f"`{path}` names no function", "Write `package.module:function`.")
    for place in (str(folder), str(Path.cwd())):
        if place not in sys.path:
            sys.path.append(place)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise _fault(
            f"the module {module_name} cannot be imported: {type(error).__name__}: {error}",
            f"It must be installed or lie in {folder} or the working folder, and run without an error.",
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise _fault(f"the module {module_name} has no function `{name}`", f"Define `def {name}(row): ...` in it.")
    return function  # type: ignore[no-any-return]


def function_source(path: str) -> str:
    """The source of the loaded module that holds the function, as far as Python can show it."""
    module = sys.modules[path.partition(":")[0]]
    try:
        return inspect.getsource(module)
    except (OSError, TypeError):
        return repr(module)


def call(path: str, function: Callable[[dict[str, Column]], object]) -> Callable[[Row], Value]:
    """The function as a property's reader: raises RowError FUNCTION_RAISED for whatever it raises."""

    def read(row: Row) -> Value:
        given = _GuardedRow(row)
        try:
            value = function(given)
        except _NoColumnError:
            _raise_missed(given)
            raise
        except Exception as error:
            _raise_missed(given)
            raise RowError("FUNCTION_RAISED", f"{path} raised {_describe(error)}") from error
        _raise_missed(given)
        return _checked(path, value)

    return read


def _checked(path: str, value: object) -> Value:
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and not value.is_finite():
        raise RowError("INVALID_NUMBER", f"{path} returned {value}, which is no number that HubSpot can hold")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise RowError("ERROR_INVALID_DATE_PROPERTY", f"{path} returned {value}, a time without a zone")
        return value.astimezone(UTC)
    if type(value) is int:
        return whole_value(value)
    if not isinstance(value, _VALUES):
        wanted = "None, bool, int, str, Decimal, date or datetime"
        raise RowError("FUNCTION_RAISED", f"{path} returned a {type(value).__name__}; it must return {wanted}")
    return value


def _describe(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    text = f"{type(error).__name__}: {error}"
    if not frames:
        return text
    last = frames[-1]
    return f"{text} (line {last.lineno} of {Path(last.filename).name}: {last.line or last.name})"


def _raise_missed(row: _GuardedRow) -> None:
    if row.missed is not None:
        raise row.missed


class _NoColumnError(KeyError):
    """The table has no such column, which is nothing that the function did wrong."""


class _GuardedRow(dict[str, Column]):
    """A copy of a row, whose columns that were not carried or not decoded raise when they are read.

    `missed` remembers what was raised, because a function may catch it and return something made up.
    """

    def __init__(self, row: Row) -> None:
        super().__init__(row)
        self._row = row
        self.missed: UnavailableColumnError | RowError | None = None

    def __getitem__(self, name: str) -> Column:
        value = super().__getitem__(name)
        if value is UNAVAILABLE:
            self.missed = UnavailableColumnError(name)
            raise self.missed
        return value

    def __missing__(self, name: str) -> Column:
        """The decoder's row raises its own error for a column that it could not read."""
        try:
            return self._row[name]
        except RowError as error:
            self.missed = error
            raise
        except KeyError:
            raise _NoColumnError(name) from None

    def __contains__(self, name: object) -> bool:
        return name in self._row

    def __iter__(self) -> Iterator[str]:
        """Defined, so that `dict(row)` reads every value by `__getitem__`."""
        return super().__iter__()

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401 `get` itself

    def values(self) -> Any:
        return [self[name] for name in self]

    def items(self) -> Any:
        return [(name, self[name]) for name in self]

    def copy(self) -> dict[str, Column]:
        return dict(self.items())


def _fault(wrong: str, remedy: str) -> FaultyTextError:
    return FaultyTextError((Fault(0, wrong, remedy),))
