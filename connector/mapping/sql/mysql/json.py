"""JSON of the MySQL family: paths, and the scalar at the end of one. What holds no JSON has no value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.mapping.faults import EvaluationError
from connector.mapping.sql.json import MISSING, Json, Step, loaded
from connector.mapping.sql.mysql.collation import Exact


def path(steps: tuple[Step, ...]) -> Callable[[Any], Json | None]:
    """JSON_EXTRACT; NULL where there is nothing at the path's end."""

    def read(source: Any) -> Json | None:
        if not isinstance(source, str):
            raise EvaluationError("a JSON path needs a JSON column")
        try:
            value = loaded(source)
        except ValueError:
            return None
        for step in steps:
            value = _step(value, step)
            if value is MISSING:
                return None
        return Json(value)

    return read


def unquoted(found: Json | None) -> Exact | None:
    """JSON_UNQUOTE: a text without its quotes, everything else as it is written. As JSON is, it is compared exactly."""
    if found is None:
        return None
    return Exact(found.value if type(found.value) is str else found.text())


def scalar(found: Json | None) -> Exact | None:
    """JSON_VALUE: NULL for JSON's null, for objects and lists; true is 1."""
    if found is None or found.value is None or isinstance(found.value, dict | list):
        return None
    return Exact(int(found.value) if isinstance(found.value, bool) else found.value)


def _step(value: Any, step: Step) -> Any:
    """A value that is no list is taken for a list of one."""
    if isinstance(step, str):
        return value.get(step, MISSING) if type(value) is dict else MISSING
    if type(value) is not list:
        return value if step in (0, -1) else MISSING
    return value[step] if -len(value) <= step < len(value) else MISSING
