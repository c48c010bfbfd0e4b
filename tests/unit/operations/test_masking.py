"""What is left of people's data when it is masked."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigurationError
from connector.message import ObjectType, Value
from connector.operations.masking import Masking, is_personal, mask, mask_properties, mask_text, masking_of
from connector.settings import Settings

LETTERS: Final = string.ascii_letters + string.digits
locals_ = st.text(LETTERS, min_size=2, max_size=20)
names = st.text(string.ascii_lowercase, min_size=2, max_size=12)
addresses = st.builds("{}@{}.{}".format, locals_, names, st.sampled_from(["com", "de", "co.uk"]))
texts = st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=2)


@pytest.mark.parametrize(
    ("masked", "value"),
    [
        ("a***@e***.com", "ann@example.com"),
        ("***@e***.uk", "a@example.co.uk"),
        ("a***@l***", "ann@localhost"),
        ("a***%40e***.com", "ann%40example.com"),
        ("a***@e***.com;b***@e***.com", "ann@example.com;bob@example.com"),
        ("A*** (3)", "Ann"),
        ("*** (1)", "A"),
        ("*** (4)", "+49 "),
        ("É*** (5)", "Élise"),
        ("A*** (21)", "Ann <ann@example.com>"),
        ("0*** (10)", "0401234567"),
        ("", ""),
        ("", None),
        ("17", 17),
        ("17", "17"),
        ("12.50", Decimal("12.50")),
        ("2026-01-02", date(2026, 1, 2)),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("True", True),
    ],
)
def test_a_masked_value(masked: str, value: Value) -> None:
    """Addresses keep their shape, texts their first letter and length, and numbers, dates and identifiers stay."""
    assert masked == mask(value)


@given(addresses)
def test_a_masked_address_tells_neither_person_nor_domain(address: str) -> None:
    """Neither the part before the @ nor the domain's name is left."""
    masked = mask(address)
    local, _, domain = address.partition("@")
    assert local not in masked.partition("@")[0]
    assert domain.partition(".")[0] not in masked.partition("@")[2].rpartition(".")[0]


@given(texts, st.sampled_from(ObjectType))
def test_a_personal_text_is_never_shown(text: str, kind: ObjectType) -> None:
    """Whatever stands in a personal property, it does not stand in what is shown of it."""
    shown = mask_properties(kind, {"lastname": text})["lastname"]
    assert isinstance(shown, str)
    assert text not in shown


@given(st.text(string.ascii_letters + " .,;:'\"()[]{}<>"), addresses, st.text(string.ascii_letters + " ', }>"))
def test_no_address_is_left_in_a_sentence(before: str, address: str, after: str) -> None:
    """An address is found wherever it stands in a text."""
    assert address not in mask_text(f"{before} {address} {after}")


@given(addresses)
def test_masking_twice_is_masking_once(address: str) -> None:
    """What is masked already stays so, since texts pass several places on their way to the screen."""
    assert mask_text(mask(address)) == mask(address)


@given(st.uuids(), st.datetimes(timezones=st.just(UTC)), st.integers(-999_999, 999_999))
def test_identifiers_times_and_numbers_stay(identifier: UUID, at: datetime, number: int) -> None:
    """They are needed to find things, and tell of nobody."""
    assert [str(identifier), at.isoformat(), str(number)] == [mask(str(identifier)), mask(at.isoformat()), mask(number)]


def test_known_values_are_masked_in_a_sentence() -> None:
    """HubSpot's answers repeat what was sent; whole words are masked, not parts of others."""
    text = "Property values were not valid: 'Ann Lee' of Annapolis, +49 40 1234567, offset 1042"
    expected = "Property values were not valid: 'A*** (7)' of Annapolis, *** (14), offset 1042"
    assert expected == mask_text(text, ["Ann", "Ann Lee"])


def test_what_is_personal_of_a_contact() -> None:
    """All its texts but those known to be of nobody; numbers and dates only where the name says so."""
    properties: dict[str, Value] = {
        "email": "ann@example.com",
        "hobby": "chess",
        "lifecyclestage": "customer",
        "date_of_birth": date(1984, 5, 3),
        "phone": 491234567,
        "orders_placed": 12,
        "since": date(2020, 1, 1),
        "hs_email_optout": True,
        "fax": None,
    }
    expected = {
        "email": "a***@e***.com",
        "hobby": "c*** (5)",
        "lifecyclestage": "customer",
        "date_of_birth": "1984-**-**",
        "phone": "*** (9)",
        "orders_placed": 12,
        "since": date(2020, 1, 1),
        "hs_email_optout": True,
        "fax": None,
    }
    assert expected == mask_properties(ObjectType.CONTACT, properties)


def test_what_is_personal_of_goods_and_deals() -> None:
    """Names of goods and orders are shown; what people write of themselves, and addresses anywhere, are not."""
    deal: dict[str, Value] = {"dealname": "Order 7 of ann@example.com", "description": "ring Ann", "amount": Decimal(3)}
    assert {
        "dealname": "Order 7 of a***@e***.com",
        "description": "r*** (8)",
        "amount": Decimal(3),
    } == mask_properties(ObjectType.DEAL, deal)
    product: dict[str, Value] = {"name": "Lamp", "description": "A lamp", "hs_sku": "L-1"}
    assert product == mask_properties(ObjectType.PRODUCT, product)


@pytest.mark.parametrize("name", ["firstname", "first_name", "shippingAddress1", "GIFT_MESSAGE", "zip-code", "Phone2"])
def test_personal_names(name: str) -> None:
    """Words are found in any way of writing names."""
    assert is_personal(ObjectType.DEAL, name)


@pytest.mark.parametrize("name", ["name", "dealname", "capacity", "hs_sku", "price", "emailed_at", "phonebook"])
def test_other_names(name: str) -> None:
    """A part of a word is not the word."""
    assert not is_personal(ObjectType.PRODUCT, name)


def of(setting: str, *, show: bool = False) -> Masking:
    """The rule that a setting makes."""
    return masking_of(Settings.model_validate({"mask": setting}), show=show)


VALUES: Final[dict[str, Value]] = {"firstname": "Ann", "club": "Chess", "points": 7}


@pytest.mark.parametrize(
    ("expected", "setting", "show"),
    [
        (["A*** (3)", "C*** (5)", 7], "personal", False),
        (["Ann", "Chess", 7], "personal", True),
        (["A*** (3)", "C*** (5)", 7], "always", True),
        (["Ann", "Chess", 7], "never", False),
        (["A*** (3)", "Chess", "*** (1)"], "personal, contact.points, -contact.club", False),
        (["Ann", "C*** (5)", 7], "club,deal.points", False),
        (["A*** (3)", "Chess", 7], "personal,-club", False),
    ],
)
def test_the_setting_decides(expected: list[Value], setting: str, show: bool) -> None:  # noqa: FBT001
    """A list says what is personal beside the usual or in its place; --show shows all unless the setting forbids it."""
    assert expected == list(mask_properties(ObjectType.CONTACT, VALUES, of(setting, show=show)).values())


@pytest.mark.parametrize("setting", ["never,club", "personal;club", "customer.name", "-"])
def test_a_setting_that_is_no_list(setting: str) -> None:
    """A mistake in it is told, not passed over: nothing would be masked then."""
    with pytest.raises(ConfigurationError, match="SHOPBRIDGE_MASK"):
        of(setting)
