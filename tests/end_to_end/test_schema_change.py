"""Columns that come, go and change under a running worker: errors of that table's rows, one alert, all else goes on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.support.mariadb_world import MariaDbWorld
from tests.support.small_shop import CASES, SmallShop
from tests.support.world import World

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"changing.{kind}").read_text() for kind in ("sql", "yaml"))
ROWS = (1, 2, 3)
ALERT, BACK = "rows cannot be mapped", "rows can be mapped again"


class ChangingShop(SmallShop):
    """A shop whose tables change, in one of the two families of databases."""

    def __init__(self, world: World, kind: str) -> None:
        super().__init__(world)
        self.kind = kind
        schema = "public" if kind == "postgres" else world.name
        self.file = SHOP.replace("kind: postgres", f"kind: {kind}").replace("schema: public", f"schema: {schema}")

    def retype(self, table: str, column: str, kind: str) -> None:
        """Give a column another type."""
        if self.kind == "postgres":
            self.world.sql(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind} USING {column}::{kind}")
        else:
            self.world.sql(f"ALTER TABLE {table} MODIFY {column} {kind}")

    def alerts(self, name: str) -> list[tuple[str, str]]:
        """Table and column of each alert of this name so far."""
        return [(event["topic"].rpartition(".")[2], event["column"]) for event in self.world.events(name)]

    def touch(self, what: str) -> None:
        """Change rows of the other tables, and see that they arrive."""
        self.world.sql("UPDATE sales SET total = total + 1")
        self.world.sql("UPDATE goods SET name = %s", what)
        self.wait_for("PRODUCT:1", name=what)
        self.wait_total()

    def wait_total(self) -> None:
        """Return once the deal has its row's amount."""
        [[total]] = self.world.sql("SELECT total FROM sales WHERE id = 1")
        self.wait_for("DEAL:1", amount=f"{total}")


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def shop(
    request: pytest.FixtureRequest, stack: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ChangingShop]:
    """Three customers, two goods, a sale, loaded; the worker runs."""
    world = make_world(request.param, f"alter_{uuid.uuid4().hex[:6]}", tmp_path_factory.mktemp("alter"), stack)
    shop = ChangingShop(world, request.param)
    try:
        shop.build(TABLES, shop.file)
        for number in ROWS:
            email = f"c{number}@example.com"
            world.sql("INSERT INTO customers VALUES (%s, %s, 'Ada', '+49', %s, NULL)", number, email, number)
        world.sql("INSERT INTO goods VALUES (1, 'Tea', 3.5), (2, 'Rum', 9)")
        world.sql("INSERT INTO sales VALUES (1, 1, 10, true)")
        shop.start_worker()
        world.wait_at_rest()
        yield shop
    finally:
        world.close()


def make_world(kind: str, name: str, folder: Path, stack: Mapping[str, str]) -> World:
    return (World if kind == "postgres" else MariaDbWorld)(name, folder, stack)


def wait_errors(shop: SmallShop, kind: str, **states: str) -> None:
    """The same errors of all rows of a kind."""
    for number in ROWS:
        shop.wait_errors(f"{kind}:{number}", **states)


def stands(shop: SmallShop, subject: str, cause: str, state: str) -> bool:
    return shop.errors_of(subject).get(cause) == state


def test_dropped_column_and_its_return(shop: ChangingShop) -> None:
    """Each row that is written meanwhile is an error with the column and a remedy; one alert; other tables go on."""
    shop.world.sql("ALTER TABLE customers DROP COLUMN points")
    shop.world.sql("UPDATE customers SET first_name = 'without'")
    wait_errors(shop, "CONTACT", COLUMN_MISSING="OPEN")
    details = {line["details"] for line in shop.letters() if line["cause"] == "COLUMN_MISSING"}
    assert 1 == len(details)
    assert "the table customers has no column points" in details.pop()
    assert [("customers", "points")] == shop.alerts(ALERT)
    assert "Bring the column back" in shop.world.events(ALERT)[0]["remedy"]
    shop.touch("while a column is away")
    assert "Ada" == (shop.record("CONTACT:1") or {})["firstname"]

    shop.world.sql("ALTER TABLE customers ADD COLUMN points integer")
    shop.world.sql("UPDATE customers SET points = 70")
    for number in ROWS:
        shop.wait_for(f"CONTACT:{number}", firstname="without", shop_points="70")
    wait_errors(shop, "CONTACT", COLUMN_MISSING="RESOLVED")
    assert [("customers", "points")] == shop.alerts(ALERT) == shop.alerts(BACK)


def test_renamed_column_and_a_mended_shop_file(shop: ChangingShop) -> None:
    """After the restart a snapshot says the rows again, and the errors close, though no row was written."""
    before = shop.alerts(ALERT)
    shop.world.sql("ALTER TABLE customers RENAME COLUMN first_name TO given_name")
    shop.world.sql("UPDATE customers SET given_name = 'renamed'")
    wait_errors(shop, "CONTACT", COLUMN_MISSING="OPEN")
    assert [*before, ("customers", "first_name")] == shop.alerts(ALERT)
    shop.touch("while a column has another name")

    shop.restart(shop.file.replace("firstname: first_name", "firstname: given_name"))
    shop.world.shopbridge("capture", "snapshot", "customers")
    for number in ROWS:
        shop.wait_for(f"CONTACT:{number}", firstname="renamed")
    wait_errors(shop, "CONTACT", COLUMN_MISSING="RESOLVED")

    shop.world.sql("ALTER TABLE customers RENAME COLUMN given_name TO first_name")
    shop.restart(shop.file)
    shop.world.sql("UPDATE customers SET first_name = 'as before'")
    shop.wait_for("CONTACT:1", firstname="as before")


def test_row_that_says_the_same_closes_its_error(shop: ChangingShop) -> None:
    """What was written meanwhile is not mapped, so HubSpot has nothing to be told; the error is over all the same."""
    shop.world.sql("ALTER TABLE customers RENAME COLUMN points TO credits")
    shop.world.sql("UPDATE customers SET note = 'unmapped'")
    wait_errors(shop, "CONTACT", COLUMN_MISSING="OPEN")
    written = shop.world.last_write()
    shop.world.sql("ALTER TABLE customers RENAME COLUMN credits TO points")
    shop.world.shopbridge("capture", "snapshot", "customers")
    wait_errors(shop, "CONTACT", COLUMN_MISSING="RESOLVED")
    assert written == shop.world.last_write()


def test_wider_type_maps_on(shop: ChangingShop) -> None:
    """A whole number of more bits is a whole number."""
    shop.retype("customers", "points", "bigint")
    shop.world.sql("UPDATE customers SET points = 5000000000 WHERE id = 1")
    shop.wait_for("CONTACT:1", shop_points="5000000000")
    shop.world.sql("UPDATE customers SET points = 5 WHERE id = 1")
    shop.wait_for("CONTACT:1", shop_points="5")


def test_other_type_whose_values_fit_maps_on(shop: ChangingShop) -> None:
    """A price in a text column is a number as long as it reads like one; else it is an error of that row alone."""
    shop.retype("goods", "price", "text" if shop.kind == "postgres" else "varchar(20)")
    shop.world.sql("UPDATE goods SET price = '4.25' WHERE id = 1")
    shop.world.sql("UPDATE goods SET price = 'dear' WHERE id = 2")
    shop.wait_for("PRODUCT:1", price="4.25")
    shop.wait_errors("PRODUCT:2", INVALID_NUMBER="OPEN")
    shop.world.sql("UPDATE goods SET price = '8' WHERE id = 2")
    shop.wait_for("PRODUCT:2", price="8")
    shop.wait_errors("PRODUCT:2", INVALID_NUMBER="RESOLVED")


def test_type_that_has_no_form_is_each_rows_error(shop: ChangingShop) -> None:
    """Bytes for a name: the errors name the column, one line tells of them, and they close when the type is back."""
    shop.retype("goods", "name", "bytea" if shop.kind == "postgres" else "varbinary(50)")
    shop.world.sql("UPDATE goods SET price = '6'")
    for number in (1, 2):
        shop.wait("the error", partial(stands, shop, f"PRODUCT:{number}", "UNSUPPORTED_TYPE", "OPEN"))
    (told,) = [event for event in shop.world.events("a row cannot be mapped") if event["cause"] == "UNSUPPORTED_TYPE"]
    assert ("name", True) == (told["property"], "name" in told["reason"])
    shop.world.sql("UPDATE sales SET total = 77")
    shop.wait_total()

    if shop.kind == "postgres":
        shop.world.sql("ALTER TABLE goods ALTER COLUMN name TYPE text USING convert_from(name, 'UTF8')")
    else:
        shop.retype("goods", "name", "varchar(50)")
    shop.world.sql("UPDATE goods SET price = '6.5'")
    for number in (1, 2):
        shop.wait_for(f"PRODUCT:{number}", price="6.5")
        shop.wait("the error to close", partial(stands, shop, f"PRODUCT:{number}", "UNSUPPORTED_TYPE", "RESOLVED"))


def test_unmapped_columns_and_tables_go_unseen(shop: ChangingShop) -> None:
    """Added, filled, renamed, retyped, dropped; and a table that nobody maps is truncated."""
    letters = len(shop.letters())
    shop.world.sql("CREATE TABLE unmapped (id integer PRIMARY KEY)")
    shop.world.sql("INSERT INTO unmapped VALUES (1)")
    shop.world.sql("TRUNCATE TABLE unmapped")
    shop.world.sql("ALTER TABLE customers ADD COLUMN shoe integer DEFAULT 40 NOT NULL")
    shop.world.sql("UPDATE customers SET shoe = 41, first_name = 'one'")
    shop.wait_for("CONTACT:2", firstname="one")
    shop.world.sql("ALTER TABLE customers RENAME COLUMN shoe TO boot")
    shop.retype("customers", "boot", "bigint")
    shop.world.sql("UPDATE customers SET boot = 42, first_name = 'two'")
    shop.wait_for("CONTACT:2", firstname="two")
    shop.world.sql("ALTER TABLE customers DROP COLUMN boot")
    shop.world.sql("UPDATE customers SET first_name = 'three'")
    shop.wait_for("CONTACT:2", firstname="three")
    assert letters == len(shop.letters())
    shop.world.wait_at_rest()
    assert shop.world.status()["accounting"]["balanced"]


def test_truncated_table_is_one_error(shop: ChangingShop) -> None:
    """It says what to do, and the rows' records stay."""
    shop.world.sql("TRUNCATE TABLE goods")
    shop.wait(
        "the error", lambda: ["OPEN"] == [line["state"] for line in shop.letters() if line["cause"] == "TRUNCATED"]
    )
    (line,) = [line for line in shop.letters() if line["cause"] == "TRUNCATED"]
    assert "`shopbridge capture snapshot goods`" in line["details"]
    shop.world.sql("INSERT INTO goods VALUES (1, 'filled anew', '1')")
    shop.wait_for("PRODUCT:1", name="filled anew")
    assert shop.record("PRODUCT:2") is not None
    assert 1 == len([line for line in shop.letters() if line["cause"] == "TRUNCATED"])
