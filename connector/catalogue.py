"""Every type of error that an operator can meet: what it means in plain words, and what to do about it.

Types carry the eCommerce Bridge's names where it had one. `docs/errors.md` is `as_markdown()`; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Entry:
    """One type of error. `from_bridge`: the eCommerce Bridge used the name as well."""

    type: str
    cause: str
    remedy: str
    from_bridge: bool = False


@dataclass(frozen=True, slots=True)
class Chapter:
    """Entries of one origin."""

    title: str
    about: str
    entries: tuple[Entry, ...]


_ROW: Final = Chapter(
    "Reading and mapping a row",
    "The change could not be read or mapped. Nothing was sent; the other rows go on.",
    (
        Entry(
            "UNDECODABLE",
            "The record is neither Avro that the registry knows nor JSON, or it is not of Debezium's shape.",
            "Find out what else writes to the topic; with capture: external, whether format and transforms are right. "
            "If the registry lost the schema, restore it and replay.",
        ),
        Entry(
            "MISSING_KEY",
            "The record has no key, so nobody can tell which row it speaks of.",
            "Give the table a primary key, or name its key columns to Debezium (message.key.columns).",
        ),
        Entry(
            "UNKNOWN_OPERATION",
            "Debezium sent an operation that this version does not know.",
            "Upgrade shopbridge, then `shopbridge errors retry`.",
        ),
        Entry(
            "UNSUPPORTED_TYPE",
            "A mapped column has a type that has no form as a HubSpot property.",
            "Map it through an SQL expression that casts it, or take the property out of the shop file.",
        ),
        Entry(
            "UNSUPPORTED_VALUE",
            "The column holds a value that its type allows and HubSpot cannot hold, such as an infinite date.",
            "Correct the row, or map the column through an SQL expression that replaces such values.",
        ),
        Entry(
            "COLUMN_MISSING",
            "The shop file names a column that the table does not have, or no longer has: dropped, or renamed.",
            "Bring the column back, or mend the shop file and restart the worker. Then `shopbridge capture snapshot` "
            "says the table's rows again.",
        ),
        Entry(
            "MAPPING_FAILED",
            "The shop file's template or SQL expression cannot be worked out for this row, as the details say.",
            "Correct the row; or the expression in the shop file, restart the worker, then `shopbridge errors retry`.",
        ),
        Entry(
            "UNMAPPED_VALUE",
            "The column holds a value that the property's list of `values` does not name.",
            "Correct the row; or add the value in the shop file, restart the worker, `shopbridge errors retry`.",
        ),
        Entry(
            "FUNCTION_RAISED",
            "Your Python function raised an exception for this row; the details hold it.",
            "Correct the function, restart the worker, then `shopbridge errors retry`.",
        ),
        Entry(
            "TRUNCATED",
            "A mapped table was emptied by TRUNCATE, which names no rows, so nothing in HubSpot was touched.",
            "Run `shopbridge capture snapshot` for the table; archive by hand what is no longer in it, then ignore the "
            "error.",
        ),
        Entry(
            "POISON",
            "The worker ended three times at this record without getting past it, so it was set aside.",
            "Report the record with the worker's log; after an upgrade: `shopbridge errors retry`.",
        ),
        Entry(
            "UNEXPECTED",
            "Something raised that nobody foresaw, for this record alone; the details hold it.",
            "Report it with the details. After an upgrade: `shopbridge errors retry`; or correct the row.",
        ),
    ),
)

_VALUE: Final = Chapter(
    "A value that is refused",
    "One record's values are refused. The record rests until its row changes, or the error is retried or edited.",
    (
        Entry(
            "INVALID_EMAIL_ADDRESS",
            "HubSpot does not take the e-mail address: its form is wrong or its domain's ending does not exist.",
            "Correct the address in the shop; the change is sent by itself.",
            from_bridge=True,
        ),
        Entry(
            "EMAIL_BLOCKED",
            "The address belongs to a person who was erased from HubSpot for privacy; it can never be used again.",
            "Leave it so (`shopbridge errors ignore`), or take the customer out by the mapping's filter.",
        ),
        Entry(
            "INVALID_ENUM_PROPERTY",
            "The value is not one of the property's options in HubSpot.",
            "Add the option in HubSpot, then `shopbridge errors retry`; or map the value with `values`.",
            from_bridge=True,
        ),
        Entry(
            "INVALID_DEAL_STAGE",
            "The deal's stage does not exist in its pipeline.",
            "Map it with `values` to one that exists; or add the stage, then `shopbridge errors retry`.",
            from_bridge=True,
        ),
        Entry(
            "INVALID_NUMBER",
            "The value is not a number, and the property holds numbers or moments in time.",
            "Correct the row, or map the column through an SQL expression that yields a number or a timestamp.",
        ),
        Entry(
            "VALUE_OUT_OF_RANGE",
            "The number is smaller or larger than HubSpot allows for the property, such as a negative price.",
            "Correct the row, or map the column through an SQL expression that keeps the number within its bounds.",
        ),
        Entry(
            "CURRENCY_NOT_ENABLED",
            "The currency is not among those that this HubSpot account has enabled.",
            "Add the currency in HubSpot, then `shopbridge errors retry`; or leave such rows out by `where`.",
        ),
        Entry(
            "ERROR_INVALID_DATE_PROPERTY",
            "The value is not a date, or has a time of day where the property holds none, or lacks a time zone.",
            "Correct the row; for a column without time zone state the zone in the shop file.",
            from_bridge=True,
        ),
        Entry(
            "VALUE_TOO_LONG",
            "The value has more characters than can be sent or than HubSpot holds in a property (65,536).",
            "Shorten it in the shop, or cut it in the mapping with SUBSTRING.",
        ),
        Entry(
            "MISSING_REQUIRED_PROPERTY",
            "A property that this HubSpot account asks for has no value, always or under a rule of the account.",
            "Map the property, or fill it in the shop; or relax the rule in HubSpot, then `shopbridge errors retry`.",
            from_bridge=True,
        ),
        Entry(
            "VALIDATION_RULE",
            "A rule that this HubSpot account's administrators made for the property refuses the value.",
            "Correct the value in the shop; or relax the rule in HubSpot, then `shopbridge errors retry`.",
        ),
        Entry(
            "CONFLICT",
            "Another HubSpot record already holds a value that must be unique, such as the e-mail address.",
            "Compare the two records: merge them in HubSpot, or correct the value in the shop.",
        ),
        Entry(
            "MATCH_VALUE_TAKEN",
            "Another row has the same e-mail address, or other unique value, and HubSpot has a record for each.",
            "Correct one of the two rows, or merge the two records in HubSpot; the rest is done by itself.",
        ),
        Entry(
            "CONTACT_WITHOUT_EMAIL",
            "This HubSpot account finds contacts by their e-mail address only, and the contact has none.",
            "Add an address in the shop, and the contact is sent by itself; or leave such rows out by `where`.",
        ),
        Entry(
            "UNKNOWN_ERROR",
            "HubSpot refused the record for a reason that has no name here; the details are HubSpot's words.",
            "Read the details. HubSpot's support finds the request by the correlation id.",
            from_bridge=True,
        ),
    ),
)

_LINK: Final = Chapter(
    "A link to another record",
    "The record itself is in HubSpot; what it belongs to is not, or cannot be linked.",
    (
        Entry(
            "INVALID_ASSOCIATION_PROPERTY",
            "HubSpot refuses the association: one of the two records is gone, or may not be linked.",
            "Look the two records up in HubSpot. Once both exist: `shopbridge errors retry`.",
            from_bridge=True,
        ),
        Entry(
            "PARENT_NEVER_SEEN",
            "The row names a parent that never came, though everything that could bring it was read.",
            "Look whether the parent exists in the shop and is not filtered out; the link is made when it comes.",
        ),
        Entry(
            "PARENT_REFUSED",
            "The parent exists in the shop, but HubSpot refuses it.",
            "Mend the parent's own error; the link is made by itself afterwards.",
        ),
        Entry(
            "PARENT_DELETED",
            "The parent was deleted or left the filter, and the link is marked `required`.",
            "Restore the parent, correct the row, or take `required` out of the shop file.",
        ),
    ),
)

_SCHEMA: Final = Chapter(
    "The account's set-up",
    "HubSpot would refuse every record of the type alike. Nothing is dead-lettered: the type pauses with one alert, "
    "tries again every few seconds, and goes on by itself once it is mended.",
    (
        Entry(
            "PROPERTY_DOESNT_EXIST",
            "A mapped property does not exist in this HubSpot account.",
            "Run `shopbridge setup`, or create the property in HubSpot.",
        ),
        Entry(
            "READ_ONLY_VALUE",
            "A mapped property is computed by HubSpot and cannot be set.",
            "Take it out of the shop file, or map to another property.",
        ),
        Entry(
            "MISSING_OPTION",
            "A value that the shop file itself states is not among the property's options in HubSpot.",
            "Run `shopbridge setup`, which adds it to properties that it made; else add it in HubSpot, or correct the "
            "shop file.",
        ),
        Entry(
            "UNKNOWN_PIPELINE",
            "The deal's pipeline does not exist in this HubSpot account.",
            "Run `shopbridge setup`, or name an existing pipeline's id in the shop file.",
        ),
        Entry(
            "KEY_NOT_UNIQUE",
            "HubSpot does not let the property that holds our keys identify records.",
            "Run `shopbridge setup`. A property that exists without unique values must be deleted in HubSpot first.",
        ),
        Entry(
            "MATCH_NOT_UNIQUE",
            "HubSpot finds no records by the property that `match_by` names: its values are not unique here.",
            "Name a unique property in `match_by` (for customers `email`), or take `match_by` out of the shop file.",
        ),
        Entry(
            "MISSING_SCOPES",
            "The credential lacks a right that the type needs; the details name it.",
            "Add the scope to the service key or private app in HubSpot.",
        ),
        Entry(
            "UNKNOWN_OBJECT_TYPE",
            "This HubSpot account does not know the object type.",
            "Check the account's subscription and SHOPBRIDGE_HUBSPOT_API_VERSION.",
        ),
        Entry(
            "UNEXPECTED_ANSWER",
            "Whatever answers at the address does not speak as HubSpot does.",
            "Check SHOPBRIDGE_HUBSPOT_URL, SHOPBRIDGE_HUBSPOT_API_VERSION, and any proxy in between.",
        ),
    ),
)

CHAPTERS: Final = (_ROW, _VALUE, _LINK, _SCHEMA)

CATALOGUE: Final[Mapping[str, Entry]] = {entry.type: entry for chapter in CHAPTERS for entry in chapter.entries}


def entry(error_type: str) -> Entry:
    """The entry of a type; for one of a newer version an entry that says so."""
    unknown = Entry(error_type, "This version has no description of it.", "Read the details, and upgrade shopbridge.")
    return CATALOGUE.get(error_type, unknown)


def as_markdown() -> str:
    """The catalogue as the page `docs/errors.md`."""
    head = [
        "# Errors, their causes, and what to do",
        "",
        "`shopbridge errors list` groups open errors by these types, `shopbridge errors show <id>` shows one with",
        "HubSpot's own words. An error closes by itself when a later version of the row gets through.",
        "Types marked ● had the same name in HubSpot's eCommerce Bridge.",
    ]
    return "\n".join([*head, *(line for chapter in CHAPTERS for line in _chapter(chapter)), ""])


def _chapter(chapter: Chapter) -> list[str]:
    rows = [
        f"| {'● ' if entry.from_bridge else ''}`{entry.type}` | {entry.cause} | {entry.remedy} |"
        for entry in chapter.entries
    ]
    return ["", f"## {chapter.title}", "", chapter.about, "", "| type | cause | what to do |", "|---|---|---|", *rows]
