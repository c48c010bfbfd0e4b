"""Cutting what arrived of a partition into repeats, news and holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.record import Record


@dataclass(frozen=True, slots=True)
class Span:
    """`records` lead from `start` to `next`; `holes` are the ranges [from, to) between them that did not arrive."""

    start: int
    next: int
    records: tuple[Record, ...]
    holes: tuple[tuple[int, int], ...]
    repeats: int


def cut(expected: int, arrived: Sequence[Record]) -> Span:
    """Sort out the records of one partition, in the order of their arrival, for an agent that stands at `expected`.

    A record below what is expected was read before: a repeat. Nothing else is left out or put in another order.
    """
    following = expected
    news: list[Record] = []
    holes: list[tuple[int, int]] = []
    for record in arrived:
        if record.offset < following:
            continue
        if record.offset > following:
            holes.append((following, record.offset))
        news.append(record)
        following = record.offset + 1
    return Span(expected, following, tuple(news), tuple(holes), len(arrived) - len(news))
