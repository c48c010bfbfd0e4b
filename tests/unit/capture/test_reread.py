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
    assert expected == rows_with(PostgresQuoting(), keys, {})


def test_mariadb_quotes_in_its_own_way() -> None:
    """Names in backticks; a text with a backslash as bytes, since the server may read that as an escape."""
    keys = ['{"order":7,"a`b":"O\'Hara"}', '{"path":"c:\\\\x"}']

    expected = "(`order` = '7' AND `a``b` = 'O''Hara') OR (`path` = CONVERT(X'633a5c78' USING utf8mb4))"
    assert expected == rows_with(MySqlQuoting(), keys, {})


def test_keys_of_types_that_are_written_otherwise() -> None:
    """Bytes, bits, truth values and instants, as each database reads them; texts that look so stay texts."""
    kinds = {"a": "bytea", "b": "bit", "c": "timestamp with time zone"}
    expected = """("a" = '\\x00ff' AND "b" = b'1' AND "c" = '2026-02-28T10:00:00+00:00')"""
    key = '{"a":"00ff","b":true,"c":"2026-02-28T10:00:00+00:00"}'
    assert expected == rows_with(PostgresQuoting(), [key], kinds)

    kinds = {"a": "binary", "b": "tinyint", "c": "timestamp", "d": "varchar", "e": "bit", "f": "bit"}
    key = '{"a":"00ff","b":true,"c":"2026-02-28T10:00:00.500000+00:00","d":"00ff","e":5,"f":false}'
    expected = (
        "(`a` = X'00ff' AND `b` = '1' AND UNIX_TIMESTAMP(`c`) = 1772272800.500000 AND `d` = '00ff' AND `e` = 5"
        " AND `f` = b'0')"
    )
    assert expected == rows_with(MySqlQuoting(), [key], kinds)
