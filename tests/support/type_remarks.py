"""What docs/types.md says of a column type beside its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

POSTGRES: Final[Mapping[str, str]] = {
    "real": "The shortest number that is the same in 32 bits, as PostgreSQL shows it.",
    "numeric(12,2)": 'Exact, with its scale. `NaN` arrives as `Decimal("NaN")`.',
    "numeric": "Also `NaN` and both infinities.",
    "money": "Two decimals, whatever the server's `lc_monetary`.",
    "price": "A domain over `numeric` with a scale.",
    "free_price": "A domain over `numeric` without precision.",
    "whole_price": "A domain over `numeric` with scale 0 is taken for text. In SQL: `CAST(column AS numeric)`.",
    "char(5)": "With its trailing blanks.",
    "short_text": "A domain over text.",
    "mood": "An enum, as its label.",
    "json": "The text as it was stored; a JSON `null` is the text `null`.",
    "jsonb": "The text as PostgreSQL shows it.",
    "hstore": "As JSON, without spaces.",
    "line": "As PostgreSQL's driver writes it.",
    "box": "The same.",
    "polygon": "The same.",
    "bit(8)": "The bits as a number.",
    "varbit(16)": "The bits as a number: how many they are is not carried.",
    "date": "Years beyond 9999 and before Christ: `UNSUPPORTED_VALUE`; but **a snapshot carries a date before Christ "
    "as the same year after Christ**.",
    "birthday": "A domain over `date`.",
    "timestamp(0)": "As `timestamp`.",
    "timestamp": "The wall clock of a zone that the shop file states. Infinities and far years as for `date`.",
    "timestamptz": "Infinities as for `date`; years beyond 9999 and before Christ: `UNSUPPORTED_VALUE`.",
    "time": "`24:00:00` arrives as a `timedelta` of a day.",
    "timetz": "Turned into UTC by Debezium; the zone itself is not carried.",
    "interval": "ISO 8601, exact.",
    "numeric(12,2)[]": "An array that holds `NaN` arrives as NULL.",
    "mood[]": "An array of an enum that holds NULL arrives as NULL.",
    "time[]": "`24:00:00` arrives as `00:00:00`.",
    "price[]": "Arrays of domains.",
    "point": "And other geometry that Debezium makes structures of, PostGIS included.",
    "pair": "Composite types.",
}

MARIADB: Final[Mapping[str, str]] = {
    "boolean": "MariaDB's BOOLEAN is TINYINT(1), which holds any small number: 1 and 0, not true and false.",
    "tinyint(1)": "The same.",
    "bigint unsigned": "Exact.",
    "float": "Six digits, as the server shows it; a snapshot knows no more of it. Take DECIMAL for money.",
    "float(10,2)": "With the digits that are declared.",
    "decimal(15,4)": "Exact, with its scale.",
    "bit(8)": "The bits as a number.",
    "char(5)": "Without trailing blanks.",
    "varchar(20) character set latin1": "What MariaDB calls latin1 is Windows-1252.",
    "text": "Just as it was stored, HTML entities included.",
    "enum('a','b,c','é','')": "The label.",
    "set('a','b','é')": "The labels in the order of the definition, joined by commas.",
    "json": "The text as it was stored, since MariaDB's JSON is LONGTEXT.",
    "binary(4)": "Filled with zero bytes.",
    "date": "Impossible dates, zero dates among them, are NULL.",
    "date NOT NULL": "**Impossible dates are 1970-01-01**, as a real one would be: see `zero_date` in the shop file.",
    "datetime": "The wall clock of a zone that the shop file states. Days that the calendar's reform left out differ.",
    "datetime NOT NULL": "As `date NOT NULL`.",
    "timestamp NULL": "The server's own zone does not matter. Zero dates are NULL.",
    "timestamp NOT NULL": "A zero date is NULL here too: no time stamp can hold 1970-01-01 00:00:00.",
    "time": "Outside of a day as a `timedelta`.",
    "year": "The zero year arrives wrong.",
    "point": "And other geometry.",
}
