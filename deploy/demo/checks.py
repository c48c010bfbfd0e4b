"""The proof itself: pure functions from the two sides to what is not as it must be."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from deploy.demo.found import PARENT_CAUSES, Difference, Expectation, Expected, Record, Sandbox, Subject, Tally
from deploy.demo.people import PRODUCT

MIRROR = {("contact", "deal"), ("deal", "line_item")}
FORWARD = {("deal", "contact"), ("line_item", "deal")}
REV = "shop_rev"
SEEDED = "seed"
"""The request id in the log of what was there before the product came."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?")

Link = tuple[Subject, Subject]
"""From, to."""


def compare_objects(
    shop: Expectation, sandbox: Sandbox, tallies: Mapping[tuple[str, str], Tally]
) -> Iterator[Difference]:
    """Every object's every mapped property; counts records and equal ones into `tallies`, by store and type."""
    records = _by_subject(shop, sandbox.records)
    products = {subject[1]: record.id for subject, record in records.items() if subject[0] == "product"}
    for subject, expected in shop.objects.items():
        tally, record = tallies[shop.stores[subject], subject[0]], records.get(subject)
        found = list(_judge(shop, subject, _with_product(expected, products), record))
        tally.records += record is not None
        tally.equal += not found and subject not in shop.dead
        yield from found
    for subject, record in records.items():
        if subject not in shop.objects:
            text = f"record {record.id} stands, but the shop has no such row (or it is outside the filter)"
            yield Difference("extra record", *subject, text)


def _judge(
    shop: Expectation, subject: Subject, wanted: Mapping[str, Expected], record: Record | None
) -> Iterator[Difference]:
    if subject in shop.dead:
        yield from _judge_dead(subject, wanted, record, shop.causes[subject])
    elif record is None:
        yield Difference("missing record", *subject, "the shop's row has no record")
    else:
        yield from _properties(subject, wanted, record)


def _judge_dead(
    subject: Subject, wanted: Mapping[str, Expected], record: Record | None, causes: frozenset[str]
) -> Iterator[Difference]:
    """Of a refused row nothing stands, or what HubSpot took before; of a line that waits, perhaps the line itself."""
    if record is None:
        return
    rev, row_rev = _number(record.properties.get(REV)), wanted[REV]
    if rev is None or not isinstance(row_rev, Decimal):
        yield Difference("refused row", *subject, f"record {record.id} of a refused row has no readable {REV}")
    elif rev > row_rev or (rev == row_rev and causes - PARENT_CAUSES):
        text = f"record {record.id} has {REV} {rev}, but row version {row_rev} is to be refused ({', '.join(causes)})"
        yield Difference("refused row", *subject, text)
    elif rev == row_rev:
        yield from _properties(subject, wanted, record)


def _properties(subject: Subject, wanted: Mapping[str, Expected], record: Record) -> Iterator[Difference]:
    for name, value in wanted.items():
        found = record.properties.get(name)
        if not _same(value, found) and not (name == "email" and value in record.further):
            text = f"{name} is {_shown(found)}, must be {_shown(value)} (record {record.id})"
            yield Difference("wrong value", *subject, text)


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


def _subject(shop: Expectation, record: Record) -> Subject | None:
    """What a record is; that of a refused person is known by its row alone: it may hold an older e-mail.

    A contact that HubSpot's users merged may keep another address of theirs in front of the shop's.
    """
    found = shop.refused.get(record.row or "", record.subject)
    if found in shop.objects or found is None:
        return found
    return next((who for who in _further(record) if who in shop.objects), found)


def _further(record: Record) -> Iterator[Subject]:
    return (("contact", email) for email in sorted(record.further))


def _by_subject(shop: Expectation, records: Iterable[Record]) -> dict[Subject, Record]:
    found: dict[Subject, Record] = {}
    for record in records:
        subject = _subject(shop, record)
        if subject is not None:
            found.setdefault(subject, record)
    return found


def find_doubles(sandbox: Sandbox) -> Iterator[Difference]:
    """Records that share a subject or an e-mail; records of the log's making without a key of ours."""
    by_subject: dict[Subject, list[str]] = defaultdict(list)
    by_email: dict[str, list[str]] = defaultdict(list)
    created = {
        (write.type, write.record_id)
        for write in sandbox.writes
        if write.action == "create" and SEEDED not in write.marks
    }
    for record in sandbox.records:
        email = (record.properties.get("email") or "").strip().lower()
        if record.type == "contact" and email:
            by_email[email].append(record.id)
        elif record.subject is not None:
            by_subject[record.subject].append(record.id)
        if (record.type, record.id) in created and not record.properties.get("shopbridge_key"):
            yield Difference("no key", record.type, record.id, "the record was created without a key")
    for subject, ids in by_subject.items():
        if len(ids) > 1:
            yield Difference("double record", *subject, f"records {', '.join(ids)} are of this object")
    for email, ids in by_email.items():
        if len(ids) > 1:
            yield Difference("double e-mail", "contact", email, f"contacts {', '.join(ids)} share this e-mail")


def compare_links(shop: Expectation, sandbox: Sandbox) -> Iterator[Difference]:
    """Every association: missing, extra, in one direction only, twice."""
    found = _links(shop, sandbox)
    dead = {who for who in shop.dead if shop.causes[who] - PARENT_CAUSES}
    mirrored = {(there, here) for here, there in found if (here[0], there[0]) in MIRROR}
    forward = {link for link in found if _kinds(link) in FORWARD}
    judged = {link for link in forward | mirrored | shop.links if link[0] not in dead}
    missing = judged & shop.links - forward - mirrored
    extra = {link for link in judged - shop.links if link[0] not in shop.adrift}
    yield from (_link_difference("missing link", link, "is not there") for link in missing)
    yield from (_link_difference("extra link", link, "is not in the shop") for link in extra)
    yield from (_link_difference("half link", link, "goes one way only") for link in forward ^ mirrored)
    yield from (_link_difference("double link", link, "is there twice") for link, count in found.items() if count > 1)
    strange = (link for link in found if _kinds(link) not in MIRROR | FORWARD)
    yield from (_link_difference("extra link", link, "is of a kind that nobody asked for") for link in strange)


def _links(shop: Expectation, sandbox: Sandbox) -> Counter[Link]:
    names = {(record.type, record.id): _subject(shop, record) for record in sandbox.records}
    found: Counter[Link] = Counter()
    for from_type, from_id, to_type, to_id in sandbox.links:
        here, there = names.get((from_type, from_id)), names.get((to_type, to_id))
        if here is not None and there is not None:
            found[here, there] += 1
    return found


def _kinds(link: Link) -> tuple[str, str]:
    return link[0][0], link[1][0]


def _link_difference(kind: str, link: Link, what: str) -> Difference:
    return Difference(kind, *link[0], f"the link to {link[1][0]} {link[1][1]} {what}")
