"""`shopbridge init` on live databases: both demo shops, and a shop of somebody else's making."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pymysql
import pytest

from tests.support.world import ROOT, World, wait_until

pytestmark = pytest.mark.end_to_end

CASES = ROOT / "tests/cases/init"
EXIT_WRONG, EXIT_MISTAKE, EXIT_UNREACHABLE = 1, 2, 3


@dataclass(frozen=True)
class Case:
    """A live shop in a world of its own, and what a person answers: open text → written text."""

    world: World
    answers: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.world.environment["SHOP_DATABASE_URL"]

    def init(self, *arguments: str, expect: int = 0) -> str:
        """Propose a file in the world's folder; what was printed."""
        return self.world.shopbridge("init", "--output", str(self.world.shop_file), *arguments, expect=expect)

    def answer(self) -> None:
        """Fill in every open place; each answer must fit somewhere."""
        text = self.world.shop_file.read_text()
        for asked, answer in self.answers.items():
            assert asked in text, f"nobody asks {asked}\n{text}"
            text = text.replace(asked, answer)
        assert ': "?"' not in text, text
        self.world.write_shop_file(text)


def modern(world: World) -> Case:
    """The demo shop on PostgreSQL, small."""
    world.create_database()
    generate(world, world.environment["SHOP_ADMIN_URL"])
    world.environment["SHOP_DATABASE_URL"] = world.environment["SHOP_ADMIN_URL"]
    return Case(world, {})


def legacy(world: World, stack: Mapping[str, str]) -> Case:
    """The demo shop on MariaDB, small."""
    url = f"{stack['LEGACY_ADMIN_URL'].rpartition('/')[0]}/{world.name}"
    world.environment |= {"SHOP_DATABASE_URL": url, "SHOP_ADMIN_URL": url}
    maria(url, f"CREATE DATABASE {world.name} CHARACTER SET utf8mb4")
    generate(world, url)
    return Case(world, {'zone: "?"': "zone: Europe/Berlin", '3: "?"': "3: shipped", '9: "?"': "9: checkout_pending"})


def generate(world: World, url: str) -> None:
    """Rows of a demo shop, 2 in a hundred."""
    world.run(sys.executable, "-m", "deploy.demo.generate", "--shop", url, "--scale", "0.02")


def oscar(world: World) -> Case:
    """The tables that django-oscar makes, with a few rows."""
    world.create_database()
    world.environment["SHOP_DATABASE_URL"] = world.environment["SHOP_ADMIN_URL"]
    with psycopg.connect(world.environment["SHOP_ADMIN_URL"], autocommit=True) as connection:
        for name in ("oscar.sql", "oscar_rows.sql"):
            connection.execute((CASES / name).read_bytes())
        connection.execute("ANALYZE")
    return Case(world, {'Being processed: "?"': "Being processed: checkout_completed"})


def maria(url: str, *statements: str) -> None:
    """Run statements as an administrator of the stack's MariaDB."""
    host, port = url.split("@")[1].split("/", maxsplit=1)[0].split(":")
    with pymysql.connect(host=host, port=int(port), user="root", autocommit=True) as connection:
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(statement)


@pytest.fixture(scope="module", params=["modern", "legacy", "oscar"])
def case(request: pytest.FixtureRequest, make_world: Callable[..., World], stack: dict[str, str]) -> Case:
    """One shop, its file proposed and not yet looked at."""
    world = make_world(f"init_{request.param}")
    made = {"modern": modern, "legacy": lambda given: legacy(given, stack), "oscar": oscar}[request.param](world)
    made.init()
    return made


def test_check_passes_once_the_places_are_answered(case: Case) -> None:
    """Open places are refused one by one; answered, with HubSpot set up and capture applied, all is in place."""
    world = case.world
    if case.answers:
        said = world.shopbridge("check", expect=EXIT_WRONG)
        assert len(case.answers) == said.count("is not answered yet")
    case.answer()
    world.start_sandbox()
    world.shopbridge("setup")
    world.shopbridge("capture", "apply")
    said = world.shopbridge("check")
    assert said.endswith("All is in place.\n"), said


def test_the_rows_arrive_by_the_proposed_file(case: Case) -> None:
    """Contacts, products, deals and line items are in HubSpot after the first load."""
    case.world.start_worker()
    case.world.wait_working()

    def kinds() -> set[str]:
        ours = case.world.records("json_extract(properties, '$.shopbridge_key') IS NOT NULL AND NOT archived")
        return {str(record["shopbridge_key"]).split(":")[1] for record in ours}

    wait_until("records of all four kinds", lambda: {"CONTACT", "PRODUCT", "DEAL", "LINE_ITEM"} == kinds(), 120)
    assert 0 == case.world.stop_worker()


def test_a_file_that_is_there_stays(case: Case, tmp_path: Path) -> None:
    """It is written over only with --force."""
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    case.world.shopbridge("init", "--output", str(file), expect=EXIT_MISTAKE)
    assert "mine" == file.read_text()
    found = json.loads(case.world.shopbridge("init", "--json", "--output", str(file), "--force"))
    assert ["customers", "products", "orders", "line_items"] == [each["section"] for each in found["found"]]
    assert f"{len(case.answers)}" == str(found["needed"])
    assert "store:" in file.read_text()


def test_what_is_printed(case: Case, tmp_path: Path) -> None:
    """The tables, what is to be done next, and no password."""
    file, secret = tmp_path / "shop.yaml", case.url.replace("@", ":@", 1) if ":@" not in case.url else case.url
    said = case.world.shopbridge("init", "--output", str(file), "--database", secret)
    for word in ("customers", "line_items", f"{file} is written", "shopbridge check", "shopbridge setup"):
        assert word in said


def test_the_documentation_shows_this_file(case: Case, tmp_path: Path) -> None:
    """docs/init.md has the file for django-oscar's tables as it is made today, but for the database's name."""
    if "oscar" not in case.world.name:
        return
    file = tmp_path / "shop.yaml"
    case.world.shopbridge("init", "--output", str(file))
    made = file.read_text().replace(case.world.name, "bookshop")
    made = re.sub(r"label: .+ #", "label: Bookshop #", made)
    assert f"```yaml\n{made}```" in (ROOT / "docs/init.md").read_text(), made
