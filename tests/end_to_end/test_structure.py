"""The catalogues of real servers: odd names, keys, partitions, what is no table; and refusals that say what to do."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from connector.capture.errors import CaptureError
from connector.capture.samples import UnansweredError, sampler
from connector.capture.structure import ForeignKey, Structure, Table, TableColumn, read_structure
from connector.errors import RetriableError
from deploy.demo.legacy import database
from tests.support.world import ROOT

pytestmark = pytest.mark.end_to_end

CASES = ROOT / "tests/cases/structure"
NOBODY = "127.0.0.1:1"


@pytest.fixture(scope="module")
def postgres_url(stack: dict[str, str]) -> Iterator[str]:
    """A database of its own with the odd tables."""
    server, name = stack["SHOP_ADMIN_URL"], f"odd_{uuid.uuid4().hex[:6]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        url = f"{server.rpartition('/')[0]}/{name}"
        with psycopg.connect(url, autocommit=True) as own:
            own.execute((CASES / "postgres.sql").read_bytes())
        yield url
        connection.execute(f'DROP DATABASE "{name}"'.encode())


@pytest.fixture(scope="module")
def mariadb_url(stack: dict[str, str]) -> Iterator[str]:
    """A database of its own with the odd tables."""
    server, name = stack["LEGACY_ADMIN_URL"], f"odd_{uuid.uuid4().hex[:6]}"
    with database.connect(server) as connection:
        database.execute(connection, f"CREATE DATABASE {name}")
        database.execute(connection, f"USE {name}")
        run(connection, CASES / "mariadb.sql")
        yield f"{server.rpartition('/')[0]}/{name}"
        database.execute(connection, f"DROP DATABASE {name}")


def run(connection: database.Connection, file: Path) -> None:
    for statement in file.read_text().split(";\n"):
        if statement.strip():
            with connection.cursor() as cursor:
                cursor.execute(statement)


def schema_of(url: str) -> str:
    return url.rpartition("/")[2]


def found(structure: Structure, name: str) -> Table:
    table = structure.table(name)
    assert table is not None, [each.name for each in structure.tables]
    return table


def test_postgres_tables(postgres_url: str) -> None:
    """A partitioned table is one table with the rows of all; views and other schemas are none."""
    structure = read_structure("postgres", postgres_url, "odd")
    assert ("postgres", ["Order", "pair", "part"]) == (structure.kind, [table.name for table in structure.tables])
    assert found(structure, "part").rows == 20
    assert found(structure, "Order").rows is None
    assert all(table.readable for table in structure.tables)


def test_postgres_columns_and_keys(postgres_url: str) -> None:
    """Types as the server writes them, defaults, numbering, generated columns, enums; dropped columns are gone."""
    order = found(read_structure("postgres", postgres_url, "odd"), "Order")
    assert [
        TableColumn("e mail", "character varying(64)", default="'x'::character varying"),
        TableColumn(
            "mood", "odd.mood", nullable=False, default="'b'::odd.mood", choices=("b", "a'x"), comment="how it feels"
        ),
        TableColumn("twice", "integer", computed=True),
        TableColumn("at", "timestamp without time zone"),
        TableColumn("number", "integer", nullable=False, auto=True),
        TableColumn("far", "integer"),
    ] == list(order.columns[1:])
    assert order.columns[0].auto
    assert (("id",), {("e mail",), ("mood", "at")}) == (order.key, set(order.unique))


def test_postgres_references(postgres_url: str) -> None:
    """Pairs of columns, the rule, another schema; a key to a partitioned table is there once."""
    structure = read_structure("postgres", postgres_url, "odd")
    assert found(structure, "Order").foreign_keys == (ForeignKey(("far",), "elsewhere", ("id",), to_schema="other"),)
    assert found(structure, "part").foreign_keys == (ForeignKey(("order",), "Order", ("id",), "CASCADE"),)
    assert found(structure, "pair").foreign_keys == (ForeignKey(("a", "b"), "part", ("a", "b"), "SET NULL"),)
    assert ["part"] == [table.name for table, _ in structure.referring("Order")]


def test_mariadb_tables(mariadb_url: str) -> None:
    """Views and sequences are none; what the server says it is counts, not the address's scheme."""
    structure = read_structure("mysql", mariadb_url.replace("mariadb:", "mysql:"), schema_of(mariadb_url))
    assert "mariadb" == structure.kind
    assert ["kept", "order", "pair", "part", "split"] == [table.name for table in structure.tables]


def test_mariadb_columns_and_keys(mariadb_url: str) -> None:
    """Whole types, defaults, what becomes the time of every change; an index over a beginning is no unique key."""
    order = found(read_structure("mariadb", mariadb_url, schema_of(mariadb_url)), "order")
    assert [
        TableColumn("id", "bigint(20) unsigned", nullable=False, auto=True),
        TableColumn("e mail", "varchar(64)", default="'x'", comment="for letters"),
        TableColumn("mood", "enum('b','a''x,y')", nullable=False, default="'b'", choices=("b", "a'x,y")),
        TableColumn("twice", "int(11)", computed=True),
        TableColumn("thrice", "int(11)", computed=True),
        TableColumn("at", "timestamp"),
        TableColumn("changed", "datetime", default="current_timestamp()", touched=True),
        TableColumn("flag", "tinyint(1)"),
    ] == list(order.columns)
    assert (("id",), {("e mail",), ("mood", "at")}) == (order.key, set(order.unique))


def test_mariadb_references(mariadb_url: str) -> None:
    """Pairs of columns, and the rule."""
    structure = read_structure("mariadb", mariadb_url, schema_of(mariadb_url))
    assert found(structure, "part").foreign_keys == (ForeignKey(("order",), "order", ("id",), "CASCADE"),)
    assert found(structure, "pair").foreign_keys == (ForeignKey(("a", "b"), "part", ("a", "b"), "SET NULL"),)


def test_a_server_that_does_not_answer() -> None:
    """To be tried again."""
    for kind, url in (("postgres", f"postgresql://u@{NOBODY}/x"), ("mariadb", f"mariadb://u@{NOBODY}/x")):
        with pytest.raises(RetriableError, match="does not answer"):
            read_structure(kind, url, "x")


def test_a_schema_without_tables_names_those_that_have_some(postgres_url: str, mariadb_url: str) -> None:
    """In PostgreSQL and MariaDB."""
    with pytest.raises(CaptureError, match=r"the schema public has no tables\.\nName one that has: odd, other"):
        read_structure("postgres", postgres_url, "public")
    with pytest.raises(CaptureError, match=f"has no table that our role can see.\nName one.*{schema_of(mariadb_url)}"):
        read_structure("mariadb", mariadb_url, "nowhere")


def test_a_role_without_rights(postgres_url: str, mariadb_url: str) -> None:
    """PostgreSQL shows tables that may not be read; MariaDB shows nothing, and the grant is said."""
    user = f"blind_{uuid.uuid4().hex[:6]}"
    place = postgres_url.partition("@")[2]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'blind'".encode())
        structure = read_structure("postgres", f"postgresql://{user}:blind@{place}", "odd")
        connection.execute(f"DROP ROLE {user}".encode())
    assert {False} == {table.readable for table in structure.tables}
    with database.connect(mariadb_url) as admin:
        for host in ("localhost", "%"):
            database.execute(admin, f"CREATE USER {user}@'{host}' IDENTIFIED BY 'blind'")
        blind = f"mariadb://{user}:blind@{mariadb_url.partition('@')[2]}"
        with pytest.raises(CaptureError, match="GRANT SELECT ON"):
            read_structure("mariadb", blind, schema_of(mariadb_url))
        with pytest.raises(CaptureError, match="refuses the connection"):
            read_structure("mariadb", blind.replace(":blind@", ":wrong@"), schema_of(mariadb_url))
        for host in ("localhost", "%"):
            database.execute(admin, f"DROP USER {user}@'{host}'")


def test_samples_of_postgres(postgres_url: str) -> None:
    """Values as text with their counts, a refused question with its reason, and nothing is written."""
    structure = read_structure("postgres", postgres_url, "odd")
    with sampler(structure, postgres_url) as asked:
        assert ((None, 20),) == asked.values("part", "order", 5)
        assert 3 == len(asked.values("part", "a", 2))
        assert (("0", "0"), ("1", "0")) == asked.labels("part", "a", "b", 2)
        assert asked.zone()
        with pytest.raises(UnansweredError, match="does not exist"):
            asked.values("Order", "gone", 5)


def test_samples_of_mariadb(mariadb_url: str) -> None:
    """Enums and numbers as text, zero dates, a refused question with its reason."""
    with database.connect(mariadb_url) as connection:
        rows = "('1', 'b', '0000-00-00'), ('2', 'b', now())"
        database.execute(connection, f"INSERT INTO `order` (`e mail`, mood, changed) VALUES {rows}")
    structure = read_structure("mariadb", mariadb_url, schema_of(mariadb_url))
    with sampler(structure, mariadb_url) as asked:
        assert (("b", 2),) == asked.values("order", "mood", 5)
        assert 1 == len(asked.zero_dates("order", "changed"))
        assert () == asked.zero_dates("order", "at")
        assert asked.zone()
        with pytest.raises(UnansweredError, match="Unknown column"):
            asked.values("order", "gone", 5)


def test_a_connection_error_is_no_answer(mariadb_url: str) -> None:
    """An address that is none is refused before anything is asked."""
    with pytest.raises(CaptureError, match="address"):
        read_structure("mariadb", f"postgresql://{NOBODY}/x", schema_of(mariadb_url))
