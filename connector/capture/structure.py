"""What a shop's database holds, as its catalogue tells it. Reads only, and no row of the shop's."""

from __future__ import annotations

from connector.capture import structure_mysql, structure_postgres
from connector.capture.structure_model import CASCADE, ForeignKey, Kind, Structure, Table, TableColumn

__all__ = ["CASCADE", "ForeignKey", "Kind", "Structure", "Table", "TableColumn", "read_structure"]


def read_structure(kind: str, url: str, schema: str) -> Structure:
    """Read the catalogue of `schema` (MariaDB and MySQL: of the database).

    Between `mariadb` and `mysql` the server's own word decides. Raises RetriableError where the server does not
    answer, CaptureError where it refuses us, the address is none, or our role sees no table in the schema; the error
    names the schemas that have some.
    """
    read = structure_postgres.read if kind == "postgres" else structure_mysql.read
    return read(url, schema)
