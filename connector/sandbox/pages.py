"""The pages for people: what the account holds, each record with its associations and the log of its writes."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from connector.sandbox import logs
from connector.sandbox.call import is_whole
from connector.sandbox.faults import Faults
from connector.sandbox.object_types import OBJECT_TYPES, ObjectType, known_type
from connector.sandbox.portal import Portal
from connector.sandbox.record import End, Record
from connector.sandbox.switchboard import described

_PAGE = 50
_LOG = 200
_COLUMNS = 7
_TITLES = {
    "contact": ("firstname", "lastname"),
    "company": ("name",),
    "deal": ("dealname",),
    "product": ("name",),
    "line_item": ("name",),
    "order": ("hs_order_name",),
    "cart": ("hs_cart_name",),
}


class Pages:
    """The pages over one account."""

    def __init__(self, portal: Portal, faults: Faults) -> None:
        self._portal = portal
        self._faults = faults
        self._templates = Environment(
            loader=PackageLoader("connector.sandbox"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def routes(self) -> list[Route]:
        return [
            Route("/", self.home),
            Route("/ui/{kind}", self.listing),
            Route("/ui/{kind}/{record_id}", self.record),
        ]

    async def home(self, _: Request) -> Response:
        db, settings = self._portal.database.connection, self._portal.settings
        return self._page(
            "home.html",
            portal_id=settings.portal_id,
            plan=settings.plan,
            time_zone=settings.time_zone,
            switches=described(self._portal.switches),
            log=logs.writes(db, newest=15),
            requests=logs.request_kinds(db),
            faults=[
                self._fault(active.rule.model_dump(exclude_none=True), active.hits) for active in self._faults.rules
            ],
        )

    async def listing(self, request: Request) -> Response:
        kind = known_type(request.path_params["kind"])
        if kind is None:
            return self._missing(f"There is no object type {request.path_params['kind']}.")
        query, archived = request.query_params.get("q", "").strip(), request.query_params.get("archived") == "true"
        found = [r for r in self._newest(kind, archived=archived) if not query or _mentions(r, query.lower())]
        pages = max(1, -(-len(found) // _PAGE))
        page = min(max(1, _whole(request.query_params.get("page"))), pages)
        return self._page(
            "list.html",
            here=kind.name,
            title=_plural(kind),
            query=query,
            archived=archived,
            total=len(found),
            page=page,
            pages=pages,
            columns=self._columns(kind, found),
            rows=found[(page - 1) * _PAGE : page * _PAGE],
        )

    async def record(self, request: Request) -> Response:
        kind = known_type(request.path_params["kind"])
        record = self._portal.store.records.get(request.path_params["record_id"])
        if kind is None or record is None or record.object_type != kind.name:
            return self._missing("There is no such record. It may have been erased for good.")
        return self._page(
            "record.html",
            here=kind.name,
            title=_title(record),
            kind_title=_singular(kind),
            record=record,
            properties=sorted(record.properties.items(), key=lambda row: (row[0].startswith("hs_"), row[0])),
            links=[
                self._link(record.end, end, types) for end, types in self._portal.store.all_links(record.end).items()
            ],
            log=logs.writes(self._portal.database.connection, record_id=record.record_id, newest=_LOG),
        )

    def _page(self, name: str, *, here: str = "", **values: Any) -> Response:
        counts = Counter((r.object_type, r.archived) for r in self._portal.store.records.values() if not r.merged_into)
        kinds = [
            {
                "name": kind.name,
                "title": _plural(kind),
                "count": counts[kind.name, False],
                "archived": counts[kind.name, True],
            }
            for kind in OBJECT_TYPES
        ]
        return HTMLResponse(self._templates.get_template(name).render(kinds=kinds, here=here, **values))

    def _missing(self, what: str) -> Response:
        response = self._page("missing.html", what=what)
        response.status_code = 404
        return response

    def _newest(self, kind: ObjectType, *, archived: bool) -> list[Record]:
        return list(self._portal.store.page(kind.name, 0, archived=archived))[::-1]

    def _columns(self, kind: ObjectType, found: list[Record]) -> list[str]:
        """Choose the columns: what reads show, then the account's own properties that are in use."""
        known = self._portal.catalogue.properties[kind.name]
        used = Counter(name for record in islice(found, _PAGE) for name in record.properties)
        named = [name for name, _ in used.most_common() if not (known[name].read_only or known[name].calculated)]
        own = [name for name in named if not known[name].hubspot_defined]
        return list(dict.fromkeys([*_TITLES[kind.name], *kind.shown, *own, *named]))[:_COLUMNS]

    def _link(self, start: End, end: End, type_ids: Any) -> dict[str, Any]:
        known = self._portal.catalogue.association_types(start.object_type, end.object_type)
        record = self._portal.store.records[end.record_id]
        return {
            "object_type": end.object_type,
            "record_id": end.record_id,
            "kind": end.object_type.replace("_", " "),
            "title": _title(record),
            "labels": [kind.label for kind in known if kind.type_id in type_ids and kind.label],
        }

    def _fault(self, rule: dict[str, Any], hits: int) -> dict[str, Any]:
        match = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in rule["match"].items())
        return {"effect": rule["effect"], "match": match, "hits": hits, "times": rule.get("times")}


def _plural(kind: ObjectType) -> str:
    return kind.plural.replace("_", " ").capitalize()


def _singular(kind: ObjectType) -> str:
    return kind.name.replace("_", " ").capitalize()


def _title(record: Record) -> str:
    named = [record.properties[name] for name in _TITLES[record.object_type] if record.properties.get(name)]
    return " ".join(named) or record.properties.get("email") or record.record_id


def _mentions(record: Record, query: str) -> bool:
    return query in record.record_id or any(query in text.lower() for text in record.properties.values())


def _whole(text: str | None) -> int:
    return int(text) if text and is_whole(text) else 1
