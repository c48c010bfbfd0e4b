"""Questions to several parts at once."""

from __future__ import annotations

import threading
import time

import pytest

from connector.errors import RetriableError
from connector.operations.asking import Asked, Silence


def soon() -> float:
    return time.monotonic() + 10


def test_an_answer_is_handed_over() -> None:
    """What the question returns, also where that is nothing."""
    assert (3, None) == (Asked("a", lambda: 3).answer(soon()), Asked("b", lambda: None).answer(soon()))


def test_one_that_is_away_says_why() -> None:
    """What we raise on purpose is an answer too."""

    def away() -> int:
        raise RetriableError("nobody is there")

    assert Silence("Kafka", "nobody is there") == Asked("Kafka", away).answer(soon())


def test_one_that_does_not_answer_holds_up_nobody() -> None:
    """It is given up when the time is over, and named."""
    gate = threading.Event()
    asked = Asked("Kafka Connect", gate.wait)
    answer = asked.answer(time.monotonic() + 0.05)
    gate.set()
    assert isinstance(answer, Silence)
    assert str(answer).startswith("Kafka Connect: no answer within")


def test_the_unforeseen_is_raised() -> None:
    """A fault of ours is no silence of others."""

    def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Asked("a", broken).answer(soon())
