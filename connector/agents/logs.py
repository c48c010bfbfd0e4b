"""Logging of a worker: our events and the libraries' lines in one form, JSON unless a person watches.

No secret is written down, and nobody's address or telephone number unless it is asked for.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from connector.redaction import Redactor

QUIET = dict.fromkeys(
    ("aiokafka", "alembic", "connector.agents.shell", "faust", "httpx", "mode", "uvicorn"), logging.WARNING
)
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


def set_up(stream: TextIO = sys.stderr, level: int = logging.INFO, redactor: Redactor | None = None) -> None:
    """Send structlog and the standard library's logging to `stream`; `redactor` knows the secrets of this process."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last = _for_people(redactor or Redactor()) if stream.isatty() else _for_programs(redactor or Redactor())
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
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(level if level < logging.INFO else max(least, level))


def _for_programs(redactor: Redactor) -> list[Processor]:
    """One JSON object a line; redacted field by field, so that it stays one."""

    def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {name: redactor.value(value, name) for name, value in event.items()}

    return [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer()]


def _for_people(redactor: Redactor) -> list[Processor]:
    """Colours and tracebacks; redacted as a whole, since the traceback is made last."""
    render = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)

    def redacted(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return redactor.text(render(logger, method, event))

    return [redacted]
