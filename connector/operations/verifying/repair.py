"""Mending what was found: associations by calls of their own, all else by messages and a snapshot of the rows."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from connector.capture.reread import kinds_of, rows_with
from connector.capture.session import session_of
from connector.errors import ShopbridgeError
from connector.ledger.book import Book
from connector.ledger.messages import message_of
from connector.mapping import Shop
from connector.message import Action, LinkKind, ObjectRef, Origin, Reason, Source, SyncMessage
from connector.operations import snapshots
from connector.operations.acts import Act, begin
from connector.operations.contracts import codec_of
from connector.operations.hubspot_reader import HubspotReader
from connector.operations.ledger_file import reading
from connector.operations.producing import Batch, produce
from connector.operations.verifying import picture
from connector.operations.verifying.findings import Finding
from connector.operations.verifying.looking import Look
from connector.operations.verifying.picture import Picture, Scope
from connector.operations.verifying.repair_plan import RepairPlan, ended, in_bulk, revived, told_again
from connector.operations.verifying.shop_side import Unmapped
from connector.operations.verifying.state import State
from connector.outcome import LinkStep, Written
from connector.sender.associations import Associations
from connector.sender.paths import Paths
from connector.settings import Settings
from connector.translate.changes import encoded
from connector.version import SourceRow

KIND: Final = "verify repair"
BATCH: Final = 100
ROWS_AT_ONCE: Final = 500
"""Rows that one snapshot's condition names."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done. `unlinked`: associations that were removed; `rows`: that were asked for once more, by table.

    `problems`: what could not be done.
    """

    act: Act
    unlinked: tuple[Finding, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


Tell = Callable[[str], None]


def repair(
    settings: Settings, scope: Scope, state: State, plan: RepairPlan, *, tell: Tell, stop: threading.Event
) -> Repaired:
    """Carry the plan out, as an act. Raises RetriableError where a server does not answer; it can be done again."""
    text = f"{len(plan.told)} told again, {len(plan.ended)} ended, {len(plan.unlinked)} associations removed"
    act = begin(settings, KIND, text, None)
    unlinked = asyncio.run(unlink(settings, scope, state, plan.unlinked)) if plan.unlinked else []
    if plan.unlinked:
        tell(f"{len(unlinked)} of {len(plan.unlinked)} associations removed")
    with Picture.open(scope, state.shadow) as whole:
        rows = whole.shadow.rows(plan.told)
        messages = in_bulk([*_told(scope, plan, rows, act.revision), *_ended(settings, scope, plan, act.revision)])
    codec = asyncio.run(codec_of(settings))
    outgoing = [encoded(message, settings, codec) for message in messages]
    batches = [Batch(tuple(outgoing[start : start + BATCH])) for start in range(0, len(outgoing), BATCH)]
    act = replace(act, total=len(outgoing))
    done = produce(settings, act, batches, rate=None, tell=lambda it: tell(f"{it.done} messages said"), stop=stop)
    read, problems = _read_again(settings, scope.shops, rows, tell)
    return Repaired(done, tuple(unlinked), read, tuple(problems))


async def unlink(settings: Settings, scope: Scope, state: State, findings: Sequence[Finding]) -> list[Finding]:
    """Remove associations between records of ours that are still too many when looked at once more, right before."""
    async with HubspotReader.open(settings) as reader:
        types = {kind: await reader.types(kind) for kind in scope.needed}
        with Picture.open(scope, state.shadow) as whole:
            refs = {ObjectRef.parse(name) for finding in findings for name in finding.objects}
            again = (await Look(scope, whole, reader, types).at(refs)).findings
        still = {(each.hubspot_id, each.name, each.other_id): each for each in again if each.other_id is not None}
        wanted = [each for each in findings if (each.hubspot_id, each.name, each.other_id) in still]
        return await _removed(reader, Paths(settings.hubspot_api_version), wanted)


async def _removed(reader: HubspotReader, paths: Paths, findings: Sequence[Finding]) -> list[Finding]:
    steps = [
        LinkStep(number, LinkKind(str(each.name)), str(each.hubspot_id), str(each.other_id), make=False)
        for number, each in enumerate(findings)
    ]
    outcomes = await reader.line.carry_out(Associations(paths).dispatch(steps))
    return [each for number, each in enumerate(findings) if isinstance(outcomes[number], Written)]


def _told(scope: Scope, plan: RepairPlan, rows: set[SourceRow], revision: int) -> Iterator[SyncMessage]:
    """What the rows say now. Making anew comes behind, so that a row that the ledger does not know is known by then."""
    told, making = set(plan.told), set(plan.revived)
    unmapped: dict[SourceRow, Unmapped] = {}
    said = [message for message in picture.fresh(scope, rows, unmapped) if message.ref in told]
    fresh = [each for each in said if SourceRow(each.source.topic, each.source.row_key) not in unmapped]
    yield from (told_again(message) for message in fresh)
    yield from (revived(message, revision) for message in fresh if message.ref in making)


def _ended(settings: Settings, scope: Scope, plan: RepairPlan, revision: int) -> Iterator[SyncMessage]:
    """The ends of rows that are gone, as the ledger knows these."""
    if not plan.ended:
        return
    shops = {shop.store.id: shop for shop in scope.shops}
    with reading(settings.ledger) as tx:
        book = Book(tx)
        book.shelf.fetch(set(plan.ended))
        for ref in plan.ended:
            said = book.shelf.contributions(book.shelf.object(ref).number).values()
            known = [message_of(tx, each) for each in said if each.bears]
            for message in known or [unknown(shops[ref.store], ref)]:
                yield ended(message, revision)


def unknown(shop: Shop, ref: ObjectRef) -> SyncMessage:
    """The message of a row that nobody knows: by it the ledger gets to know the object, and its end."""
    mapping = next(each for each in shop.mappings() if each.type is ref.type and each.bears)
    now = datetime.now(UTC)
    row_key = f'{{"{ref.type.lower()}":"{ref.external_id}"}}'
    source = Source(shop.topic(mapping.table), "", 0, -1, row_key, "", "", now, snapshot=False)
    return SyncMessage(
        store=ref.store,
        object_type=ref.type,
        external_id=ref.external_id,
        action=Action.DELETE,
        reason=Reason.ROW_DELETED,
        changed_at=now,
        properties={},
        unavailable=frozenset(),
        associations=(),
        source=source,
        mapping=shop.hash,
        table_mapping=mapping.name,
        on_delete=mapping.on_delete,
        match_by=mapping.match_by,
        origin=Origin.REPAIR,
    )


def _read_again(
    settings: Settings, shops: Sequence[Shop], rows: Iterable[SourceRow], tell: Tell
) -> tuple[dict[str, int], list[str]]:
    """Ask for a snapshot of the rows, so that what the ledger holds of them is mended where that is wrong itself."""
    read: dict[str, int] = {}
    problems = []
    for shop in shops:
        for table, keys in _by_table(shop, rows).items():
            try:
                for start in range(0, len(keys), ROWS_AT_ONCE):
                    _take(settings, shop, table, keys[start : start + ROWS_AT_ONCE])
            except ShopbridgeError as error:
                problems.append(f"{shop.store.id}: {table} could not be read once more: {error}")
            else:
                read[f"{shop.store.id}.{table}"] = len(keys)
                tell(f"{shop.store.id}: {len(keys)} rows of {table} read once more")
    return read, problems


def _by_table(shop: Shop, rows: Iterable[SourceRow]) -> dict[str, list[str]]:
    tables = {shop.topic(table): table for table in shop.tables()}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in sorted(rows):
        if row.topic in tables:
            found[tables[row.topic]].append(row.row_key)
    return found


def _take(settings: Settings, shop: Shop, table: str, keys: Sequence[str]) -> None:
    with session_of(shop.database.kind, shop.database.url) as session:
        where = rows_with(session, keys, kinds_of(session, shop.database.schema, table))
    course = asyncio.run(snapshots.take(shop, settings, [table], where, lambda _: None, wait=True))
    if not course.is_good:
        raise ShopbridgeError("; ".join(course.problems))
