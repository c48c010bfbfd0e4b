"""Foreign, broken and odd records among good ones: dead letters or ignored, and the neighbours arrive."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator

import fastavro
import pytest

from connector.http import Http
from connector.record import Outgoing, Record
from connector.registry import Registry
from tests.support.change_log import avro
from tests.support.small_shop import CASES, SmallShop
from tests.support.world import BIN, World

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"dirty_topics.{kind}").read_text() for kind in ("sql", "yaml"))

FUNCTIONS = '''
def code(row):
    """A code of two parts; raises ValueError for any other."""
    left, right = row["code"].split("-")
    return f"{left}/{right}"
'''

FOREIGN = {
    "type": "record",
    "name": "Weather",
    "namespace": "elsewhere",
    "fields": [{"name": "city", "type": "string"}, {"name": "degrees", "type": "double"}],
}

LONGEST = 65_536
"""Characters that a HubSpot text property holds."""


@pytest.fixture(scope="module")
def shop(make_world: Callable[..., World]) -> Iterator[SmallShop]:
    """The shop, captured, with a running worker; at the end it is the same process, and it has not started anew."""
    small = SmallShop(make_world("dirty"))
    (small.world.folder / "goods_functions.py").write_text(FUNCTIONS)
    small.build(TABLES, SHOP)
    small.world.sql("ALTER TYPE state ADD VALUE 'lost'")
    small.start_worker()
    yield small
    assert small.world.worker is not None
    assert (None, 1) == (small.world.worker.poll(), small.world.count("working"))


def write_customer(shop: SmallShop, number: int, name: str) -> None:
    shop.world.sql(
        "INSERT INTO customers VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE SET first_name = excluded.first_name",
        *(number, f"c{number}@example.com", name),
    )


def between_neighbours(shop: SmallShop, number: int, bad: Callable[[Record], Outgoing]) -> None:
    """Write customer `number` as `before`, then on the same partition the bad record, then as `after`."""
    write_customer(shop, number, "before")
    shop.wait_for(f"CONTACT:{number}", firstname="before")
    shop.produce([bad(record_of(shop, number))])
    write_customer(shop, number, "after")
    shop.wait_for(f"CONTACT:{number}", firstname="after")


def record_of(shop: SmallShop, number: int) -> Record:
    """The change record of the customer, known by its e-mail."""
    mark = f"c{number}@example.com".encode()
    return next(each for each in shop.change_records("customers") if mark in (each.value or b""))


async def registered_id(shop: SmallShop) -> int:
    """The registry's id of a schema that has nothing to do with the shop."""
    http = Http(shop.settings.registry_url)
    number = await Registry(http, patience_s=30).register(f"{shop.world.name}-weather", json.dumps(FOREIGN))
    await http.aclose()
    return number


def row(number: int) -> str:
    return f'customers {{"id":{number}}}'


def test_garbage_is_a_dead_letter_and_its_neighbours_arrive(shop: SmallShop) -> None:
    """Bytes that are no Avro, under the key of a real row: an error, which that row's next change closes."""
    between_neighbours(shop, 11, lambda good: Outgoing(good.topic, good.key, b"\xffgarbage"))
    shop.wait_errors(row(11), UNDECODABLE="RESOLVED")


def test_foreign_schema_is_a_dead_letter_and_its_neighbours_arrive(shop: SmallShop) -> None:
    """Valid Avro of a registered schema that is no change at all."""
    number = asyncio.run(registered_id(shop))
    value = avro(number, fastavro.parse_schema(FOREIGN), {"city": "Kiel", "degrees": 4.5})
    between_neighbours(shop, 12, lambda good: Outgoing(good.topic, good.key, value))
    shop.wait_errors(row(12), UNDECODABLE="RESOLVED")


def test_unreadable_key_and_value_stay_an_error(shop: SmallShop) -> None:
    """Nobody can say which row it is about, so nothing closes it."""
    between_neighbours(shop, 13, lambda good: Outgoing(good.topic, b"no key", b"\x00\x7f\xff\xff\xffunknown schema"))

    def nameless() -> list[tuple[str, str]]:
        """Errors of records that name no row: those are called by their place, partition and offset."""
        return [(line["cause"], line["state"]) for line in shop.letters() if "{" not in line["row_key"]]

    shop.wait("the error of a nameless record", lambda: [("UNDECODABLE", "OPEN")] == nameless())


def test_null_value_is_ignored(shop: SmallShop) -> None:
    """A tombstone says nothing: no error, and the row's object stays."""
    between_neighbours(shop, 14, lambda good: Outgoing(good.topic, good.key, None))
    assert {} == shop.errors_of(row(14))


def test_unknown_tables_record_is_a_dead_letter(shop: SmallShop) -> None:
    """A change of another table that was written to the change topic of customers."""
    shop.world.sql("INSERT INTO goods VALUES (15, 'astray', 'a-b')")
    shop.wait_for("PRODUCT:15", name="astray")
    astray = next(each for each in shop.change_records("goods") if b"astray" in (each.value or b""))
    between_neighbours(shop, 15, lambda good: Outgoing(good.topic, good.key, astray.value))
    shop.wait_errors(row(15), UNDECODABLE="RESOLVED")
    shop.wait_for("PRODUCT:15", name="astray")


def test_row_of_a_megabyte_is_too_long_until_it_is_shortened(shop: SmallShop) -> None:
    """HubSpot takes 65,536 characters: an error of this row alone, closed by the shortened row."""
    write_customer(shop, 16, "before")
    shop.world.sql("INSERT INTO customers VALUES (17, 'c17@example.com', 'long', repeat('x', 1000000))")
    write_customer(shop, 18, "after")
    shop.wait_for("CONTACT:16", firstname="before")
    shop.wait_for("CONTACT:18", firstname="after")
    shop.wait_errors("CONTACT:17", VALUE_TOO_LONG="OPEN")
    shop.world.sql("UPDATE customers SET note = 'short' WHERE id = 17")
    shop.wait_for("CONTACT:17", shop_note="short")
    shop.wait_errors("CONTACT:17", VALUE_TOO_LONG="RESOLVED")


def test_function_that_raises_is_one_dead_letter(shop: SmallShop) -> None:
    """The user's function fails on one row: that row's error, closed when the row is mended."""
    shop.world.sql("INSERT INTO goods VALUES (21, 'before', 'a-b'), (22, 'no code', NULL), (23, 'after', 'c-d')")
    shop.wait_for("PRODUCT:21", shop_code="a/b")
    shop.wait_for("PRODUCT:23", shop_code="c/d")
    shop.wait_errors("PRODUCT:22", FUNCTION_RAISED="OPEN")
    assert 1 == len([line for line in shop.letters() if line["cause"] == "FUNCTION_RAISED"])
    shop.world.sql("UPDATE goods SET code = 'e-f' WHERE id = 22")
    shop.wait_for("PRODUCT:22", shop_code="e/f")
    shop.wait_errors("PRODUCT:22", FUNCTION_RAISED="RESOLVED")


def test_truncate_is_one_error_and_touches_nothing(shop: SmallShop) -> None:
    """TRUNCATE names no rows: their records stay, the error says what to do, and later rows arrive."""
    shop.world.sql("INSERT INTO goods VALUES (31, 'kept', 'a-b')")
    shop.wait_for("PRODUCT:31", name="kept")
    shop.world.sql("TRUNCATE goods")
    shop.world.sql("INSERT INTO goods VALUES (32, 'later', 'a-b')")
    shop.wait_for("PRODUCT:32", name="later")
    truncated = [line for line in shop.letters() if line["cause"] == "TRUNCATED"]
    assert ["OPEN"] == [line["state"] for line in truncated]
    assert "incremental snapshot of goods" in truncated[0]["details"]
    shop.wait_for("PRODUCT:31", name="kept")


EMOJI = "Zoë 👩‍👩‍👧‍👦 🛍️ ﷽ \u202eabc"

ARRIVE = {
    101: ("placed = '9999-12-31 23:59:59.999+00'", {"closedate": "9999-12-31T23:59:59.999Z"}),
    102: ("at = '24:00'", {"shop_at": "24:00:00"}),
    103: ("tags = ARRAY['a', NULL, 'ü b']", {"shop_tags": "a;ü b"}),
    104: ("tags = '{}'", {"shop_tags": ""}),
    105: ("data = 'null'", {"shop_data": "null", "shop_color": ""}),
    106: ("""data = '{"color": null}'""", {"shop_color": ""}),
    107: ("note = ''", {"shop_note": "", "shop_said": ""}),
    108: ("note = NULL", {"shop_note": "", "shop_said": "nothing"}),
    109: (f"note = '{EMOJI}'", {"shop_note": EMOJI, "shop_said": EMOJI}),
    110: (f"note = repeat('y', {LONGEST})", {"shop_note": "y" * LONGEST}),
    111: ("total = '-0.00'", {"amount": "0.00"}),
    112: ("total = 12345678901234.5678", {"amount": "12345678901234.5678"}),
    113: ("day = '1899-12-31'", {"shop_day": "1899-12-31"}),
    114: ("state = 'old'", {"shop_state": "Old"}),
    115: ("total = 1e3", {"amount": "1000"}),
}
"""Row → what makes it odd, and what HubSpot must hold."""

REFUSED = {
    201: ("total = 'NaN'", "INVALID_NUMBER"),
    202: ("total = 'Infinity'", "INVALID_NUMBER"),
    203: ("placed = 'infinity'", "ERROR_INVALID_DATE_PROPERTY"),
    204: ("placed = '-infinity'", "ERROR_INVALID_DATE_PROPERTY"),
    205: ("day = '0044-03-15 BC'", "UNSUPPORTED_VALUE"),
    206: ("day = '12024-01-01'", "UNSUPPORTED_VALUE"),
    207: ("day = 'infinity'", "ERROR_INVALID_DATE_PROPERTY"),
    208: ("state = 'lost'", "UNMAPPED_VALUE"),
    209: ("tags = ARRAY['a;b']", "UNSUPPORTED_TYPE"),
    210: (f"note = repeat('y', {LONGEST + 1})", "VALUE_TOO_LONG"),
    211: ("note = repeat('😀', 70000)", "VALUE_TOO_LONG"),
}
"""Row → what makes it odd, and the error that it must be."""


@pytest.fixture(scope="module")
def odd(shop: SmallShop) -> SmallShop:
    """The shop with all odd rows written, each by an update of a plain row in a transaction of its own."""
    oddities = {number: change for number, (change, _) in {**ARRIVE, **REFUSED}.items()}
    shop.world.sql("INSERT INTO odd SELECT id, 1, now(), now(), '12:00', 'fresh' FROM unnest(%s) id", list(oddities))
    for number, change in oddities.items():
        shop.world.sql(f"UPDATE odd SET {change} WHERE id = {number}")
    return shop


@pytest.mark.parametrize("number", ARRIVE)
def test_odd_value_arrives(odd: SmallShop, number: int) -> None:
    """What HubSpot can hold is there."""
    odd.wait_for(f"DEAL:{number}", **ARRIVE[number][1])
    assert {} == odd.errors_of(f"DEAL:{number}")


@pytest.mark.parametrize("number", REFUSED)
def test_impossible_value_is_an_error_until_it_is_mended(odd: SmallShop, number: int) -> None:
    """What HubSpot cannot hold is one error of the row, which closes by itself."""
    odd.wait_errors(f"DEAL:{number}", **{REFUSED[number][1]: "OPEN"})
    odd.world.sql(
        "UPDATE odd SET total = 2, placed = now(), day = now(), state = 'old', tags = NULL, note = 'mended' "
        "WHERE id = %s",
        number,
    )
    odd.wait_for(f"DEAL:{number}", amount="2", shop_note="mended")
    odd.wait_errors(f"DEAL:{number}", **{REFUSED[number][1]: "RESOLVED"})


def test_row_beyond_the_largest_record_is_cut_by_the_operator(shop: SmallShop) -> None:
    """It ends capture, which says why; with the column cut in the shop file all goes on from that row."""
    text = "(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 400000) i)"
    shop.world.sql(f"INSERT INTO customers VALUES (19, 'c19@example.com', 'huge', {text})")
    write_customer(shop, 20, "after")
    shop.wait("capture to stop", lambda: "RecordTooLargeException" in capture_status(shop))
    cut = r"config: {column.truncate.to.1000000.chars: 'public\.customers\.note'}"
    shop.world.shop_file.write_text(f"{SHOP}\ncapture: {{prefix: {shop.world.name}, {cut}}}\n")
    shop.world.shopbridge("capture", "apply")
    shop.wait_for("CONTACT:20", firstname="after")
    shop.wait_errors("CONTACT:19", VALUE_TOO_LONG="OPEN")


def capture_status(shop: SmallShop) -> str:
    """What `capture status` prints; it ends with 1 where changes do not stream."""
    command = [str(BIN / "shopbridge"), "capture", "status"]
    return subprocess.run(command, env=shop.world.environment, capture_output=True, text=True, check=False).stdout
