"""What `capture` shows of what it did."""

from __future__ import annotations

import pytest

from connector.cli.capture import without_password


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("""CREATE ROLE "a" LOGIN REPLICATION PASSWORD 's3cret'""", 'CREATE ROLE "a" LOGIN REPLICATION'),
        ("CREATE USER 'a'@'%' IDENTIFIED BY 's3cret'", "CREATE USER 'a'@'%'"),
        ("ALTER USER 'a'@'localhost' IDENTIFIED BY 's3''cret'", "ALTER USER 'a'@'localhost'"),
        ("GRANT SELECT ON `l`.`t` TO 'a'@'%'", "GRANT SELECT ON `l`.`t` TO 'a'@'%'"),
    ],
)
def test_no_password_is_shown(statement: str, shown: str) -> None:
    """Neither of PostgreSQL's roles nor of MariaDB's users."""
    assert shown == without_password(statement)
