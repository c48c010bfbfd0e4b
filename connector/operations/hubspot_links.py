"""Which parents HubSpot's records are associated with, read 1,000 children a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.errors import RetriableError, ShopbridgeError
from connector.message import LinkKind
from connector.operations.hubspot_pace import SlowLine
from connector.sender.calls import Answer, CallKind, Fate, fate, words
from connector.sender.paths import Paths
from connector.sender.refusals import category, context, items
from connector.sender.verbs import complete

LARGEST: Final = 1000
"""Children that one call may ask for (HubSpot docs)."""

_TRIES: Final = 3


class LinkReading:
    """The associations of one kind."""

    def __init__(self, line: SlowLine, paths: Paths, kind: LinkKind) -> None:
        self._line = line
        self._path = paths.links(kind, "read")
        self._found: dict[str, set[str]] = {}
        self._silent: dict[str, int] = {}

    async def parents(self, child_ids: list[str]) -> dict[str, frozenset[str]]:
        """The parents' ids by child id; a child that has none, or is not there any more, has an empty set.

        Raises RetriableError where an answer leaves a child out again and again, ShopbridgeError for a refusal.
        """
        self._found = {child: set() for child in child_ids}
        waiting = [dict.fromkeys(child_ids[start : start + LARGEST]) for start in range(0, len(child_ids), LARGEST)]
        while waiting:
            waiting += await self._read(waiting.pop())
        return {child: frozenset(parents) for child, parents in self._found.items()}

    async def _read(self, asked: dict[str, str | None]) -> list[dict[str, str | None]]:
        """Ask for children, each from its own place on; what is to be asked next."""
        if not asked:
            return []
        inputs = [{"id": child} if after is None else {"id": child, "after": after} for child, after in asked.items()]
        answer = await self._line.ask("POST", self._path, json={"inputs": inputs}, kind=CallKind.ASSOCIATION)
        if fate(answer) is Fate.REFUSED:
            return self._refused(asked, answer)
        if not complete(answer):
            return self._again(asked, f"HTTP {answer.status} without a complete answer")
        more, unheard = self._heard(asked, answer)
        return [more, *self._again(unheard, "the answer leaves it out")]

    def _heard(
        self, asked: dict[str, str | None], answer: Answer
    ) -> tuple[dict[str, str | None], dict[str, str | None]]:
        """Where to go on for children with more parents, and the children that the answer does not speak of."""
        more: dict[str, str | None] = {}
        unheard = dict(asked)
        for result in items(answer.body, "results"):
            child = _id(result.get("from")) if len(asked) > 1 else next(iter(asked))
            if child not in unheard:
                continue
            del unheard[child]
            self._found[child] |= {str(each["toObjectId"]) for each in items(result, "to") if "toObjectId" in each}
            after = _after(result)
            if after is not None:
                more[child] = after
        for error in items(answer.body, "errors"):
            for child in _without_any(error):
                unheard.pop(child, None)
        return more, unheard

    def _again(self, unheard: dict[str, str | None], details: str) -> list[dict[str, str | None]]:
        for child in unheard:
            self._silent[child] = self._silent.get(child, 0) + 1
            if self._silent[child] >= _TRIES:
                raise RetriableError(f"HubSpot gives no clear answer about the associations of {child}: {details}")
        return _halves(unheard) if len(unheard) > 1 else [unheard]

    def _refused(self, asked: dict[str, str | None], answer: Answer) -> list[dict[str, str | None]]:
        """Apart: those that the refusal names as dead; halves where it names nobody."""
        dead = _without_any(answer.body)
        rest = {child: after for child, after in asked.items() if child not in dead}
        if len(rest) < len(asked):
            return [rest]
        if len(asked) > 1:
            return _halves(asked)
        raise ShopbridgeError(f"HubSpot refuses to tell associations: POST {self._path}: {words(answer)}")


def _without_any(error: Any) -> set[str]:
    """The children of which an error says that they have no parent, or are no living records."""
    if category(error) == "OBJECT_NOT_FOUND" or context(error, "INVALID_OBJECT_IDS"):
        return {child for name in ("fromObjectId", "objectId", "ids", "id") for child in context(error, name)}
    return set()


def _id(end: Any) -> str:
    return str(end.get("id", "")) if isinstance(end, Mapping) else ""


def _after(result: Mapping[str, Any]) -> str | None:
    paging = result.get("paging")
    following = paging.get("next") if isinstance(paging, Mapping) else None
    after = following.get("after") if isinstance(following, Mapping) else None
    return None if after is None else str(after)


def _halves(asked: dict[str, str | None]) -> list[dict[str, str | None]]:
    every = list(asked.items())
    middle = len(every) // 2
    return [dict(every[:middle]), dict(every[middle:])]
