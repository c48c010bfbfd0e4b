"""The condition that chooses rows by their keys."""

from __future__ import annotations

from connector.capture.reread import rows_with


def test_rows_are_chosen_by_all_columns_of_their_keys() -> None:
    """Names and texts are quoted, and every value is a literal without a type."""
    keys = ['{"id":61}', '{"order_id":"0d1c","Größe":"2.00"}', '{"a\\"b":"O\'Hara","ok":true}']

    expected = (
        """("id" = '61') OR ("order_id" = '0d1c' AND "Größe" = '2.00') OR ("a""b" = 'O''Hara' AND "ok" = 'true')"""
    )
    assert expected == rows_with(keys)
