"""README's `Your own shop`, step by step from `init`: an unknown schema, a role without rights, every command."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from connector.mapping import load_shop
from connector.mapping.shop import TableMapping
from tests.support.small_shop import CASES, SmallShop
from tests.support.typed import typed
from tests.support.world import World

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"own_shop.{kind}").read_text() for kind in ("sql", "yaml"))

ADA = "CONTACT:00000000-0000-4000-8000-000000000001"
SECRET = "a-password-of-theirs"
EXIT_OK, EXIT_WRONG, EXIT_MISTAKE = 0, 1, 2


class Books:
    """The shop. Its file names a role that may only log in; `admin` is the address of whoever may do all."""

    def __init__(self, world: World) -> None:
        self.shop, self.world = SmallShop(world), world
        self.admin = world.environment.pop("SHOP_ADMIN_URL")
        parts = urlsplit(self.admin)
        self.role = f"plain_{world.name}"
        self.place = f"{parts.hostname}:{parts.port}/{world.name}"

    def build(self) -> None:
        self.world.create_database()
        self.as_admin(TABLES, f"CREATE ROLE {self.role} LOGIN PASSWORD 'plain'")
        self.world.environment["SHOP_DATABASE_URL"] = f"postgresql://{self.role}:plain@{self.place}"
        self.world.write_shop_file(SHOP)
        self.world.start_sandbox()

    def as_admin(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements; the rows of the last one."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            cursors = [connection.execute(statement) for statement in statements]
            return cursors[-1].fetchall() if cursors[-1].description else []

    def type(self, *arguments: str) -> tuple[int, str]:
        """Type a command; its exit code, and all that it printed after saying what it looks at."""
        code, said = typed(self.world, *arguments)
        return code, re.sub(r"\A(?:[A-Z][a-z]+ing [^\n]* \.\.\.\n)+", "", said)

    def left_over(self) -> list[tuple[Any, ...]]:
        """What of capture is still in the database: slots, publications, our tables."""
        return self.as_admin(
            "SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database() "
            "UNION ALL SELECT pubname::text FROM pg_publication "
            "UNION ALL SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace('shopbridge')"
        )


@pytest.fixture(scope="module")
def books(make_world: Callable[..., World]) -> Iterator[Books]:
    """The shop with its tables and rows; nothing is prepared."""
    world = make_world("books")
    made = Books(world)
    made.build()
    yield made
    world.environment["SHOP_ADMIN_URL"] = made.admin


@pytest.fixture(scope="module")
def captured(books: Books) -> Books:
    """The administrator ran what `capture sql` printed, HubSpot is set up, capture runs."""
    script = books.world.shopbridge("capture", "sql").replace("choose-a-password", SECRET)
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", books.admin], input=script, text=True, check=True)
    url = re.search(r"capture: \{url: (\S+)\}", script)
    assert url is not None
    capture = f"capture: {{prefix: {books.world.name}, url: {url[1]}}}"
    books.world.shop_file.write_text(f"{SHOP}\n{capture}\n")
    assert EXIT_OK == books.type("setup")[0]
    assert EXIT_OK == books.type("capture", "apply")[0]
    return books


@pytest.fixture(scope="module")
def running(captured: Books) -> Books:
    """The worker runs, and all that was in the shop is loaded."""
    captured.world.environment["SHOP_ADMIN_URL"] = captured.admin
    captured.shop.start_worker()
    captured.shop.wait_for("DEAL:B-1", amount="12.50")
    captured.shop.wait_errors("DEAL:B-4", UNMAPPED_VALUE="OPEN")
    captured.world.wait_at_rest()
    del captured.world.environment["SHOP_ADMIN_URL"]
    return captured


def test_init_proposes_what_is_then_finished_by_hand(books: Books, tmp_path: Path) -> None:
    """Tables, ids, filter and link are those of the finished file; the open status is refused with its place."""
    file = tmp_path / "proposed.yaml"
    code, said = books.type("init", "--database", books.admin, "--schema", "books", "--output", str(file))
    assert EXIT_OK == code, said
    assert "1 value to fill in" in said
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if 'lost: "?"' in text)
    code, said = books.type("check", "--shop", str(file))
    assert EXIT_WRONG == code
    assert f"{file}:{line}:15: `lost` is not answered yet" in said
    file.write_text(file.read_text().replace('lost: "?"', "lost: cancelled"))
    assert EXIT_OK == books.type("capture", "sql", "--shop", str(file))[0]
    assert shape(books.world.shop_file) == shape(file)


def shape(file: Path) -> list[tuple[object, ...]]:
    """What a shop file says of its tables, but for properties."""
    shop = load_shop(file, {"SHOP_DATABASE_URL": "postgresql://db/shop"})
    return [
        (each.table, each.id.text, each.where_columns, each.match_by, each.newest_by_column, links(each))
        for each in shop.mappings()
    ]


def links(mapping: TableMapping) -> list[tuple[str, str]]:
    return [(str(link.kind), link.key.text) for link in mapping.links]


def test_check_says_what_is_missing_and_what_to_do(books: Books) -> None:
    """Each line is ok or a remedy; what nobody has prepared yet is named."""
    code, said = books.type("check")
    assert (EXIT_WRONG, {"database of small", "change topics", "connector", "hubspot"}) == (code, heads("NOT OK", said))
    assert {
        "settings",
        "shop file",
        "ledger",
        "database of small",
        "kafka",
        "own topics",
        "registry",
        "hubspot",
    } == heads("ok", said)
    assert (
        "(CREATE ROLE, COMMENT ON, CREATE SCHEMA, CREATE TABLE, GRANT USAGE, GRANT SELECT, CREATE PUBLICATION)" in said
    )
    assert "let an administrator run what `shopbridge capture sql` prints" in said
    assert "Run `shopbridge capture apply`" in said
    assert "shopbridge setup" in said


def heads(verdict: str, said: str) -> set[str]:
    """What lines of `check` with this verdict are about."""
    lines = [line.removeprefix(verdict) for line in said.splitlines() if line.startswith(f"{verdict} ")]
    return {line.split(":")[0].strip() for line in lines}


def test_check_finds_every_mistake_of_the_shop_file(books: Books, tmp_path: Path) -> None:
    """Place, what is wrong, and what would be right; a table and a column that are not there are found as well."""
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP.replace("newest_by", "newest_buy").replace("'draft'", "'draft"))
    code, said = books.type("check", "--shop", str(file))
    assert (EXIT_WRONG, {"shop file"}) == (code, heads("NOT OK", said))
    assert f"{file}:8:3" in said
    assert "Did you mean `newest_by`?" in said
    assert f"{file}:12:20" in said
    file.write_text(SHOP.replace("from: readers", "from: reeders").replace("gross", "grozz"))
    code, said = books.type("check", "--shop", str(file))
    assert EXIT_WRONG == code
    assert "there is no table books.reeders" in said
    assert "bills has no column grozz" in said


def test_worker_refuses_a_faulty_shop_file(books: Books, tmp_path: Path) -> None:
    """A user's mistake ends with 2 and no traceback."""
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP.replace("dealname", "Deal Name"))
    code, said = books.type("worker", "--shop", str(file))
    assert EXIT_MISTAKE == code
    assert f"{file}:14:5" in said
    assert "Traceback" not in said


def test_a_plain_role_is_told_what_an_administrator_has_to_run(books: Books) -> None:
    """`capture apply` changes nothing and prints the SQL."""
    code, said = books.type("capture", "apply")
    assert EXIT_MISTAKE == code
    assert "let an administrator run" in said
    assert "CREATE PUBLICATION" in said
    assert "Traceback" not in said
    assert [] == books.left_over()


def test_after_the_administrators_script_the_plain_role_is_enough(captured: Books) -> None:
    """The role of the shop file has got no right to read the tables, and everything is in place."""
    query = f"SELECT has_table_privilege('{captured.role}', 'books.readers', 'SELECT')"
    assert [(False,)] == captured.as_admin(query)
    assert (EXIT_OK, "-- small: nothing is missing\n") == captured.type("capture", "sql")
    code, said = captured.type("check")
    assert EXIT_OK == code, said
    assert said.endswith("All is in place.\n")
    code, said = captured.type("capture", "status")
    assert EXIT_OK == code, said


def test_apply_and_setup_again_are_harmless(captured: Books) -> None:
    """Nothing is made anew, and the first load is not asked for twice."""
    code, said = captured.type("capture", "apply")
    assert EXIT_OK == code
    assert "connector as it was, first load done before" in said
    code, said = captured.type("setup")
    assert (EXIT_OK, "HubSpot has all that the shop files need.") == (code, said.splitlines()[-1])


def test_the_rows_arrive(running: Books) -> None:
    """What was there before, filtered and mapped, and what is written now."""
    running.shop.wait_for(ADA, email="ada@example.com", firstname="Ada", lastname="Lovelace")
    running.shop.wait_linked("DEAL:B-1", ADA)
    running.shop.wait_for("DEAL:B-2", dealname="Bill B-2", bill_state="Open")
    assert running.shop.record("DEAL:B-3") is None
    running.as_admin("UPDATE books.bills SET state = 'paid' WHERE no IN ('B-2', 'B-3')")
    running.shop.wait_for("DEAL:B-2", bill_state="Paid")
    running.shop.wait_for("DEAL:B-3", bill_state="Paid", amount="1.00")


def test_status_in_one_line(running: Books) -> None:
    """One error is open, the rest is well; the exit code says so where it is asked for."""
    code, said = running.type("status")
    assert EXIT_OK == code, said
    assert said.startswith("1 error is open, the rest is well"), said
    assert "every record is accounted for" in said
    assert EXIT_WRONG == running.type("status", "--exit-code")[0]


def test_status_of_one_object(running: Books) -> None:
    """HubSpot's id, the association, the row behind it; for a row that could not be mapped the error."""
    code, said = running.type("status", "deal", "B-1")
    assert EXIT_OK == code
    assert running.shop.id("DEAL:B-1") in said
    assert running.shop.id(ADA) in said
    assert 'bills  {"no":"B-1"}' in re.sub(r" +", "  ", said)
    code, said = running.type("--json", "status", "deal", "B-1")
    found = json.loads(said)
    assert ("equal", True, "made") == (found["state"], found["is_well"], found["links"][0]["state"])
    code, said = running.type("status", "deal", "B-4")
    assert EXIT_WRONG == code
    assert "OPEN UNMAPPED_VALUE" in said
    assert EXIT_WRONG == running.type("status", "deal", "B-99")[0]


def test_errors_are_listed_by_cause_and_shown_whole(running: Books) -> None:
    """What it means, what to do, an example, and the row as it came."""
    code, said = running.type("errors", "list", "--exit-code")
    assert EXIT_WRONG == code
    assert "1 error, 1 cause" in said
    assert "Correct the row; or add the value in the shop file" in said
    found = re.search(r"shopbridge errors show (\S+)", said)
    assert found is not None
    code, said = running.type("errors", "show", found[1])
    assert EXIT_OK == code
    assert said.startswith("UNMAPPED_VALUE: small:DEAL:B-4")
    assert '"state": "lost"' in said
    assert EXIT_MISTAKE == running.type("errors", "show", "ffffffff")[0]


def test_a_mended_row_closes_its_error(running: Books) -> None:
    """The list is empty again, and the error can still be seen."""
    running.as_admin("INSERT INTO books.bills VALUES ('B-5', NULL, 'odd', 5)")
    running.shop.wait_errors("DEAL:B-5", UNMAPPED_VALUE="OPEN")
    running.as_admin("UPDATE books.bills SET state = 'open' WHERE no = 'B-5'")
    running.shop.wait_errors("DEAL:B-5", UNMAPPED_VALUE="RESOLVED")
    assert (EXIT_OK, "No such errors are open.\n") == running.type("errors", "list", "--object", "deal:B-5")
    code, said = running.type("errors", "list", "--object", "deal:B-5", "--state", "all", "--each")
    assert EXIT_OK == code
    assert "RESOLVED" in said


def test_backup_beside_a_running_worker(running: Books, tmp_path: Path) -> None:
    """The copy opens, is sound and holds what the ledger holds; a file that is there is not written over."""
    copy = tmp_path / "ledger.db"
    assert EXIT_OK == running.type("ledger", "backup", str(copy))[0]
    ledger = Path(running.world.environment["SHOPBRIDGE_LEDGER"])
    assert counts(ledger) == counts(copy)
    assert {"record": 6, "contribution": 6} == {name: counts(copy)[name] for name in ("record", "contribution")}
    assert EXIT_MISTAKE == running.type("ledger", "backup", str(copy))[0]
    assert EXIT_OK == running.type("ledger", "backup", "--force", str(copy))[0]


def counts(ledger: Path) -> dict[str, int]:
    """Rows of each table."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def test_remove_leaves_nothing_behind(running: Books) -> None:
    """The worker ends with 0; afterwards there is neither slot nor publication nor table, and status says so."""
    assert EXIT_OK == running.world.stop_worker()
    code, said = running.type("capture", "remove", "--yes")
    assert EXIT_MISTAKE == code
    assert "let an administrator run" in said
    code, said = running.type("capture", "remove", "--yes", "--admin-url", running.admin)
    assert EXIT_OK == code, said
    assert [] == running.left_over()
    code, said = running.type("capture", "remove", "--yes", "--admin-url", running.admin)
    assert (EXIT_OK, "small: nothing was there\n") == (code, said)
    assert EXIT_WRONG == running.type("capture", "status")[0]
    code, said = running.type("status", "--exit-code")
    assert EXIT_WRONG == code
    assert said.startswith("NOT WELL")
