"""The parts of the stack, in the order in which they are started."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deploy.local.parts import connect, kafka, mariadb, postgres, registry, sandbox
from deploy.local.parts.part import Part
from deploy.local.stack import Stack

MAKERS: Mapping[str, Callable[[Stack], Part]] = {
    "postgres": postgres.part,
    "mariadb": mariadb.part,
    "kafka": kafka.part,
    "registry": registry.part,
    "connect": connect.part,
    "sandbox": sandbox.part,
}
NAMES = tuple(MAKERS)


def parts(stack: Stack) -> dict[str, Part]:
    """Every part by name, in starting order: none needs a later one."""
    return {name: make(stack) for name, make in MAKERS.items()}


def with_needs(names: set[str], known: Mapping[str, Part]) -> set[str]:
    """The names and, in turn, whatever they need."""
    wanted = set(names)
    for name in reversed(list(known)):
        if name in wanted:
            wanted |= set(known[name].needs)
    return wanted
