"""The facts under data/ agree with themselves, and the sandbox with the rule that it depends on nothing else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import connector.sandbox
from connector.sandbox import definitions, seeds
from connector.sandbox.object_types import OBJECT_TYPES
from connector.sandbox.routes import all_routes

PACKAGE = Path(connector.sandbox.__file__).parent


def test_every_association_type_has_its_inverse() -> None:
    """Each direction names an inverse that exists, and whose inverse it is."""
    known = {(kind.from_type, kind.to_type, kind.type_id): kind for kind in seeds.association_types()}

    for kind in known.values():
        back = known[kind.to_type, kind.from_type, kind.inverse_id]
        assert (kind.type_id, kind.label is None) == (back.inverse_id, back.label is None) or kind.label == back.label


def test_products_are_associated_with_nothing() -> None:
    """No association type begins or ends at a product."""
    assert not [kind for kind in seeds.association_types() if "product" in {kind.from_type, kind.to_type}]


def test_standard_properties_are_sound() -> None:
    """Standard definitions keep the rules for definitions; every type has what answers always carry."""
    for kind in OBJECT_TYPES:
        known = definitions.standard(kind.name)
        assert {*kind.system, *kind.shown, *kind.needs_one_of} <= known.keys()
        for definition in known.values():
            assert definition.field_type in definitions.FIELD_TYPES[definition.kind]
            assert definitions.NAME.fullmatch(definition.name)


def test_each_path_has_one_endpoint() -> None:
    """No two routes answer the same method and path."""
    paths = [(route.method, re.sub(r"\{\w+\}", "{}", "/".join(route.segments))) for route in all_routes()]

    assert len(set(paths)) == len(paths)


def test_the_sandbox_imports_nothing_of_the_product() -> None:
    """A stand-in that shared code with its client would share its mistakes."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert all(name.startswith("connector.sandbox") for name in names if name.split(".")[0] == "connector"), (
                file
            )
