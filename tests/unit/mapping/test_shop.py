"""What a loaded shop file answers."""

from __future__ import annotations

import importlib
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from connector.errors import ConfigurationError
from connector.mapping import Shop, load_shop, mapper, shop_json_schema
from connector.mapping.document import read_document
from connector.message import ObjectType
from tests.unit.mapping.cases import CASES, ENVIRON, HEADER, change, read_case, shop_of

SHOP = """\
line_items:
  from: order_items
  id: "{order_id}-{line_no}"
  properties: {name: name}
orders:
  from: orders
  id: "{id}"
  where: "status <> 'draft'"
  properties:
    dealstage: {column: status, values: {paid: won, open: null}, default: lost}
    shop_rate: {const: 1.5}
    shop_total: {sql: "total + shipping"}
    shop_x: {python: "tests.cases.mapping.shop_functions:zoned"}
  types: {shop_rate: number}
  customer: "guest-{email}"
customers:
  - from: customers
    id: "{id}"
    properties: {email: email}
    newest_by: rev
  - from: orders
    id: "guest-{email}"
    properties: {email: email}
    bears: true
    newest_by: rev
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_of(tmp_path, SHOP)


def test_tables_come_parents_first(shop: Shop) -> None:
    """Customers before orders before line items, whatever the order of the file; each table once."""
    assert ("customers", "orders", "order_items") == shop.tables()
    assert ["customers", "customers[1]", "orders", "line_items"] == [mapping.name for mapping in shop.mappings()]


def test_topics_are_debeziums(shop: Shop) -> None:
    """Prefix, schema and table, the prefix made of the store's id unless stated."""
    assert ("main.public.customers", "main.public.orders") == mapper(shop, "customers").topics
    assert "main.public.order_items" == shop.topic("order_items")


def test_topics_of_others_may_have_any_name(tmp_path: Path) -> None:
    """Another's prefix need not suit us, and single tables may be routed elsewhere."""
    capture = "capture: {prefix: Their-Server.cdc, external: {format: json, topics: {orders: routed}}}\n"
    found = shop_of(tmp_path, HEADER + capture + SHOP)
    assert ("Their-Server.cdc.public.customers", "routed") == (found.topic("customers"), found.topic("orders"))


@pytest.mark.parametrize(("given", "expected"), [("true", "avro"), ("false", None), ("{format: json}", "json")])
def test_external_may_be_said_in_a_word(tmp_path: Path, given: str, expected: str | None) -> None:
    """`external: true` is Avro under the usual names; false is our own capture."""
    external = shop_of(tmp_path, f"{HEADER}capture: {{external: {given}}}\n{SHOP}").capture.external
    assert expected == (external and external.format)


@pytest.mark.parametrize(
    ("store", "capture", "expected"),
    [("Shop-1.de", "", "shop_1_de"), ("24seven", "", "_24seven"), ("a", "main", "main")],
)
def test_the_prefix_is_fit_for_topics(tmp_path: Path, store: str, capture: str, expected: str) -> None:
    """A store's id becomes small letters, digits and `_`, not beginning with a digit."""
    header = f"store: {{id: {store}}}\ndatabase: {{kind: postgres, url: x, schema: public}}\n"
    text = header + (f"capture: {{prefix: {capture}}}\n" if capture else "") + SHOP
    assert expected == shop_of(tmp_path, text).capture.prefix


def test_the_environment_goes_into_addresses(shop: Shop) -> None:
    """`${NAME}` is the variable's value; addresses, which hold passwords, are not shown."""
    assert ENVIRON["SHOP_DATABASE_URL"] == shop.database.url
    assert "postgresql://" not in repr(shop)


def test_needed_properties_have_type_and_options(shop: Shop) -> None:
    """What must exist in HubSpot: stated types, and the values that the file itself writes."""
    deals = shop.properties()[ObjectType.DEAL]
    assert ("won", "lost") == deals["dealstage"].options
    assert (Decimal("1.5"),) == deals["shop_rate"].options
    assert {"dealstage": None, "shop_rate": "number", "shop_total": None, "shop_x": None} == {
        name: need.type for name, need in deals.items()
    }
    assert str(deals["shop_rate"].place).endswith("shop.yaml:13:5")


def test_columns_are_known_with_a_place(shop: Shop) -> None:
    """Every column that the file names; a Python function names none."""
    expected = {"status", "total", "shipping", "email", "id"}
    (orders,) = shop.sections["orders"]
    assert expected == set(orders.columns())
    assert str(orders.columns()["total"]).endswith("shop.yaml:14:5")


def test_ids_of_other_columns_need_full_rows(shop: Shop) -> None:
    """An id outside the key is told with the statement to run; links are not, they are never read from old rows."""
    (reason,) = shop.needs_full_rows("orders", ["id"])
    assert "the id of customers[1] reads email, not in the key of orders (id)" in reason
    assert "ALTER TABLE public.orders REPLICA IDENTITY FULL;" in reason
    assert [] == shop.needs_full_rows("order_items", ["line_no", "order_id"])
    assert [] == shop.needs_full_rows("customers", ["id"])


def test_ids_without_the_whole_key_need_newest_by(shop: Shop) -> None:
    """Several rows of one table share an object when the id leaves out a part of the key: something must decide."""
    (reason,) = shop.needs_newest_by("order_items", ["order_id", "line_no", "variant"])
    assert "the id of line_items leaves out variant of the key of order_items" in reason
    assert [] == shop.needs_newest_by("orders", ["id"])


@pytest.mark.parametrize(
    ("kind", "table", "expected"),
    [
        ("postgres", "Order Items", 'ALTER TABLE public."Order Items" REPLICA IDENTITY FULL;'),
        ("mariadb", "orders", "SET GLOBAL binlog_row_image = 'FULL';"),
    ],
)
def test_the_statement_for_full_rows_is_the_databases(tmp_path: Path, kind: str, table: str, expected: str) -> None:
    """Names that need quotes get them; the MySQL family has one setting for all tables."""
    shop = shop_of(tmp_path, HEADER.replace("postgres,", f"{kind},") + SHOP)
    assert expected == shop.full_rows_statement(table)


def test_the_hash_follows_text_and_functions(tmp_path: Path) -> None:
    """The hash changes with the file's text and with the source of the functions, not with the environment."""
    module = tmp_path / "hashed_functions.py"
    text = 'customers: {from: c, id: "{id}", properties: {shop_x: {python: "hashed_functions:one"}}}\n'
    module.write_text("def one(row):\n    return 1\n")
    first = shop_of(tmp_path, text).hash
    assert first == load_shop(tmp_path / "shop.yaml", {"SHOP_DATABASE_URL": "another"}).hash
    assert first != shop_of(tmp_path, text + "# a comment\n").hash
    module.write_text("def one(row):\n    return 22\n")
    importlib.reload(sys.modules["hashed_functions"])
    changed = shop_of(tmp_path, text)
    assert first != changed.hash
    (message,) = mapper(changed, "customers").map(change("c", after={"id": 1}))
    assert ({"shop_x": 22}, changed.hash) == (message.properties, message.mapping)


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    """A file that is not there, or no text, is a clear mistake."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_shop(tmp_path / "none.yaml", {})
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_shop(tmp_path / "binary.yaml", {})


def accepted(validator: jsonschema.Draft202012Validator, text: str) -> bool:
    data: Any = read_document(text, "f").data
    return validator.is_valid(_json(data))


def _json(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key).lower() if isinstance(key, bool) else str(key): _json(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_json(item) for item in data]
    return str(data) if isinstance(data, date) else float(data) if isinstance(data, Decimal) else data


def test_the_json_schema_takes_what_the_loader_takes() -> None:
    """Every shop of the cases is valid under the exported JSON Schema; wrong keys and types are not."""
    schema = shop_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    texts = [read_case(path)["shop"] for path in sorted((CASES / "rows").glob("*.yaml"))]
    assert [] == [text for text in texts if not accepted(validator, text if "store:" in text else HEADER + text)]
    wrong = ("everything_at_once", "types", "a_list", "properties")
    assert [] == [name for name in wrong if accepted(validator, (CASES / "mistakes" / f"{name}.yaml").read_text())]


def test_the_documented_example_loads(tmp_path: Path) -> None:
    """The whole example of the reference is a shop file without mistakes."""
    page = (Path(__file__).parents[3] / "docs" / "shop-file.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    assert ("customers", "orders", "products", "order_items") == shop_of(tmp_path, example).tables()


def test_every_table_mapping_has_a_name(shop: Shop) -> None:
    """Errors are filed under the table mapping's name; a table that is not mapped has none."""
    assert ["customers", "customers[1]", None] == [
        mapper(shop, "customers").table_mapping(table) for table in ("customers", "orders", "order_items")
    ]
