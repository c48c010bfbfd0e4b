"""Mending from end to end: what is asked for, what would be said, the act that says it, and its resumption."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from connector.errors import ConfigurationError
from connector.operations.acts import Act, State, begin
from connector.operations.contracts import codec_of, registry_of
from connector.operations.letters import Letter, Letters, decoder, read_letters, subject
from connector.operations.mending.choosing import Asked
from connector.operations.mending.noting import Note, noted
from connector.operations.mending.retrying import Plan, Planner, Resend
from connector.operations.producing import Batch, Telling, produce
from connector.settings import Settings
from connector.sync_error import ErrorState, Stage
from connector.wire import Codec

if TYPE_CHECKING:
    from connector.mapping import Shop

BATCH: Final = 100
RETRY: Final = "errors retry"
EDIT: Final = "errors edit"
CLOSE: Final = "errors close"

Shops = Callable[[], "Sequence[Shop]"]
"""Reads the shop files, none where there are none; it is asked only where a change has to be mapped."""


@dataclass(frozen=True, slots=True)
class Task:
    """What an act is to do, so that it can be found again: which errors, as the topic stood, and with which note.

    `ends` are the ends up to which the dead-letter topic was read; `at` is the time that what closes an error bears;
    `after` is the last error that was done.
    """

    asked: Asked
    ends: Mapping[int, int]
    at: datetime
    state: ErrorState | None = None
    note: str = ""
    after: str = ""

    def to_json(self, after: str) -> dict[str, Any]:
        """For the act's journal; `after` says how far it came."""
        return {
            "asked": self.asked.to_json(),
            "ends": {str(number): end for number, end in self.ends.items()},
            "at": self.at.isoformat(),
            "state": self.state,
            "note": self.note,
            "after": after,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Task:
        """The inverse of `to_json`."""
        state = said["state"]
        return cls(
            Asked.from_json(said["asked"]),
            {int(number): end for number, end in said["ends"].items()},
            datetime.fromisoformat(said["at"]),
            None if state is None else ErrorState(state),
            said["note"],
            said["after"],
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A task with the errors that it is about, and what is still to be said for them."""

    task: Task
    chosen: Sequence[Letter]
    plan: Plan

    @property
    def total(self) -> int:
        """How many errors something is said for."""
        return len(self.plan.ids)

    @property
    def records(self) -> int:
        """How many records will be produced."""
        return sum(len(each.messages) + len(each.records) + len(each.closed) for each in self.plan.resends)

    def letters(self) -> list[Letter]:
        """The errors that something is said for."""
        said = set(self.plan.ids)
        return [letter for letter in self.chosen if letter.id in said]


def prepare_retry(settings: Settings, asked: Asked, shops: Shops, who: str, at: datetime) -> Prepared:
    """What a retry would say. Without a shop file, changes that have to be mapped again are only counted.

    Raises ConfigurationError for ids that there are not, RetriableError when a server does not answer.
    """
    letters = read_letters(settings)
    task = Task(asked, letters.ends, at)
    chosen = asked.of(letters)
    return Prepared(task, chosen, asyncio.run(_retry(settings, letters, chosen, shops, who, at)))


async def _retry(
    settings: Settings, letters: Letters, chosen: Sequence[Letter], shops: Shops, who: str, at: datetime
) -> Plan:
    async with registry_of(settings) as registry:
        remapper = None
        if any(letter.refusal.stage is Stage.MAP for letter in chosen) and (found := shops()):
            from connector.operations.mending.remapping import open_remapper  # noqa: PLC0415 - heavy, and seldom needed

            remapper = await open_remapper(found, settings, registry)
        planner = Planner(settings, registry, decoder(registry, settings), remapper, who, at)
        return await planner.plan(letters, chosen)


def prepare_note(settings: Settings, asked: Asked, note: Note) -> Prepared:
    """Which errors a note would close; those that stand so already are left out.

    Raises ConfigurationError for ids that there are not and for a note that says nothing.
    """
    letters = read_letters(settings)
    task = Task(asked, letters.ends, note.at, note.state, note.text)
    chosen = asked.of(letters)
    return Prepared(task, chosen, note_plan(chosen, note))


def note_plan(chosen: Sequence[Letter], note: Note) -> Plan:
    """The news about each of the errors."""
    return Plan(tuple(Resend((news.id,), subject(news), closed=(news,)) for news in noted(chosen, note)))


def prepared_edit(letters: Letters, letter: Letter, resend: Resend, at: datetime) -> Prepared:
    """One error with the record that was made of an edit."""
    return Prepared(Task(Asked((letter.id,)), letters.ends, at), [letter], Plan((resend,)))


def prepare_again(settings: Settings, act: Act, shops: Shops) -> Prepared:
    """What is left of an act that was stopped or killed, by the dead-letter topic as it stood when the act began.

    Errors whose record was taken out of them since are left out. Raises ConfigurationError for an act that is none of
    `retry`, `resolve` and `ignore`, or is done.
    """
    if act.kind not in {RETRY, CLOSE}:
        raise ConfigurationError(f"The act {act.id} is {act.kind}, which `errors retry --resume` cannot go on with.")
    if act.state is State.DONE:
        raise ConfigurationError(f"The act {act.id} is done.")
    task = Task.from_json(act.cursor)
    letters = read_letters(settings, task.ends)
    chosen = task.asked.of(letters)
    if task.state is None:
        plan = asyncio.run(_retry(settings, letters, chosen, shops, act.who, task.at))
    else:
        plan = note_plan(chosen, Note(task.state, task.note, act.who, task.at))
    taken_out = {letter.id for letter in read_letters(settings).by_id.values() if letter.refusal.original_value == b""}
    left = [each for each in plan.resends if each.ids[0] > task.after and not taken_out.intersection(each.ids)]
    return Prepared(task, chosen, replace(plan, resends=tuple(left)))


def begin_act(settings: Settings, kind: str, text: str, prepared: Prepared) -> Act:
    """Begin the act that will say it; from here on it can be resumed."""
    return begin(settings, kind, text, prepared.records, prepared.task.to_json(prepared.task.after))


def carry_out(
    settings: Settings, act: Act, prepared: Prepared, *, rate: float | None, tell: Telling, stop: threading.Event
) -> Act:
    """Say it, journalled so that a killed act can be resumed with nothing said twice and nothing left out.

    `rate` is how many records a second at most. Raises RetriableError when Kafka does not take records.
    """
    codec = asyncio.run(codec_of(settings))
    return produce(settings, act, _batches(settings, codec, prepared), rate=rate, tell=tell, stop=stop)


def _batches(settings: Settings, codec: Codec, prepared: Prepared) -> Iterator[Batch]:
    resends = prepared.plan.resends
    for start in range(0, len(resends), BATCH):
        some = resends[start : start + BATCH]
        outgoing = tuple(record for each in some for record in each.outgoing(settings, codec))
        yield Batch(outgoing, prepared.task.to_json(some[-1].ids[0]))
