"""Which path leads to which endpoint: one table, served in each family of versions that HubSpot serves.

v3 and v4 are the legacy paths; 2026-03 and 2026-09 the dated ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from connector.sandbox.answers import Answer, Refusal
from connector.sandbox.call import Call
from connector.sandbox.endpoints import (
    account,
    associations,
    batches,
    contacts,
    labels,
    pipelines,
    properties,
    records,
    search,
)
from connector.sandbox.portal import Portal

Handler = Callable[[Portal, Call], Answer]

DATED = ("2026-03", "2026-09")


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint in one family. `kind` names it in the request log; two kinds have limits of their own."""

    method: str
    segments: tuple[str, ...]
    family: str
    kind: str
    handler: Handler

    def bind(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """Read the variables of a path; None if it is another one."""
        params = {}
        for pattern, segment in zip(self.segments, segments, strict=True):
            if pattern.startswith("{"):
                params[pattern[1:-1]] = segment
            elif pattern != segment:
                return None
        return params

    @property
    def is_search(self) -> bool:
        return self.kind == "search"

    @property
    def is_association(self) -> bool:
        return self.kind.startswith("association")


_OBJECTS: tuple[tuple[str, str, str, Handler], ...] = (
    ("POST", "contacts/merge", "merge", contacts.merge),
    ("POST", "contacts/gdpr-delete", "gdpr delete", contacts.gdpr_delete),
    ("POST", "{object_type}", "create", records.create),
    ("GET", "{object_type}", "list", records.page),
    ("POST", "{object_type}/search", "search", search.search),
    ("GET", "{object_type}/{record_id}", "read", records.read),
    ("PATCH", "{object_type}/{record_id}", "update", records.update),
    ("DELETE", "{object_type}/{record_id}", "archive", records.archive),
    ("POST", "{object_type}/batch/create", "batch create", batches.create),
    ("POST", "{object_type}/batch/read", "batch read", batches.read),
    ("POST", "{object_type}/batch/update", "batch update", batches.update),
    ("POST", "{object_type}/batch/upsert", "batch upsert", batches.upsert),
    ("POST", "{object_type}/batch/archive", "batch archive", batches.archive),
)
_PAIRS: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "{from_type}/{from_id}/associations/{to_type}", "association read", associations.read_single),
    (
        "PUT",
        "{from_type}/{from_id}/associations/default/{to_type}/{to_id}",
        "association default",
        associations.default_single,
    ),
    ("PUT", "{from_type}/{from_id}/associations/{to_type}/{to_id}", "association create", associations.create_single),
    (
        "DELETE",
        "{from_type}/{from_id}/associations/{to_type}/{to_id}",
        "association archive",
        associations.archive_single,
    ),
)
_ASSOCIATIONS: tuple[tuple[str, str, str, Handler], ...] = (
    (
        "POST",
        "{from_type}/{to_type}/batch/associate/default",
        "association batch default",
        associations.associate_default,
    ),
    ("POST", "{from_type}/{to_type}/batch/create", "association batch create", associations.create),
    ("POST", "{from_type}/{to_type}/batch/read", "association batch read", associations.read),
    ("POST", "{from_type}/{to_type}/batch/archive", "association batch archive", associations.archive),
    ("POST", "{from_type}/{to_type}/batch/labels/archive", "association labels archive", associations.archive_labels),
    ("GET", "{from_type}/{to_type}/labels", "association labels", labels.page),
    ("POST", "{from_type}/{to_type}/labels", "association label create", labels.create),
)
_PROPERTIES: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "{object_type}/groups", "property groups", properties.page_groups),
    ("POST", "{object_type}/groups", "property group create", properties.create_group),
    ("GET", "{object_type}/groups/{name}", "property group", properties.read_group),
    ("PATCH", "{object_type}/groups/{name}", "property group update", properties.update_group),
    ("DELETE", "{object_type}/groups/{name}", "property group archive", properties.archive_group),
    ("POST", "{object_type}/batch/create", "property batch create", properties.create_many),
    ("POST", "{object_type}/batch/read", "property batch read", properties.read_many),
    ("POST", "{object_type}/batch/archive", "property batch archive", properties.archive_many),
    ("GET", "{object_type}", "properties", properties.page),
    ("POST", "{object_type}", "property create", properties.create),
    ("GET", "{object_type}/{name}", "property", properties.read),
    ("PATCH", "{object_type}/{name}", "property update", properties.update),
    ("DELETE", "{object_type}/{name}", "property archive", properties.archive),
)
_PIPELINES: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "{object_type}", "pipelines", pipelines.page),
    ("POST", "{object_type}", "pipeline create", pipelines.create),
    ("GET", "{object_type}/{pipeline_id}", "pipeline", pipelines.read),
    ("PUT", "{object_type}/{pipeline_id}", "pipeline replace", pipelines.replace_one),
    ("PATCH", "{object_type}/{pipeline_id}", "pipeline update", pipelines.update),
    ("DELETE", "{object_type}/{pipeline_id}", "pipeline archive", pipelines.archive),
    ("GET", "{object_type}/{pipeline_id}/stages", "pipeline stages", pipelines.page_stages),
    ("POST", "{object_type}/{pipeline_id}/stages", "pipeline stage create", pipelines.create_stage),
    ("GET", "{object_type}/{pipeline_id}/stages/{stage_id}", "pipeline stage", pipelines.read_stage),
    ("PATCH", "{object_type}/{pipeline_id}/stages/{stage_id}", "pipeline stage update", pipelines.update_stage),
    ("DELETE", "{object_type}/{pipeline_id}/stages/{stage_id}", "pipeline stage archive", pipelines.archive_stage),
)
_ACCOUNT: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "details", "account details", account.details),
    ("GET", "api-usage/daily/private-apps", "account usage", account.daily_usage),
)


def _under(root: str, family: str, rows: tuple[tuple[str, str, str, Handler], ...]) -> Iterator[Route]:
    for method, tail, kind, handler in rows:
        yield Route(method, tuple(f"{root}/{tail}".split("/")), family, kind, handler)


def all_routes() -> Iterator[Route]:
    """List every endpoint under every path that leads to it."""
    yield from _under("crm/v3/objects", "v3", _OBJECTS)
    yield from _under("crm/v4/objects", "v4", _PAIRS)
    yield from _under("crm/v4/associations", "v4", _ASSOCIATIONS)
    yield from _under("crm/v3/properties", "v3", _PROPERTIES)
    yield from _under("crm/v3/pipelines", "v3", _PIPELINES)
    yield from _under("account-info/v3", "v3", _ACCOUNT)
    for version in DATED:
        yield from _under(f"crm/objects/{version}", version, _OBJECTS + _PAIRS)
        yield from _under(f"crm/associations/{version}", version, _ASSOCIATIONS)
        yield from _under(f"crm/properties/{version}", version, _PROPERTIES)
        yield from _under(f"crm/pipelines/{version}", version, _PIPELINES)
        yield from _under(f"account-info/{version}", version, _ACCOUNT)


class Table:
    """Finds the route of a request, by method and number of segments first."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, int], list[Route]] = defaultdict(list)
        for route in all_routes():
            self._routes[route.method, len(route.segments)].append(route)

    def find(self, method: str, raw_path: str) -> tuple[Route, Mapping[str, str]] | Refusal:
        """Give the route and the path's variables, or why there is none."""
        segments = tuple(unquote(part) for part in raw_path.strip("/").split("/"))
        for route in self._routes.get((method, len(segments)), ()):
            params = route.bind(segments)
            if params is not None:
                return route, params
        others = (key for key in self._routes if key[1] == len(segments))
        if any(route.bind(segments) is not None for key in others for route in self._routes[key]):
            return Refusal(405, f"The method {method} is not allowed here")
        return Refusal(404, "resource not found")
