"""Checks of single texts of the shop file. Each raises a PydanticCustomError whose context holds the faults."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Never
from zoneinfo import ZoneInfo

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from connector.mapping.faults import Fault, FaultyTextError
from connector.mapping.functions import load_function
from connector.mapping.sql import compile_expression
from connector.mapping.template import compile_template

FAULTS = "shop_file_faults"
"""The type of our own validation errors; their context is {"faults": tuple of Fault}."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DIALECTS = {"postgres": "postgres", "mariadb": "mysql", "mysql": "mysql"}


def refuse(wrong: str, remedy: str, offset: int = 0) -> Never:
    _refuse_all((Fault(offset, wrong, remedy),))


def _refuse_all(faults: tuple[Fault, ...]) -> Never:
    raise PydanticCustomError(FAULTS, "see context", {"faults": faults})


def _context(info: ValidationInfo) -> dict[str, Any]:
    assert info.context is not None, "the loader always gives a context"
    return info.context  # type: ignore[no-any-return]


def dialect(kind: object) -> str:
    """The SQL dialect of a kind of database; PostgreSQL's where the kind itself is a mistake."""
    return _DIALECTS.get(str(kind), "postgres")


def substitute_environment(text: str, info: ValidationInfo) -> str:
    environ: Mapping[str, str] = _context(info)["environ"]
    faults = tuple(
        Fault(
            match.start(),
            f"the environment variable {match[1]} is not set",
            f"Set it before the start, as in `export {match[1]}=...`, or write the value itself.",
        )
        for match in _VARIABLE.finditer(text)
        if match[1] not in environ
    )
    if faults:
        _refuse_all(faults)
    return _VARIABLE.sub(lambda match: environ[match[1]], text)


def check_template(text: str) -> str:
    try:
        template = compile_template(text)
    except FaultyTextError as error:
        _refuse_all(error.faults)
    if not template.columns:
        refuse(f"`{text}` names no column", f'Write the column between braces: "{{{text}}}".')
    return text


def check_sql(text: str, info: ValidationInfo) -> str:
    try:
        compile_expression(text, _context(info)["dialect"])
    except FaultyTextError as error:
        _refuse_all(error.faults)
    return text


def check_function(path: str, info: ValidationInfo) -> str:
    try:
        load_function(path, _context(info)["folder"])
    except FaultyTextError as error:
        _refuse_all(error.faults)
    return path


def check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        refuse(f"`{name}` is no time zone", "Use a name of the IANA time zone database, as Europe/Berlin or UTC.")
    return name


def check_property_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        remedy = "Use the internal name (small letters, digits, `_`), not the label: `firstname`, not `First name`."
        refuse(f"`{name}` is no internal name of a HubSpot property", remedy)
    if name == "hs_product_id":
        refuse("`hs_product_id` is written by the link to the product", 'Use `product: "{product_id}"` instead.')
    return name


def check_store_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", text):
        refuse(f"`{text}` cannot be a store's id", "Use up to 40 letters, digits, `_`, `-` and `.`, as in `main`.")
    return text


def check_prefix(text: str, info: ValidationInfo) -> str:
    if info.data.get("external", "a mistake") is not None:
        return check_topic(text)
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", text):
        refuse(f"`{text}` cannot begin topic names", "Use small letters, digits and `_`, not beginning with a digit.")
    return text


def check_topic(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", text):
        refuse(f"`{text}` cannot be a topic's name", "Kafka allows letters, digits, `.`, `_` and `-`.")
    return text


def check_external(ours: Collection[str], topics: Sequence[str]) -> None:
    if ours:
        remedy = "Leave them out: whoever runs the connector sets it up."
        refuse(f"with `external` nothing is captured by us, but here is `{'`, `'.join(sorted(ours))}`", remedy)
    if double := sorted({topic for topic in topics if topics.count(topic) > 1}):
        remedy = "Let the connector write each table to a topic of its own."
        refuse(f"several tables share the topic `{double[0]}`", remedy)


def check_table(name: str) -> str:
    if "." in name or not name:
        remedy = "Write the table's name alone; its schema is `database: {schema: ...}`, one for the whole file."
        refuse(f"`{name}` is no plain table name", remedy)
    return name


def check_constant(value: Any) -> Any:
    if isinstance(value, datetime) or not isinstance(value, bool | int | str | Decimal | date | None):
        refuse(f"`{value}` cannot be a property's value", "Give a text, a number, true, false, a date, or null.")
    if isinstance(value, Decimal) and not value.is_finite():
        refuse(f"`{value}` is no number that HubSpot can hold", "Give a finite number.")
    return value


def check_property_form(value: Any) -> Any:
    """A property that is neither text nor mapping is a constant not marked as one, or nothing at all."""
    if value is None or isinstance(value, list):
        remedy = "Write the column's name, or {const: null} for a property that is always empty."
        refuse("the source of the property's value is missing here", remedy)
    if not isinstance(value, dict):
        refuse(f"`{value}` is not a column's name", f"For a fixed value write {{const: {str(value).lower()}}}.")
    return value


def check_one_source(given: Collection[str], sources: Sequence[str]) -> None:
    named = [source for source in sources if source in given]
    if len(named) != 1:
        which = " and ".join(f"`{source}`" for source in named) or "none of " + ", ".join(f"`{s}`" for s in sources)
        refuse(f"a property's value has one source, here it has {which}", "Keep one of them.")
    for key in ("values", "zone", "zero_date", "default"):
        if key in given and named[0] != "column":
            refuse(f"`{key}` goes with `column`, not with `{named[0]}`", f"Leave `{key}` out, or use `column`.")
    if "default" in given and "values" not in given:
        refuse("`default` without `values`", "Add `values: {...}`, or use SQL: {sql: \"coalesce(column, 'text')\"}.")
    if "values" in given and ("zone" in given or "zero_date" in given):
        refuse("`values` translates texts, it needs no `zone` or `zero_date`", "Leave them out.")


def check_some_section(given: bool) -> None:  # noqa: FBT001 a yes or no is what is checked
    if not given:
        remedy = "Add at least one of `customers:`, `products:`, `orders:`, `line_items:`."
        refuse("the file maps no table", remedy)
