"""Several rows, one person: what all shops together say that HubSpot must hold. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from deploy.demo.found import PARENT_CAUSES, Expectation, Expected, ExpectedError, Person, Shop, Subject

PRODUCT = "hs_product_id"


def expect(shops: Sequence[Shop]) -> Expectation:
    """The shops' views laid together: people with the same e-mail are one, and of their rows the newest speaks."""
    people = [person for shop in shops for person in shop.people]
    groups: defaultdict[Subject, list[Person]] = defaultdict(list)
    for person in people:
        groups[_of_person(person)].append(person)
    speakers = {subject: max(rows, key=lambda row: row.newest) for subject, rows in groups.items()}
    names = {(person.store, "contact", person.external_id): _of_person(person) for person in people}
    objects: dict[Subject, Mapping[str, Expected]] = {who: row.properties for who, row in speakers.items()}
    stores = {who: row.store for who, row in speakers.items()}
    for shop in shops:
        for kind, found in shop.objects.items():
            for external_id, properties in found.items():
                subject = names[shop.store, kind, external_id] = (kind, f"{shop.store}:{external_id}")
                objects[subject], stores[subject] = _of_store(properties, shop.store), shop.store
    errors = tuple(error for shop in shops for error in shop.errors)
    links = frozenset(
        (named(names, shop.store, *link[:2]), named(names, shop.store, *link[2:]))
        for shop in shops
        for link in shop.links
    )
    causes = _causes(names, errors)
    return Expectation(
        objects=objects,
        stores=stores,
        rows=_count(shops),
        names=names,
        links=links,
        adrift=frozenset(("deal", f"{shop.store}:{external_id}") for shop in shops for external_id in shop.adrift),
        errors=errors,
        causes=causes,
        dead=_dead(causes, frozenset(child for child, _ in links)),
        refused=_refused(people, errors),
        commits={rev: (shop.store, at) for shop in shops for rev, at in shop.commits.items()},
        together={who: frozenset(row.store for row in rows) for who, rows in groups.items() if len(rows) > 1},
    )


def named(names: Mapping[tuple[str, str, str], Subject], store: str, kind: str, external_id: str) -> Subject:
    return names.get((store, kind, external_id), (kind, f"{store}:{external_id}"))


def of_contact(email: str | None, row: str | None) -> Subject | None:
    """A contact's subject: its e-mail, else its row."""
    name = (email or "").strip().lower() or row
    return ("contact", name) if name else None


def _of_person(person: Person) -> Subject:
    return "contact", person.email or person.row


def _of_store(properties: Mapping[str, Expected], store: str) -> Mapping[str, Expected]:
    """A line's product is one of its own store."""
    product = properties.get(PRODUCT)
    return properties if product is None else {**properties, PRODUCT: f"{store}:{product}"}


def _count(shops: Iterable[Shop]) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for shop in shops:
        counts[shop.store, "contact"] += len(shop.people)
        for kind, found in shop.objects.items():
            counts[shop.store, kind] += len(found)
    return counts


def _causes(
    names: Mapping[tuple[str, str, str], Subject], errors: Iterable[ExpectedError]
) -> dict[Subject, frozenset[str]]:
    causes: dict[Subject, frozenset[str]] = {}
    for error in errors:
        subject = named(names, error.store, error.object_type, error.external_id)
        causes[subject] = causes.get(subject, frozenset()) | {error.cause}
    return causes


def _dead(causes: Mapping[Subject, frozenset[str]], linked: frozenset[Subject]) -> frozenset[Subject]:
    return frozenset(
        subject
        for subject, why in causes.items()
        if why - PARENT_CAUSES or (subject[0] == "line_item" and subject not in linked)
    )


def _refused(people: Iterable[Person], errors: Iterable[ExpectedError]) -> dict[str, Subject]:
    refused = {(error.store, error.external_id) for error in errors if error.object_type == "contact"}
    return {person.row: _of_person(person) for person in people if (person.store, person.external_id) in refused}
