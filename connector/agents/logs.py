"""Logging of a worker: our events and the libraries' lines in one form, JSON unless a person watches."""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, TextIO

import structlog
from structlog.typing import Processor

QUIET = dict.fromkeys(("aiokafka", "alembic", "connector.agents.shell", "faust", "httpx", "mode"), logging.WARNING)
"""What these say at INFO at each start and rebalance is of use only to their authors; in the shell, Faust speaks."""


CHATTY_S: Final = 10.0
"""A library that repeats one line while a broker is away says it so often, in seconds."""


class Throttle(logging.Filter):
    """Lets a library's line through once in `every_s` seconds, then with the number of those left out."""

    def __init__(self, every_s: float = CHATTY_S, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._every_s = every_s
        self._clock = clock
        self._last: dict[tuple[str, str], float] = {}
        self._left_out: Counter[tuple[str, str]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.split(".", 1)[0] == "connector":
            return True
        line = (record.name, str(record.msg))
        now = self._clock()
        if now - self._last.get(line, -self._every_s) < self._every_s:
            self._left_out[line] += 1
            return False
        self._last[line] = now
        if left_out := self._left_out.pop(line, 0):
            record.msg, record.args = f"{record.getMessage()} (and {left_out} times since)", ()
        return True


def set_up(stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Send structlog and the standard library's logging to `stream`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    for_people = stream.isatty()
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if for_people
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    handler.addFilter(Throttle())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(level if level < logging.INFO else max(least, level))
