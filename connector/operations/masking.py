"""What is shown of people's data: which properties are personal, and what is left of a value when it is masked.

A masked value still tells whether it is there, how it begins and how long it is, as finding a fault needs. The setting
`SHOPBRIDGE_MASK` says what is personal; each command that shows values takes `--show`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

from connector.errors import ConfigurationError
from connector.message import ObjectType, Value
from connector.redaction import STARS, mask_people, masked
from connector.settings import Settings

_WORDS: Final = frozenset(
    {
        *(
            "email",
            "emails",
            "mail",
            "phone",
            "phones",
            "mobile",
            "mobilephone",
            "telephone",
            "tel",
            "fax",
            "iban",
            "ip",
        ),
        *(
            "firstname",
            "lastname",
            "fullname",
            "surname",
            "forename",
            "givenname",
            "familyname",
            "nickname",
            "salutation",
        ),
        *("address", "street", "city", "zip", "zipcode", "postcode", "postal", "recipient"),
        *("birthday", "birthdate", "birth", "dob"),
        *("note", "notes", "comment", "comments", "message", "remark", "remarks", "engraving"),
    }
)
"""A property with one of these words in its name is personal, whatever its object and the type of its value."""
_PAIRS: Final = frozenset({("first", "name"), ("last", "name"), ("full", "name"), ("middle", "name"), ("free", "text")})
_FREE_TEXT: Final[Mapping[ObjectType, frozenset[str]]] = {
    ObjectType.DEAL: frozenset({"description", "hs_next_step", "closed_lost_reason", "closed_won_reason"}),
}
"""Properties of HubSpot's own in which people write of people (HubSpot docs)."""
_OF_NOBODY: Final = frozenset({"shopbridge_key", "lifecyclestage", "hs_lead_status", "hs_language", "hubspot_owner_id"})
"""Texts of a contact that tell nothing of the person."""

_PLAIN: Final = re.compile(
    r"[+-]?\d{1,6}(\.\d+)?|true|false"
    r"|\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.IGNORECASE | re.ASCII,
)
"""Texts that are a short number, a date, a time or an identifier."""


def mask(value: Value) -> str:
    """`a***@e***.com` for an address, `A*** (3)` for other text; numbers, dates and identifiers stay as they are."""
    text = "" if value is None else str(value)
    return text if not isinstance(value, str) or _PLAIN.fullmatch(text) else masked(text)


def mask_text(text: str, known: Iterable[str] = ()) -> str:
    """A sentence with the e-mail addresses, telephone numbers and `known` personal values in it masked."""
    values = sorted({each for each in known if len(each) > 2 and not _PLAIN.fullmatch(each)}, key=len, reverse=True)
    if values:
        alternatives = "|".join(map(re.escape, values))
        text = re.sub(rf"(?<!\w)(?:{alternatives})(?!\w)", lambda found: masked(found.group()), text)
    return mask_people(text)


@dataclass(frozen=True, slots=True)
class Masking:
    """What is personal. `usual`: by type and name of the property, as this module has it; `names` beside these.

    Names are `property` or `TYPE.property`; those in `not_these` are shown.
    """

    usual: bool = True
    names: frozenset[str] = frozenset()
    not_these: frozenset[str] = frozenset()

    def value(self, object_type: ObjectType, name: str, value: Value) -> Value:
        """The value of a property as it may be shown."""
        called = {name, f"{object_type.lower().replace('_', '-')}.{name}"}
        if value is None or isinstance(value, bool) or called & self.not_these:
            return value
        if called & self.names or (self.usual and is_personal(object_type, name)):
            return _hidden(value)
        if self.usual and isinstance(value, str) and object_type is ObjectType.CONTACT and name not in _OF_NOBODY:
            return mask(value)
        return mask_text(value) if self.usual and isinstance(value, str) else value


USUAL: Final = Masking()
NOTHING: Final = Masking(usual=False)
"""Masks nothing."""


def is_personal(object_type: ObjectType, name: str) -> bool:
    """Whether a property tells of a person by its name alone; a contact's other texts are masked too."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = [word.lower().rstrip("0123456789") for word in re.split(r"[^A-Za-z0-9]+", spaced)]
    pairs = set(pairwise(words))
    return not _WORDS.isdisjoint(words) or bool(pairs & _PAIRS) or name in _FREE_TEXT.get(object_type, ())


def _hidden(value: Value) -> str:
    match value:
        case str():
            return masked(value)
        case date():
            return f"{value.year}-**-**"
        case int() | Decimal():
            return f"{STARS} ({len(str(value))})"
        case _:
            return STARS


def mask_properties(
    object_type: ObjectType, properties: Mapping[str, Value], masking: Masking = USUAL
) -> dict[str, Value]:
    """An object's properties as they may be shown; what is not personal stays as it is, with its type."""
    return {name: masking.value(object_type, name, value) for name, value in properties.items()}


def masking_of(settings: Settings, *, show: bool = False) -> Masking:
    """What a command masks, by the setting and its `--show`. Raises ConfigurationError for a mistake in it."""
    words = [word.strip() for word in settings.mask.split(",") if word.strip()]
    if words == ["never"]:
        return NOTHING
    if words == ["always"]:
        return USUAL
    if wrong := [word for word in words if word in {"never", "always"} or not _ENTRY.fullmatch(word)]:
        raise ConfigurationError(
            f"SHOPBRIDGE_MASK: {wrong[0]!r} is no property: give personal, always, never or {_LIST}"
        )
    if show:
        return NOTHING
    return Masking(
        usual="personal" in words,
        names=frozenset(word for word in words if word[0] != "-" and word != "personal"),
        not_these=frozenset(word[1:] for word in words if word[0] == "-"),
    )


_ENTRY: Final = re.compile(r"-?((contact|deal|product|line-item)\.)?\w+")
_LIST: Final = "a list such as personal,deal.dealname,-contact.customer_group"
