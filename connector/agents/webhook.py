"""The one webhook: a POST of JSON for each change of an alert, delivered in order and not given up.

    {"alert": "type_paused", "state": "firing", "summary": "...", "remedy": "...", "since": "2026-11-25T08:42:31+00:00",
     "labels": {"lane": "DEAL"}, "text": "..."}

`text` is what Slack and those that speak like it show. A receiver may see one twice, where the worker ended between the
answer and the note of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from connector.agents.alert_states import FIRING, Notice
from connector.errors import ConfigurationError, RetriableError
from connector.http import Http
from connector.sender.health import Backoff

log = structlog.get_logger(__name__)

TIMEOUT_S: Final = 10.0
LONGEST_S: Final = 60.0
_LATER: Final = frozenset({408, 425, 429})


class Webhook:
    """Posts to one address, which is a secret: it is never written down."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ConfigurationError("SHOPBRIDGE_WEBHOOK_URL is no address: write it as https://host/path")
        self._http = Http(f"{parts.scheme}://{parts.netloc}", timeout_s=TIMEOUT_S)
        self._path = parts.path + (f"?{parts.query}" if parts.query else "")
        self.backoff = Backoff(longest_s=LONGEST_S)

    async def post(self, notice: Notice) -> bool:
        """Whether the notice needs no further try: it was taken, or refused in a way that no repetition mends."""
        try:
            answer = await self._http.request("POST", self._path or "/", json=body(notice))
        except RetriableError as error:
            return self._later(notice, type(error).__name__)
        if 200 <= answer.status < 300:
            self.backoff.reset()
            return True
        if 400 <= answer.status < 500 and answer.status not in _LATER:
            log.error("alert.refused", alert=notice.alert, status=answer.status, remedy="check SHOPBRIDGE_WEBHOOK_URL")
            return True
        return self._later(notice, f"HTTP {answer.status}")

    def _later(self, notice: Notice, why: str) -> bool:
        log.warning("alert.not_delivered_yet", alert=notice.alert, state=notice.state, why=why)
        return False

    async def aclose(self) -> None:
        await self._http.aclose()


def body(notice: Notice) -> Mapping[str, Any]:
    """What is posted."""
    return {
        "alert": notice.alert,
        "state": notice.state,
        "summary": notice.summary,
        "remedy": notice.remedy,
        "since": datetime.fromtimestamp(notice.since, UTC).isoformat(timespec="seconds"),
        "labels": dict(notice.labels),
        "text": text(notice),
    }


def text(notice: Notice) -> str:
    """The notice in one or two sentences."""
    if notice.state == FIRING:
        return f"shopbridge: {notice.summary}. What to do: {notice.remedy}"
    return f"shopbridge: over: {notice.summary}"
