"""Reading HubSpot's records and associations for operators, as the sender would, beside a running worker.

What HubSpot leaves out of an answer is asked for again and never taken for missing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from connector.errors import RetriableError, ShopbridgeError
from connector.message import LinkKind, ObjectType
from connector.operations.hubspot import hubspot_of
from connector.operations.hubspot_links import LinkReading
from connector.operations.hubspot_pace import SlowLine, Tell
from connector.outcome import Found, Missing, Outcome, SchemaRefused
from connector.sender.batch import Item, carry_out
from connector.sender.calls import Answer, CallKind, Fate, Plan, fate, words
from connector.sender.crm import DEFAULT_KEY, new_request_id
from connector.sender.matching import as_held, seek
from connector.sender.paths import Paths
from connector.sender.refusals import Judge, items
from connector.sender.verbs import LARGEST, Dialect, Read
from connector.settings import Settings

_TRIES: Final = 3
_Planning = Callable[[Sequence[tuple[int, str]]], Plan]


@dataclass(frozen=True, slots=True)
class HubspotRecord:
    """A record as HubSpot holds it: values as HubSpot's text, None for an empty one.

    `id` is the one that it has now, another than was asked for once records were merged.
    """

    id: str
    properties: Mapping[str, str | None]
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Records of a list, and where it goes on (None: it is at its end)."""

    records: tuple[HubspotRecord, ...]
    after: str | None


class HubspotRefusedError(ShopbridgeError):
    """HubSpot does not take the question. `type` is an entry of the error catalogue."""

    def __init__(self, error_type: str, details: str) -> None:
        super().__init__(f"HubSpot refuses to be asked so: {details}")
        self.type = error_type


class HubspotReader:
    """Reads records by key, id, another unique property or all of them, and the parents that children have.

    Every method raises RetriableError where HubSpot stays away or gives no clear answer, ConfigurationError where it
    refuses the credential, HubspotRefusedError where it does not take the question.
    """

    def __init__(self, line: SlowLine, paths: Paths, key: str = DEFAULT_KEY) -> None:
        self.line = line
        self._paths = paths
        self._dialect = Dialect(paths, key, new_request_id)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, tell: Tell = lambda _: None) -> AsyncIterator[HubspotReader]:
        """A reader for the settings' account. `tell` hears of pauses that a person would notice."""
        async with hubspot_of(settings) as http:
            limits = settings.hubspot_requests_per_10_s, settings.hubspot_associations_per_10_s
            yield cls(SlowLine(http, *limits, tell), Paths(settings.hubspot_api_version))

    async def by_key(
        self, object_type: ObjectType, keys: Iterable[str], properties: Iterable[str]
    ) -> dict[str, HubspotRecord]:
        """The living records that bear these keys of ours; one that none bears is left out."""
        return await self._read(object_type, keys, self._dialect.key, properties)

    async def by_ids(
        self, object_type: ObjectType, ids: Iterable[str], properties: Iterable[str]
    ) -> dict[str, HubspotRecord]:
        """The living records by the ids asked for, merged ones under their new id; those that are none are left out."""
        return await self._read(object_type, ids, None, properties)

    async def by_property(
        self, object_type: ObjectType, name: str, values: Iterable[str], properties: Iterable[str]
    ) -> dict[str, HubspotRecord]:
        """Who holds these values of a unique property, by value; contacts by each of their addresses.

        E-mails are given back in the form that HubSpot keeps: trimmed, in lower case.
        """
        held = dict.fromkeys(as_held(object_type, name, value) for value in values)
        judge = Judge(object_type)

        def plan(some: Sequence[tuple[int, str]]) -> Plan:
            return seek(self._dialect, judge, name, some, tuple(properties))

        return await self._ask(list(held), plan)

    async def all(self, object_type: ObjectType, properties: Iterable[str]) -> AsyncIterator[list[HubspotRecord]]:
        """All living records of the type, in pages of at most 100."""
        async for page in self.pages(object_type, properties):
            yield list(page.records)

    async def pages(
        self, object_type: ObjectType, properties: Iterable[str], *, after: str | None = None, archived: bool = False
    ) -> AsyncIterator[Page]:
        """The pages of all records of the type behind `after`; `archived`: those in the recycling bin instead."""
        names = ",".join(sorted({*properties, self._dialect.key}))
        while True:
            query = {"limit": str(LARGEST), "properties": names, "archived": str(archived).lower()}
            page = await self._page(object_type, query if after is None else {**query, "after": after})
            yield page
            if page.after is None:
                return
            after = page.after

    async def links(self, kind: LinkKind, child_ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """The ids of the parents that each child is associated with, whoever associated them."""
        return await LinkReading(self.line, self._paths, kind).parents(list(dict.fromkeys(child_ids)))

    async def types(self, object_type: ObjectType) -> dict[str, str]:
        """HubSpot's type of each property (string, number, date, datetime, enumeration, bool, ...), by name."""
        answer = await self.line.ask("GET", self._paths.properties(object_type), kind=CallKind.READ)
        if fate(answer) is Fate.REFUSED:
            raise _refused(object_type, answer)
        rows = items(answer.body, "results")
        if not rows:
            raise RetriableError(f"HubSpot tells of no property of {object_type}")
        return {str(row.get("name")): str(row.get("type")) for row in rows}

    async def count(self, object_type: ObjectType) -> int | None:
        """About how many records of the type there are, as the search counts them; None where that is not told."""
        answer = await self.line.ask("POST", self._paths.search(object_type), json={"limit": 1}, kind=CallKind.READ)
        total = answer.body.get("total") if isinstance(answer.body, dict) else None
        return total if isinstance(total, int) else None

    async def _page(self, object_type: ObjectType, query: dict[str, str]) -> Page:
        path = self._paths.records(object_type)
        for attempt in range(_TRIES):
            answer = await self.line.ask("GET", path, params=query, kind=CallKind.READ)
            if fate(answer) is Fate.REFUSED:
                raise _refused(object_type, answer)
            page = _page_of(answer)
            if page is not None and (page.records or attempt):
                return page
        raise RetriableError(f"HubSpot gives no whole answer to GET {path}")

    async def _read(
        self, object_type: ObjectType, values: Iterable[str], by: str | None, properties: Iterable[str]
    ) -> dict[str, HubspotRecord]:
        names, judge = tuple(properties), Judge(object_type)

        def plan(some: Sequence[tuple[int, str]]) -> Plan:
            batch = [Item(number, object_type, value) for number, value in some]
            return carry_out(Read(self._dialect, judge, by, names), batch)

        return await self._ask(list(dict.fromkeys(values)), plan)

    async def _ask(self, values: list[str], plan: _Planning) -> dict[str, HubspotRecord]:
        found: dict[str, HubspotRecord] = {}
        for start in range(0, len(values), LARGEST):
            waiting = list(enumerate(values[start : start + LARGEST]))
            for _ in range(_TRIES):
                outcomes = await self.line.carry_out(plan(waiting))
                found |= {value: _record(outcome) for n, value in waiting if isinstance(outcome := outcomes[n], Found)}
                waiting = [(number, value) for number, value in waiting if not _is_clear(outcomes[number])]
                if not waiting:
                    break
            else:
                raise RetriableError(f"HubSpot gives no clear answer about {', '.join(v for _, v in waiting[:3])}")
        return found


def _is_clear(outcome: Outcome) -> bool:
    """Whether HubSpot has said that the record is there, or that it is not."""
    if isinstance(outcome, SchemaRefused):
        raise HubspotRefusedError(outcome.refusal.type, outcome.refusal.details)
    return isinstance(outcome, Found | Missing)


def _record(found: Found) -> HubspotRecord:
    return HubspotRecord(found.hubspot_id, found.properties)


def _page_of(answer: Answer) -> Page | None:
    """The page; None where the answer is none: HubSpot's batches have a status, its lists have not (HubSpot docs)."""
    body = answer.body
    if not isinstance(body, dict) or not isinstance(body.get("results"), list) or "status" in body:
        return None
    rows = items(body, "results")
    if not all(row.get("id") and isinstance(row.get("properties"), dict) for row in rows):
        return None
    paging = body.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    after = following.get("after") if isinstance(following, dict) else None
    return Page(tuple(_listed(row) for row in rows), None if after is None else str(after))


def _listed(row: Mapping[str, Any]) -> HubspotRecord:
    texts = {name: None if value is None else str(value) for name, value in row["properties"].items()}
    return HubspotRecord(str(row["id"]), texts, row.get("archived") is True)


def _refused(object_type: ObjectType, answer: Answer) -> HubspotRefusedError:
    refusal = Judge(object_type).judge(answer.body, {}, answer).refusal
    return HubspotRefusedError(refusal.type, words(answer))
