"""Which administrator's address goes with which shop file."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli.capture import address_for
from connector.mapping import Shop, load_shop

MODERN = "postgresql://admin@db.example:5432/shop"
LEGACY = "mariadb://root@db.example/legacy"
TEXT = """
store: {{id: main}}
database: {{kind: {kind}, url: "{url}", schema: it}}
customers: {{from: people, id: "{{id}}", properties: {{email: email}}}}
"""


def shop(folder: Path, kind: str, url: str) -> Shop:
    file = folder / f"{kind}.yaml"
    file.write_text(TEXT.format(kind=kind, url=url))
    return load_shop(file, {})


@pytest.mark.parametrize(
    ("kind", "url", "given", "shops", "expected"),
    [
        ("postgres", "postgresql://reader:x@db.example/shop", [LEGACY, MODERN], 2, MODERN),
        ("mariadb", "mysql://reader:x@db.example:3306/legacy", [MODERN, LEGACY], 2, LEGACY),
        ("mariadb", "mariadb://reader@db.example/legacy", [MODERN], 2, "mariadb://reader@db.example/legacy"),
        ("postgres", "postgresql://reader@10.0.0.7/shop", [MODERN], 1, MODERN),
        ("postgres", "postgresql://reader@db.example/shop", [], 1, "postgresql://reader@db.example/shop"),
    ],
)
def test_a_shop_finds_its_administrator(
    kind: str, url: str, given: list[str], shops: int, expected: str, tmp_path: Path
) -> None:
    """By kind, host, port and database; a single address serves a single shop by whatever name; else the shop's own."""
    assert expected == address_for(shop(tmp_path, kind, url), given, shops)
