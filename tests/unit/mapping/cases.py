"""Case files: YAML with tags for what a row holds and YAML does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from connector.change import UNAVAILABLE, Change, Operation, Position
from connector.mapping import Shop, load_shop

CASES = Path(__file__).parents[2] / "cases" / "mapping"
HEADER = """\
store: {id: main, label: Acme}
database: {kind: postgres, url: "${SHOP_DATABASE_URL}", schema: public}
"""
ENVIRON = {"SHOP_DATABASE_URL": "postgresql://shop@127.0.0.1/shop"}
COMMITTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class _Loader(yaml.SafeLoader):
    """YAML with `!decimal`, `!date`, `!stamp`, `!time`, `!seconds`, `!hex`, `!unavailable`."""


_TAGS: dict[str, Any] = {
    "!decimal": Decimal,
    "!date": date.fromisoformat,
    "!stamp": datetime.fromisoformat,
    "!time": time.fromisoformat,
    "!seconds": lambda text: timedelta(seconds=float(text)),
    "!hex": bytes.fromhex,
    "!unavailable": lambda _: UNAVAILABLE,
}


def _scalar_of(make: Callable[[str], Any]) -> Callable[[_Loader, yaml.ScalarNode], Any]:
    def construct(loader: _Loader, node: yaml.ScalarNode) -> Any:
        return make(str(loader.construct_scalar(node)))

    return construct


for _tag, _make in _TAGS.items():
    _Loader.add_constructor(_tag, _scalar_of(_make))


def read_case(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), _Loader)


def shop_of(folder: Path, text: str) -> Shop:
    """The shop of a file with these sections, behind the usual header unless it has its own."""
    path = folder / "shop.yaml"
    path.write_text(text if "store:" in text else HEADER + text, encoding="utf-8")
    return load_shop(path, ENVIRON)


def change(
    table: str,
    op: str = "u",
    key: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
    *,
    full_before: bool = False,
    snapshot: bool = False,
) -> Change:
    """A change as the decoder gives it; its key is the column `id` of the row unless stated."""
    row = after or before or {}
    return Change(
        table=table,
        operation=Operation(op),
        key={"id": row.get("id")} if key is None else key,
        row_key="[1]",
        before=before,
        after=after,
        full_before=full_before,
        position=Position(f"main.public.{table}", "topic-id", 3, 70),
        server="server",
        database_position="0000000042",
        committed_at=COMMITTED,
        snapshot=snapshot,
    )
