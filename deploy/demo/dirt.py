"""Values as shops hold them: clean ones, odd ones, and ones that HubSpot must refuse. All from a seeded source."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from random import Random
from typing import Final

FIRST_TAG: Final = 1_000_000

BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
FIRST_NAMES = (
    *(
        "Anna",
        "Ben",
        "Clara",
        "David",
        "Emma",
        "Felix",
        "Grace",
        "Hugo",
        "Ines",
        "Jonas",
        "Lea",
        "Marta",
        "Noah",
        "Olga",
    ),
    *("Zoë", "José", "Jose\u0301", "Łukasz", "Søren", "Đorđe", "Þóra", "李", "さくら", "محمد", "Ναταλία", "Ирина"),
)
LAST_NAMES = (
    *(
        "Smith",
        "Meyer",
        "Novak",
        "Rossi",
        "Dubois",
        "Jansen",
        "Kowalski",
        "Silva",
        "Nguyen",
        "Garcia",
        "Brown",
        "Weber",
    ),
    *(
        "O'Brien",
        "van der Berg",
        "Müller-Lüdenscheidt",
        "D’Angelo",
        "Åström",
        "İnönü",
        "山田",
        "الحسن",
        "Smith 🦄",
        "{Braces}",
    ),
)
COMPANIES = (
    "Acme Ltd",
    "Müller & Söhne GmbH",
    'Quote "Unquote" Inc',
    "back\\slash SA",
    "株式会社デモ",
    "Tab\tand\nNewline plc",
)
DOMAINS = ("example.com", "example.org", "mail.example.net", "Example.COM")
CURRENCIES = ("EUR", "USD")
FORGOTTEN = "forgotten.1@example.com"
"""The address of a customer whom HubSpot's users had erased."""

COLORS = ("red", "green", "blue", "weiß", "黒", "rainbow 🌈")
THINGS = ("Lamp", "Chair", "Kettle", "Bicycle", "Notebook", "Rucksack", "Teapot", "Blanket", "Hammock", "Vase")
MADE_OF = ("oak", "steel", "linen", "glass", "wool", "bamboo", "Porzellan", "кожа", "絹")
CHANNELS = ("web", "app", "phone", "marktplatz")
BAD_EMAILS = (
    "no-at-sign-{}",
    "two@@signs-{}.example.com",
    "blank in-{}@example.com",
    "@example-{}.com",
    "no-domain-{}@",
)
BAD_POINTS = ("twelve", "1,250 points", "n/a", "12 or so", "∞")


def maybe(rng: Random, probability: float) -> bool:
    return rng.random() < probability


def word(rng: Random, length: int) -> str:
    return "".join(rng.choices(BASE36, k=length))


def person_name(rng: Random, names: tuple[str, ...]) -> str | None:
    """A name as people type it: sometimes none, empty, or with blanks around."""
    name = rng.choice(names)
    return rng.choices((name, None, "", f" {name}", f"{name}  "), weights=(90, 3, 3, 2, 2))[0]


def email(rng: Random, number: int) -> str:
    """A good address, different from every other number's whatever its case and the blanks around it."""
    local = f"{word(rng, 5)}.{number}"
    if maybe(rng, 0.1):
        local = f"{local}+news-{word(rng, 3)}"
    if maybe(rng, 0.2):
        local = local.title()
    address = f"{local}@{rng.choice(DOMAINS)}"
    return rng.choices((address, f" {address}", f"{address} "), weights=(94, 3, 3))[0]


def email_or_none(rng: Random, number: int, *, always: bool = False) -> str | None:
    """An address; now and then none, unless there must be one `always`."""
    found = rng.choices((email(rng, number), None, "", "  "), weights=(955, 30, 10, 5))[0]
    return email(rng, number) if always else found


def respelled(rng: Random, address: str) -> str:
    """The same address as other people type it: other capitals, blanks around it."""
    local, at, domain = address.strip().partition("@")
    spelled = rng.choice(
        (f"{local.upper()}{at}{domain}", f"{local.lower()}{at}{domain.title()}", f"{local}{at}{domain}")
    )
    return rng.choice((f" {spelled}", f"{spelled}  ", spelled.swapcase()))


def shared_email(number: int) -> str:
    """An address that stands in both shops."""
    return f"both.{number}@example.org"


def swapped_email(number: int) -> str:
    """An address of people who exchange theirs with each other, and stand in one row only.

    Were a second row to come while the exchange is under way, it would depend on who is seen first which of two records
    it belongs to.
    """
    return f"swap.{number}@example.com"


def is_swapped(email: str) -> bool:
    return email.startswith("swap.")


def came_later(email: str) -> bool:
    """Whether live changes gave the address: they number theirs from a million on (`demo.tag` of both shops)."""
    return any(int(number) >= FIRST_TAG for number in re.findall(r"\d+", email))


def guest_email(rng: Random, number: int) -> str:
    """A guest's address, good, now and then of a domain that is not ASCII."""
    return f"guest.{number}@büro.example.com" if maybe(rng, 0.1) else f"Guest.{number}@{rng.choice(DOMAINS)}"


def bad_email(rng: Random, number: int) -> str:
    return rng.choice(BAD_EMAILS).format(number)


def phone(rng: Random) -> str | None:
    digits = "".join(rng.choices("0123456789", k=9))
    shapes = (f"+49 {digits[:3]} {digits[3:]}", f"0{digits}", f"(0{digits[:3]}) {digits[3:]} ext. 7", None, "")
    return rng.choices(shapes, weights=(40, 30, 20, 7, 3))[0]


def points(rng: Random) -> str | None:
    return rng.choices((str(rng.randrange(5000)), None, "", "0", "007"), weights=(70, 20, 5, 3, 2))[0]


def long_text(rng: Random, least: int, most: int) -> str:
    """A text that hardly compresses, of `least` to `most` characters, with line breaks, marks and emoji in it."""
    length = rng.randrange(least, most)
    pieces: list[str] = []
    size = 0
    while size < length:
        piece = f"{word(rng, rng.randrange(3, 60))}{rng.choice((' ', '. ', chr(10), ' – ', ' 😀 ', ' <b>&amp;</b> '))}"
        pieces.append(piece)
        size += len(piece)
    return "".join(pieces)[: length - 1] + "."


def description(rng: Random) -> str | None:
    """Mostly a sentence or two; one in four is stored out of line, some are nearly as long as HubSpot takes."""
    kind = rng.choices(("short", "long", "huge", "none", "empty"), weights=(62, 23, 3, 8, 4))[0]
    if kind == "short":
        return f"A {rng.choice(MADE_OF)} piece. {long_text(rng, 20, 200)}"
    sizes = {"long": (8_500, 16_000), "huge": (50_000, 60_000)}
    return long_text(rng, *sizes[kind]) if kind in sizes else None if kind == "none" else ""


def note(rng: Random) -> str | None:
    if maybe(rng, 0.7):
        return rng.choices((None, ""), weights=(6, 1))[0]
    return long_text(rng, 9_000, 12_000) if maybe(rng, 0.02) else f"{long_text(rng, 10, 160)}  "


def customer_attributes(rng: Random) -> str | None:
    tier = rng.choice(("gold", "silver", "bronze", "platin ⭐", None, ""))
    shapes: tuple[dict[str, object] | None, ...] = (
        {"loyalty": {"tier": tier}, "tags": ["a", "b"]},
        {"loyalty": {}},
        {"loyalty": None},
        {},
        None,
    )
    shape = rng.choices(shapes, weights=(70, 8, 4, 8, 10))[0]
    return None if shape is None else json.dumps(shape, ensure_ascii=False)


def product_attributes(rng: Random) -> str | None:
    color = rng.choice((*COLORS, None))
    return (
        None if maybe(rng, 0.1) else json.dumps({"color": color, "weight_g": rng.randrange(9000)}, ensure_ascii=False)
    )


def order_attributes(rng: Random) -> str | None:
    return None if maybe(rng, 0.1) else json.dumps({"channel": rng.choice(CHANNELS), "gift": maybe(rng, 0.1)})


def line_options(rng: Random) -> str | None:
    if maybe(rng, 0.8):
        return None
    return json.dumps(
        {"engraving": rng.choice(("Für Oma ❤", 'He said "hi"', "", "7")), "wrap": maybe(rng, 0.5)}, ensure_ascii=False
    )


def price(rng: Random) -> Decimal:
    return Decimal(rng.choice((rng.randrange(1, 5_000_000), rng.randrange(100, 5_000) * 10_000))).scaleb(-4)
