"""The shop file → Shop, or every mistake in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import DEFAULT_REF_TEMPLATE

from connector.errors import ConfigurationError, Mistake
from connector.mapping import rules
from connector.mapping.checks import dialect
from connector.mapping.compile import compile_sections
from connector.mapping.description import describe
from connector.mapping.document import Document, read_document
from connector.mapping.functions import function_source
from connector.mapping.mistakes import mistakes
from connector.mapping.properties import Surroundings
from connector.mapping.shape import SECTION_SHAPES, ShopShape, TableShape
from connector.mapping.shop import Capture, Database, External, Shop, Store
from connector.mapping.unanswered import instead_of, unanswered


def load_shop(path: Path, environ: Mapping[str, str]) -> Shop:
    """Reads and compiles a shop file. Raises ConfigurationError with all its mistakes.

    The modules of the user's functions are imported, so their code runs; the file's folder joins Python's path.
    """
    text = _read(path)
    document = read_document(text, str(path))
    if not document.values:
        _refuse(path, document.mistakes or [Mistake(str(path), 1, 1, "the file is empty", _EMPTY_REMEDY)])
    context = _context(document, path, environ)
    shape, found = _validate(document, context)
    found += document.mistakes
    for section in SECTION_SHAPES:
        found += rules.check_section(document, section, _valid_tables(document, section, context))
    _refuse(path, instead_of(unanswered(document), found))
    assert shape is not None, "a shape without mistakes"
    return _shop(path, text, document, shape)


def shop_json_schema() -> dict[str, Any]:
    """The JSON Schema of the shop file, for editors that complete and check while one types."""
    schema = ShopShape.model_json_schema(by_alias=True, ref_template=DEFAULT_REF_TEMPLATE, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


_EMPTY_REMEDY = "Begin with `store:` and `database:`; docs/shop-file.md has a whole example."


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The shop file {path} cannot be read: {error}. Name a readable UTF-8 file."
        ) from error


def _refuse(path: Path, found: list[Mistake]) -> None:
    if not found:
        return
    ordered = tuple(sorted(set(found), key=lambda mistake: (mistake.line, mistake.column, mistake.wrong)))
    count = "a mistake" if len(ordered) == 1 else f"{len(ordered)} mistakes"
    raise ConfigurationError(f"The shop file {path} has {count}:", ordered)


def _context(document: Document, path: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    data = document.data if isinstance(document.data, dict) else {}
    database = data.get("database")
    kind = database.get("kind") if isinstance(database, dict) else None
    return {"environ": environ, "dialect": dialect(kind), "folder": path.parent.resolve()}


def _validate(document: Document, context: dict[str, Any]) -> tuple[ShopShape | None, list[Mistake]]:
    try:
        return ShopShape.model_validate(document.data, context=context), []
    except ValidationError as error:
        return None, mistakes(document, ShopShape, error.errors(include_url=False))


def _valid_tables(document: Document, section: str, context: dict[str, Any]) -> dict[int, TableShape]:
    tables: dict[int, TableShape] = {}
    data = document.data if isinstance(document.data, dict) else {}
    for index, raw in enumerate(rules.sections_of(data, section)):
        try:
            tables[index] = SECTION_SHAPES[section].model_validate(raw, context=context)
        except ValidationError:
            continue  # its mistakes were found with the whole file's
    return tables


def _shop(path: Path, text: str, document: Document, shape: ShopShape) -> Shop:
    store, sources = shape.store, _functions(shape)
    return Shop(
        file=path,
        store=Store(store.id, store.label or store.id, store.admin_url),
        database=Database(shape.database.kind, shape.database.url, shape.database.schema_, shape.database.zone),
        capture=_capture(shape),
        sections=compile_sections(
            document,
            shape,
            Surroundings(dialect(shape.database.kind), shape.database.zone, path.parent.resolve()),
        ),
        hash=_hash(text, sources.values()),
        description=describe(shape, version("shopbridge"), sources),
    )


def _capture(shape: ShopShape) -> Capture:
    capture = shape.capture
    derived = re.sub(r"[^a-z0-9_]", "_", shape.store.id.lower())
    prefix = capture.prefix or (f"_{derived}" if derived[0].isdigit() else derived)
    external = None if capture.external is None else External(**capture.external.model_dump())
    return Capture(
        prefix,
        capture.connector,
        capture.slot,
        capture.publication,
        capture.url,
        capture.config,
        external,
        capture.server_id,
    )


def _functions(shape: ShopShape) -> dict[str, str]:
    """Path of each function that the file names → the source of its module."""
    tables = [*shape.customers, *shape.products, *shape.orders, *shape.line_items]
    paths = sorted({prop.python for table in tables for prop in table.properties.values() if prop.python})
    return {path: function_source(path) for path in paths}


def _hash(text: str, sources: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in (version("shopbridge"), text, *sources):
        digest.update(hashlib.sha256(part.encode()).digest())
    return digest.hexdigest()[:32]
