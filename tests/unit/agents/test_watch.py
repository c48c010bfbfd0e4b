"""The watch of an installation: what it sees, remembers over restarts, and leaves to the process that watches."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from connector.agents.alert_book import Book, book_path, forget_stops, load_book, note_stop, save_book, stops
from connector.agents.alert_facts import Bounds, Facts
from connector.agents.history import LEAST_MESSAGES, WINDOW_S, History
from connector.agents.locks import held_lock
from connector.agents.watch import ROLE, Watch
from connector.agents.webhook import Webhook
from connector.errors import RetriableError
from connector.figures import Behind, Figures, Way
from connector.sender.report import SenderReport, report_path, write_report
from tests.support.exposed import SENDER
from tests.support.receiver import Receiver, receiving

AT = 1_764_072_000.0
WELL = dataclasses.replace(
    SENDER,
    condition="WELL",
    condition_since=None,
    paused=(),
    waiting_until=None,
    waiting_for=None,
    day_used=100,
    day_left=900,
)
REFUSED = dataclasses.replace(WELL, condition="CREDENTIAL_REFUSED")


@pytest.fixture(autouse=True)
def _plain_logging() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@dataclass
class Source:
    """Figures as they are told, or an error."""

    figures: Figures | Exception = field(default_factory=lambda: Figures(at=AT))

    def read(self) -> Figures:
        if isinstance(self.figures, Exception):
            raise self.figures
        return self.figures


@dataclass
class Scene:
    """A watch whose time is set by hand."""

    ledger: Path
    bounds: Bounds = field(default_factory=Bounds)
    source: Source = field(default_factory=Source)
    now: float = AT
    webhook: Webhook | None = None

    def __post_init__(self) -> None:
        self.watch = Watch(self.ledger, self.bounds, self.source, None, self.webhook, clock=lambda: self.now)

    def sender(self, told: SenderReport) -> None:
        """The sender writes its report."""
        at = datetime.fromtimestamp(self.now, UTC)
        write_report(report_path(self.ledger), dataclasses.replace(told, at=at))

    def firing(self) -> list[str]:
        return [name for name, _ in self.watch.firing or ()]

    async def look(self, seconds: float = 0.0) -> list[str]:
        """Look again after so long; what fires."""
        self.now += seconds
        await self.watch.read_figures()
        self.watch.look()
        return self.firing()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "ledger.db")


async def test_credential_is_told_from_another_process_word(scene: Scene) -> None:
    """The watch may be in one process and the sender in another."""
    scene.sender(REFUSED)
    assert ["credential_refused"] == await scene.look()
    scene.now += 61
    scene.sender(WELL)
    assert [] == await scene.look()


async def test_old_word_of_the_sender_is_not_believed(scene: Scene) -> None:
    """It is told that nobody sends, once a minute has gone; what was told of its credential stands."""
    scene.sender(REFUSED)
    await scene.look()
    assert ["credential_refused"] == await scene.look(20)
    assert ["credential_refused", "nobody_sends"] == sorted(await scene.look(46))


async def test_broken_report_is_no_alarm(scene: Scene) -> None:
    """It is logged, and nothing is known."""
    report_path(scene.ledger).write_text("{")
    with capture_logs() as lines:
        assert [] == await scene.look()
    assert ["the sender's report cannot be read"] == [line["event"] for line in lines]


async def test_log_tells_what_nobody_else_tells(scene: Scene) -> None:
    """A refused credential is the sender's line; a lag is the watch's."""
    scene.sender(REFUSED)
    scene.source.figures = Figures(at=AT, behind={"map": Behind(5, 400.0)})
    with capture_logs() as lines:
        await scene.look()
        await scene.look(31)
    assert [("alert.firing", "lag")] == [(line["event"], line["alert"]) for line in lines]


async def test_watch_that_starts_again_calls_nobody_twice(scene: Scene) -> None:
    """What was told is remembered beside the ledger, and told to be over by whoever watches then."""
    scene.sender(REFUSED)
    await scene.look()
    book = load_book(scene.ledger)
    again = Scene(scene.ledger, now=scene.now + 70)
    again.watch._book = book
    again.sender(REFUSED)
    assert ["credential_refused"] == await again.look()
    assert book.states.keys() == load_book(scene.ledger).states.keys()
    again.sender(WELL)
    assert [] == await again.look(1)


async def test_kafka_that_does_not_answer_is_told_and_changes_nothing_else(scene: Scene) -> None:
    """A lag that was told stands until it is known again."""
    scene.source.figures = Figures(at=AT, behind={"map": Behind(5, 400.0)})
    await scene.look()
    assert ["lag"] == await scene.look(31)
    scene.source.figures = RetriableError("Kafka does not answer")
    assert ["lag"] == await scene.look(5)
    assert ["kafka_away", "lag"] == sorted(await scene.look(61))
    scene.source.figures = Figures(at=AT + 200, behind={"map": Behind()})
    await scene.look(61)
    assert [] == await scene.look(61)


async def test_only_one_process_watches(tmp_path: Path) -> None:
    """Another waits for its turn, and exposes no figures."""
    ledger = tmp_path / "ledger.db"
    with held_lock(ledger, ROLE):
        watch = Watch(ledger, Bounds(), Source())
        watching = asyncio.create_task(watch.run())
        await asyncio.sleep(0.05)
        assert (None, None) == (watch.figures, watch.firing)
        watching.cancel()


async def test_worker_that_stops_says_so_once(tmp_path: Path, receiver: Receiver) -> None:
    """Before it ends, by the same webhook; a worker with a role of its own that is ready says that it is over."""
    ledger = tmp_path / "ledger.db"
    webhook = Webhook(receiver.url)
    note_stop(ledger, {"map", "apply"}, "GapError: orders[0] lost 5 to 9")
    await Watch(ledger, Bounds(), webhook=webhook).last_words()
    await Watch(ledger, Bounds(), webhook=webhook).last_words()
    assert ["firing"] == receiver.states("worker_stopped")
    assert {"roles": "apply,map"} == receiver.posts[0]["labels"]
    forget_stops(ledger, {"report"})
    assert {"apply,map": "GapError: orders[0] lost 5 to 9"} == stops(ledger)
    forget_stops(ledger, {"map"})
    await Watch(ledger, Bounds(interval_s=0.0), webhook=webhook).last_words()
    await webhook.aclose()
    assert ["firing", "resolved"] == receiver.states("worker_stopped")


async def test_last_words_are_left_to_whoever_watches(tmp_path: Path, receiver: Receiver) -> None:
    """Two processes would tell it twice."""
    ledger = tmp_path / "ledger.db"
    note_stop(ledger, {"map"}, "GapError")
    webhook = Webhook(receiver.url)
    with held_lock(ledger, ROLE):
        await Watch(ledger, Bounds(), webhook=webhook).last_words()
    await webhook.aclose()
    assert [] == receiver.posts


def test_unreadable_book_is_said_and_begins_anew(tmp_path: Path) -> None:
    """A worker does not stay down for the sake of its alerts."""
    ledger = tmp_path / "ledger.db"
    book_path(ledger).write_text('{"states": [{}]}')
    with capture_logs() as lines:
        assert Book() == load_book(ledger)
    assert ["alert.book_unreadable"] == [line["event"] for line in lines]


def test_book_is_read_back_as_it_was(tmp_path: Path) -> None:
    """With labels, times and what waits."""
    scene = Scene(tmp_path / "ledger.db")
    scene.sender(REFUSED)
    scene.watch.look()
    book = load_book(scene.ledger)
    save_book(scene.ledger, book)
    assert book == load_book(scene.ledger)
    assert {("credential_refused", ())} == set(book.states)


def way(applied: int, superseded: int) -> tuple[Way, ...]:
    return (Way("apply", "t", applied, {"superseded": superseded, "merged": applied - superseded}),)


def share(*looks: tuple[float, int, int], acts_at: float | None = None) -> float | None:
    """The share of superseded messages after these looks: seconds, applied, superseded."""
    history = History()
    facts = Facts(AT)
    for seconds, applied, superseded in looks:
        figures = Figures(at=AT + seconds, ways=way(applied, superseded), acts_at=acts_at)
        history.saw(figures)
        facts = history.told(Facts(figures.at), figures)
    return facts.superseded


def test_share_of_late_messages_is_that_of_the_window() -> None:
    """What was before it, and few messages, tell nothing."""
    assert 0.02 == share((0, 0, 0), (60, 1000, 20))
    assert 0.0 == share((0, 0, 0), (60, LEAST_MESSAGES - 1, 90))
    assert 0.0 == share((0, 0, 0), (60, 1000, 900), (WINDOW_S + 61, 2000, 900), (WINDOW_S + 62, 3000, 900))


def test_replay_is_no_disorder() -> None:
    """While an operator's act goes on, and until its messages have left the window."""
    assert share((0, 0, 0), (60, 1000, 900), acts_at=AT) is None
    assert 0.9 == share((0, 0, 0), (60, 1000, 900), acts_at=AT - WINDOW_S)


def test_standing_still_counts_while_there_is_something_to_do() -> None:
    """It begins anew with each move, and with nothing to do."""
    history, standing = History(), []
    for seconds, taken, left in ((0, 5, 3), (50, 5, 3), (60, 6, 2), (100, 6, 2), (110, 6, 0), (150, 6, 1)):
        figures = Figures(at=AT + seconds, ways=(Way("map", "t", taken, {}),), behind={"map": Behind(left)})
        history.saw(figures)
        told = history.told(Facts(figures.at), figures).standing_s
        standing.append((told or {})["map"])
    assert [0, 50, 0, 40, 0, 40] == standing
