"""One verification from its beginning to its report: read, compare, wait until the pipeline has passed, look again."""

from __future__ import annotations

import asyncio
import enum
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from heapq import nsmallest
from typing import Final

from connector.errors import ShopbridgeError
from connector.ledger.numbering import last_mapping
from connector.message import ObjectRef
from connector.operations.hubspot_reader import HubspotReader
from connector.operations.ledger_file import reading
from connector.operations.letters import read_letters
from connector.operations.verifying import asking, explaining, picture
from connector.operations.verifying.comparing import Tally, Types
from connector.operations.verifying.explaining import NO_ERRORS, OpenErrors, refs_of
from connector.operations.verifying.findings import Finding, Kind, Reason, Refused, Shared
from connector.operations.verifying.looking import Look
from connector.operations.verifying.picture import Picture, Scope
from connector.operations.verifying.pipeline import Pipeline
from connector.operations.verifying.state import State
from connector.settings import Settings

ROUNDS: Final = 4
"""What changes between all of these readings is said to be moving."""

LOOK_EVERY_S: Final = 1.0


class Stage(enum.StrEnum):
    """What is being done; `details` of a progress say of what."""

    HUBSPOT = "HubSpot"
    SHOP = "the shop"
    SETTLING = "settling"
    AGAIN = "once more"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is, and of how many."""

    stage: Stage
    done: int = 0
    total: int | None = None
    details: str = ""


Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `differences` were there twice, with the pipeline past the first reading in between.

    `refused`: known differences, each with its error. `moving`: what changed in every reading. `shared`: records that
    several rows share. `settled`: whether the pipeline had passed; if not, differences may be on their way.
    """

    folder: str
    stores: tuple[str, ...]
    is_full: bool
    started_at: datetime
    read_at: datetime
    compared: dict[str, int]
    equal: dict[str, int]
    differences: tuple[Finding, ...]
    refused: tuple[Refused, ...]
    moving: tuple[Finding, ...]
    shared: tuple[Shared, ...]
    settled: bool
    calls: int
    notes: tuple[str, ...] = field(default=())

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs that was given time to become equal."""
        return not self.differences


class Course:
    """One verification; it can be made anew from its state at any time."""

    def __init__(
        self, settings: Settings, scope: Scope, state: State, reader: HubspotReader, tell: Tell = lambda _: None
    ) -> None:
        self._settings = settings
        self._scope = scope
        self._state = state
        self._reader = reader
        self._tell = tell
        self._notes: list[str] = [unmet] if (unmet := _unmet(settings, scope)) else []
        self._settled = True

    async def run(self) -> Report:
        """Everything. Raises RetriableError where somebody stays away: it can be gone on with by its state."""
        types = {kind: await self._reader.types(kind) for kind in self._scope.needed}
        with Picture.open(self._scope, self._state.shadow) as whole:
            look = Look(self._scope, whole, self._reader, types)
            if self._state.options.is_full:
                tally = await self._whole(whole, types)
            else:
                self._read_rows(whole)
                tally = await look.at(self._chosen(whole), fresh=False, tell=self._counted)
            read_at = datetime.now(UTC)
            confirmed, moving = await self._again(whole, look, tally.findings)
            return await self._report(whole, tally, read_at, confirmed, moving)

    async def _whole(self, whole: Picture, types: Types) -> Tally:
        """HubSpot first: a row that comes later is missed there, and can be read again by its key."""
        for kind in self._scope.needed:
            await asking.read_all(self._reader, whole.side, whole.shadow, kind, self._counted)
        self._read_rows(whole)
        await whole.adopt(self._reader)
        for link in self._scope.links:
            await asking.read_parents(self._reader, whole.side, whole.shadow, link, self._counted)
        return whole.comparison(types).all(self._scope.compared)

    def _read_rows(self, whole: Picture) -> None:
        whole.read_rows(lambda table, rows, total: self._tell(Progress(Stage.SHOP, rows, total, table)))

    def _chosen(self, whole: Picture) -> list[ObjectRef]:
        """The objects to be compared: those since a moment, and of these a choice that a seed repeats."""
        options, kinds = self._state.options, self._scope.compared
        since = options.since
        refs = whole.shadow.refs(kinds) if since is None else whole.shadow.refs_since(kinds, since)
        if options.sample is None:
            return list(refs)
        return nsmallest(options.sample, refs, key=lambda ref: blake2b(f"{options.seed} {ref}".encode()).digest())

    async def _again(
        self, whole: Picture, look: Look, findings: Sequence[Finding]
    ) -> tuple[list[Finding], list[Finding]]:
        """What is still there once the pipeline has passed the reading before, and what changes all the time."""
        confirmed: dict[tuple[object, ...], Finding] = {}
        candidates = {finding.place: finding for finding in findings}
        for _ in range(ROUNDS):
            if not candidates:
                break
            refs = refs_of(candidates.values())
            await self._passed(refs)
            found = {each.place: each for each in (await look.at(refs, tell=self._looked)).findings}
            back = self._back(whole, [each for place, each in found.items() if place in candidates])
            confirmed |= {place: each for place, each in found.items() if place in candidates and place not in back}
            known = candidates.keys() | confirmed
            candidates = {place: each for place, each in found.items() if place in back or place not in known}
        return list(confirmed.values()), list(candidates.values())

    def _back(self, whole: Picture, confirmed: Sequence[Finding]) -> set[tuple[object, ...]]:
        """Records whose row was gone, and has come back under another key: they are to be looked at once more."""
        gone = {each.place: refs_of([each]) for each in confirmed if each.reason in {Reason.NO_ROW, Reason.NOT_CLEARED}}
        wanted = {ref for refs in gone.values() for ref in refs}
        messages = list(picture.searched(self._scope, wanted, lambda *_: None))
        whole.shadow.merge(messages)
        there = {message.ref for message in messages}
        return {place for place, refs in gone.items() if refs & there}

    async def _passed(self, refs: Collection[ObjectRef]) -> None:
        """Wait until the pipeline has passed this moment, at most as long as was said."""
        settle_s = self._state.options.settle_s
        if not self._settings.ledger.exists():
            self._tell(Progress(Stage.SETTLING, details=f"there is no ledger here: waiting for {settle_s:.0f} s"))
            await asyncio.sleep(settle_s)
            return
        pipeline = await asyncio.to_thread(Pipeline, self._settings, self._scope.shops)
        deadline = time.monotonic() + settle_s
        while (waiting := await pipeline.look(refs)) is not None:
            self._tell(Progress(Stage.SETTLING, details=waiting))
            if time.monotonic() > deadline:
                self._settled = False
                self._note(f"after {settle_s:.0f} s {waiting}: differences may be on their way to HubSpot")
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _report(
        self, whole: Picture, tally: Tally, read_at: datetime, confirmed: Sequence[Finding], moving: Sequence[Finding]
    ) -> Report:
        explained = await explaining.with_reasons(self._reader, whole.owners, confirmed)
        rows = {str(ref): whole.shadow.rows([ref]) for ref in refs_of(explained)}
        unmapped = list(whole.unmapped.values())
        differing, refused = explaining.part(explained, await self._errors(explained), unmapped, rows)
        odd = {(each.type, each.objects) for each in (*confirmed, *moving) if each.kind is not Kind.EXTRA}
        not_equal = Counter(kind for kind, _ in odd)
        self._note_the_rest(tally, Counter(each.type for each in unmapped))
        return Report(
            folder=str(self._state.folder),
            stores=tuple(shop.store.id for shop in self._scope.shops),
            is_full=self._state.options.is_full,
            started_at=self._state.started_at,
            read_at=read_at,
            compared={str(kind): tally.compared[kind] for kind in self._scope.compared},
            equal={str(kind): tally.compared[kind] - not_equal[kind] for kind in self._scope.compared},
            differences=tuple(sorted(differing, key=_in_order)),
            refused=tuple(refused),
            moving=tuple(moving),
            shared=tuple(tally.shared),
            settled=self._settled,
            calls=self._reader.line.calls,
            notes=tuple(self._notes),
        )

    async def _errors(self, findings: Sequence[Finding]) -> OpenErrors:
        if not findings:
            return NO_ERRORS
        try:
            return OpenErrors.of(await asyncio.to_thread(read_letters, self._settings))
        except ShopbridgeError as error:
            why = str(error).splitlines()[0]
            self._note(f"open errors could not be read, so known differences are listed with the others: {why}")
            return NO_ERRORS

    def _note_the_rest(self, tally: Tally, unmapped: Counter[str]) -> None:
        if tally.by_value:
            self._note(f"records that bear no key of ours, found by their match value: {tally.by_value:,}")
        if tally.foreign:
            self._note(f"records with the key of a store without a shop file here, not compared: {tally.foreign:,}")
        for error_type, count in unmapped.items():
            self._note(f"rows that cannot be mapped ({error_type}), see `shopbridge errors list`: {count:,}")

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)

    def _counted(self, what: str, done: int, total: int | None) -> None:
        self._tell(Progress(Stage.HUBSPOT, done, total, what))

    def _looked(self, what: str, done: int, total: int | None) -> None:
        self._tell(Progress(Stage.AGAIN, done, total, what))


def _unmet(settings: Settings, scope: Scope) -> str | None:
    """What is to be said where the worker runs with another shop file: what differs then is no fault of it."""
    if not settings.ledger.exists():
        return None
    with reading(settings.ledger) as tx:
        other = [shop for shop in scope.shops if (last := last_mapping(tx, shop.store.id)) and last.hash != shop.hash]
    names = ", ".join(str(shop.file) for shop in other)
    return f"{names} is not what the worker runs with: start it anew, and replay what it changes" if other else None


def _in_order(finding: Finding) -> tuple[str, ...]:
    return (finding.type, *finding.objects, finding.kind, finding.name or "")
