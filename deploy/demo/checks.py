"""The proof itself: pure functions from the two sides to what is not as it must be."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from deploy.demo.found import PARENT_CAUSES, Difference, Expected, Pair, Record, Sandbox, Shop, Tally

MIRROR = {("contact", "deal"), ("deal", "line_item")}
FORWARD = {("deal", "contact"), ("line_item", "deal")}
PRODUCT = "hs_product_id"
REV = "shop_rev"
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def compare_objects(shop: Shop, sandbox: Sandbox, tallies: Mapping[str, Tally]) -> Iterator[Difference]:
    """Every object's every mapped property; counts rows, records and equal ones into `tallies`."""
    records = _by_object(sandbox.records)
    products = {key[1]: record.id for key, record in records.items() if key[0] == "product"}
    causes = shop.causes()
    for kind, objects in shop.objects.items():
        tally = tallies[kind]
        tally.rows = len(objects)
        tally.records = sum(record.type == kind and record.external_id is not None for record in sandbox.records)
        for external_id, expected in objects.items():
            wanted = _with_product(expected, products)
            record = records.get((kind, external_id))
            of_object = causes.get((kind, external_id), frozenset())
            found = list(_judge(kind, external_id, wanted, record, of_object))
            tally.equal += not found and not _dead(kind, of_object)
            yield from found
    for (kind, external_id), record in records.items():
        if external_id not in shop.objects[kind]:
            text = f"record {record.id} stands, but the shop has no such row (or it is outside the filter)"
            yield Difference("extra record", kind, external_id, text)


def _dead(kind: str, causes: frozenset[str]) -> bool:
    """Whether the object itself is refused; a deal that only lacks its contact is not."""
    return bool(causes - PARENT_CAUSES) or (kind == "line_item" and bool(causes))


def _judge(
    kind: str, external_id: str, wanted: Mapping[str, Expected], record: Record | None, causes: frozenset[str]
) -> Iterator[Difference]:
    if _dead(kind, causes):
        yield from _judge_dead(kind, external_id, wanted, record, causes)
    elif record is None:
        yield Difference("missing record", kind, external_id, "the shop's row has no record")
    else:
        yield from _properties(kind, external_id, wanted, record)


def _judge_dead(
    kind: str, external_id: str, wanted: Mapping[str, Expected], record: Record | None, causes: frozenset[str]
) -> Iterator[Difference]:
    """Of a refused row nothing stands, or what HubSpot took before; of a line that waits, perhaps the line itself."""
    if record is None:
        return
    rev, row_rev = _number(record.properties.get(REV)), wanted[REV]
    if rev is None or not isinstance(row_rev, Decimal):
        yield Difference("refused row", kind, external_id, f"record {record.id} of a refused row has no readable {REV}")
    elif rev > row_rev or (rev == row_rev and causes - PARENT_CAUSES):
        text = f"record {record.id} has {REV} {rev}, but row version {row_rev} is to be refused ({', '.join(causes)})"
        yield Difference("refused row", kind, external_id, text)
    elif rev == row_rev:
        yield from _properties(kind, external_id, wanted, record)


def _properties(kind: str, external_id: str, wanted: Mapping[str, Expected], record: Record) -> Iterator[Difference]:
    for name, value in wanted.items():
        found = record.properties.get(name)
        if not _same(value, found):
            text = f"{name} is {_shown(found)}, must be {_shown(value)} (record {record.id})"
            yield Difference("wrong value", kind, external_id, text)


def _same(wanted: Expected, found: str | None) -> bool:
    if wanted is None:
        return not found
    return _number(found) == wanted if isinstance(wanted, Decimal) else found == wanted


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text and _NUMBER.fullmatch(text) else None


def _shown(value: Expected) -> str:
    text = "empty" if value is None or value == "" else str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} characters)"


def _with_product(expected: Mapping[str, Expected], products: Mapping[str, str]) -> Mapping[str, Expected]:
    """The shop says which product; HubSpot must hold that product's record id."""
    product = expected.get(PRODUCT)
    if not isinstance(product, str):
        return expected
    return {**expected, PRODUCT: products.get(product, f"the record of product {product}, which is missing")}


def _by_object(records: Iterable[Record]) -> dict[tuple[str, str], Record]:
    found: dict[tuple[str, str], Record] = {}
    for record in records:
        if record.external_id is not None:
            found.setdefault((record.type, record.external_id), record)
    return found


def find_doubles(sandbox: Sandbox) -> Iterator[Difference]:
    """Records that share an external id or an e-mail; records of the log's making without a key of ours."""
    by_id: dict[tuple[str, str], list[str]] = defaultdict(list)
    by_email: dict[str, list[str]] = defaultdict(list)
    created = {(write.type, write.record_id) for write in sandbox.writes if write.action == "create"}
    for record in sandbox.records:
        email = (record.properties.get("email") or "").strip().lower()
        if record.external_id is not None:
            by_id[record.type, record.external_id].append(record.id)
        elif (record.type, record.id) in created and not record.properties.get("shopbridge_key"):
            yield Difference("no key", record.type, record.id, "the record was created without a key")
        if record.type == "contact" and email:
            by_email[email].append(record.id)
    for (kind, external_id), ids in by_id.items():
        if len(ids) > 1:
            yield Difference("double record", kind, external_id, f"records {', '.join(ids)} share this external id")
    for email, ids in by_email.items():
        if len(ids) > 1:
            yield Difference("double e-mail", "contact", email, f"contacts {', '.join(ids)} share this e-mail")


def compare_links(shop: Shop, sandbox: Sandbox) -> Iterator[Difference]:
    """Every association: missing, extra, in one direction only, twice."""
    names = {
        (record.type, record.id): record.external_id for record in sandbox.records if record.external_id is not None
    }
    found: Counter[Pair] = Counter()
    for from_type, from_id, to_type, to_id in sandbox.links:
        here, there = names.get((from_type, from_id)), names.get((to_type, to_id))
        if here is not None and there is not None:
            found[from_type, here, to_type, there] += 1
    causes = shop.causes()
    dead = {subject for subject, why in causes.items() if _dead(subject[0], why) and why - PARENT_CAUSES}
    mirrored = {_turned(pair) for pair in found if pair[::2] in MIRROR}
    forward = {pair for pair in found if pair[::2] in FORWARD}
    judged = {pair for pair in forward | mirrored | shop.links if pair[:2] not in dead}
    yield from (
        _link_difference("missing link", pair, "is not there") for pair in judged & shop.links - forward - mirrored
    )
    yield from (_link_difference("extra link", pair, "is not in the shop") for pair in judged - shop.links)
    yield from (_link_difference("half link", pair, "goes one way only") for pair in forward ^ mirrored)
    yield from (_link_difference("double link", pair, "is there twice") for pair, count in found.items() if count > 1)
    strange = (pair for pair in found if pair[::2] not in MIRROR | FORWARD)
    yield from (_link_difference("extra link", pair, "is of a kind that nobody asked for") for pair in strange)


def _turned(pair: Pair) -> Pair:
    return pair[2], pair[3], pair[0], pair[1]


def _link_difference(kind: str, pair: Pair, what: str) -> Difference:
    return Difference(kind, pair[0], pair[1], f"the link to {pair[2]} {pair[3]} {what}")
