"""The condition that chooses rows by their keys."""

from __future__ import annotations

from connector.capture.binlog_catalogue import MySqlQuoting
from connector.capture.catalogue import PostgresQuoting
from connector.capture.reread import rows_with


def test_rows_are_chosen_by_all_columns_of_their_keys() -> None:
    """Names and texts are quoted, and every value is a literal without a type."""
    keys = ['{"id":61}', '{"order_id":"0d1c","Größe":"2.00"}', '{"a\\"b":"O\'Hara","ok":true}']

    expected = (
        """("id" = '61') OR ("order_id" = '0d1c' AND "Größe" = '2.00') OR ("a""b" = 'O''Hara' AND "ok" = 'true')"""
    )
    assert expected == rows_with(PostgresQuoting(), keys)


def test_mariadb_quotes_in_its_own_way() -> None:
    """Names in backticks; a text with a backslash as bytes, since the server may read that as an escape."""
    keys = ['{"order":7,"a`b":"O\'Hara"}', '{"path":"c:\\\\x"}']

    expected = "(`order` = '7' AND `a``b` = 'O''Hara') OR (`path` = CONVERT(X'633a5c78' USING utf8mb4))"
    assert expected == rows_with(MySqlQuoting(), keys)
