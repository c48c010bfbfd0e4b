"""Notices reach the one address in order, are not given up while it is away, and hold up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from connector.agents.alert_book import Book, load_book, save_book
from connector.agents.alert_facts import Bounds
from connector.agents.alert_states import Notice
from connector.agents.watch import Watch
from connector.agents.webhook import Webhook, body
from connector.errors import ConfigurationError
from connector.sender.health import Backoff
from tests.support.receiver import Receiver, receiving

AT = 1_764_072_000.0
SECRET = "/services/T0/B0/nobody-else-knows?x=1"


def notice(number: int, state: str = "firing") -> Notice:
    return Notice("type_paused", state, f"trouble {number}", "mend it", AT, AT, {"lane": "DEAL"})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest_asyncio.fixture
async def webhook(receiver: Receiver) -> AsyncIterator[Webhook]:
    """One that waits for half a second after a failure."""
    webhook = Webhook(f"{receiver.url}{SECRET}")
    webhook.backoff = Backoff(longest_s=0.5)
    yield webhook
    await webhook.aclose()


async def until(happened: object) -> None:
    """Let others work until it is so, ten seconds at most."""
    assert callable(happened)
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 - what is waited for happens in another thread
            await asyncio.sleep(0.02)


def test_what_is_posted() -> None:
    """All that a program wants to know, and a sentence for a chat room."""
    assert {
        "alert": "type_paused",
        "state": "firing",
        "summary": "trouble 1",
        "remedy": "mend it",
        "since": "2025-11-25T12:00:00+00:00",
        "labels": {"lane": "DEAL"},
        "text": "shopbridge: trouble 1. What to do: mend it",
    } == body(notice(1))
    assert "shopbridge: over: trouble 1" == body(notice(1, "resolved"))["text"]


async def test_address_is_used_as_it_was_given(receiver: Receiver, webhook: Webhook) -> None:
    """With path and query, without a slash at its end."""
    assert await webhook.post(notice(1))
    assert [SECRET] == receiver.paths


@pytest.mark.parametrize("status", [500, 503, 429, 408])
async def test_what_is_not_taken_now_is_tried_again(receiver: Receiver, webhook: Webhook, status: int) -> None:
    """A receiver that is busy or broken will not be for ever."""
    receiver.answers = [status]
    assert not await webhook.post(notice(1))
    assert await webhook.post(notice(1))


async def test_nobody_there_is_no_error(receiver: Receiver) -> None:
    """A refused connection is tried again too."""
    receiver.close()
    webhook = Webhook(receiver.url)
    assert not await webhook.post(notice(1))
    await webhook.aclose()


@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_what_will_never_be_taken_is_given_up(receiver: Receiver, webhook: Webhook, status: int) -> None:
    """It would hold up all that follow."""
    receiver.answers = [status]
    assert await webhook.post(notice(1))
    assert [] == receiver.posts


@pytest.mark.parametrize("url", ["hooks.example/x", "ftp://hooks.example/x", "https://", "x"])
def test_what_is_no_address_is_refused_without_being_told(url: str) -> None:
    """The setting is named; its value is a secret."""
    with pytest.raises(ConfigurationError, match="SHOPBRIDGE_WEBHOOK_URL") as refused:
        Webhook(url)
    assert "hooks.example" not in str(refused.value)


async def test_notices_wait_in_order_and_over_a_restart(tmp_path: Path, receiver: Receiver, webhook: Webhook) -> None:
    """The receiver is away at first; the process that held them ended; all come, the oldest first, each once."""
    ledger = tmp_path / "ledger.db"
    receiver.answers = [503, 503]
    save_book(ledger, Book(pending=(notice(1), notice(1, "resolved"), notice(2))))
    watching = asyncio.create_task(Watch(ledger, Bounds(), webhook=webhook).run())
    await until(lambda: len(receiver.posts) == 3 and not load_book(ledger).pending)
    watching.cancel()
    assert [("trouble 1", "firing"), ("trouble 1", "resolved"), ("trouble 2", "firing")] == [
        (post["summary"], post["state"]) for post in receiver.posts
    ]


async def test_webhook_that_is_away_holds_up_nobody(tmp_path: Path, receiver: Receiver) -> None:
    """The watch goes on looking, and keeps what it has to tell."""
    receiver.close()
    ledger = tmp_path / "ledger.db"
    save_book(ledger, Book(pending=(notice(1),)))
    watch = Watch(ledger, Bounds(), webhook=Webhook(receiver.url))
    watching = asyncio.create_task(watch.run())
    await until(lambda: watch.firing is not None)
    watching.cancel()
    assert (notice(1),) == load_book(ledger).pending
