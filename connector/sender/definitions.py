"""Whether a schema fault that paused a type looks mended: asked of the property's definition."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final

from connector.message import ObjectType
from connector.outcome import Refusal
from connector.sender.calls import Answer, Call, CallKind, Reply
from connector.sender.paths import Paths

Probe = Generator[Call, Reply, bool]

_TOLD_BY_DEFINITION: Final = frozenset({"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"})


def looks_mended(paths: Paths, new_id: Callable[[], str], object_type: ObjectType, refusal: Refusal) -> Probe:
    """Read the definition of the refused property. True too where the definition cannot tell: then only trying can."""
    if refusal.type not in _TOLD_BY_DEFINITION or refusal.property_name is None:
        return True
    path = f"{paths.properties(object_type)}/{refusal.property_name}"
    reply = yield Call("GET", path, None, CallKind.READ, object_type, 1, 1, new_id())
    return isinstance(reply, Answer) and reply.status == 200 and _writable(reply.body)


def _writable(definition: Any) -> bool:
    if not isinstance(definition, dict) or definition.get("archived") is True:
        return False
    rights = definition.get("modificationMetadata")
    return not (isinstance(rights, dict) and rights.get("readOnlyValue") is True)
