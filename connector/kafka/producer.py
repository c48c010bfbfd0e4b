"""The one producer: idempotent, partitioned like Java's, and nothing counts as sent before the broker said so."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import Any, Final

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException

from connector.errors import FatalError, RetriableError
from connector.kafka.access import Broker, client, opened
from connector.kafka.limits import LARGEST_RECORD
from connector.record import Outgoing

log = logging.getLogger(__name__)

DELIVERY_TIMEOUT_S: Final = 120.0
POLL_S: Final = 0.2
QUEUE_FULL_WAIT_S: Final = 0.02

_HOPELESS: Final = frozenset(
    {
        "UNKNOWN_TOPIC_OR_PART",
        "_UNKNOWN_TOPIC",
        "_UNKNOWN_PARTITION",
        "TOPIC_AUTHORIZATION_FAILED",
        "CLUSTER_AUTHORIZATION_FAILED",
        "MSG_SIZE_TOO_LARGE",
        "_FATAL",
    }
)
"""Names of errors that a repetition cannot cure."""


def settings(broker: Broker, client_id: str) -> dict[str, Any]:
    """What librdkafka is told; murmur2 is the partitioner of Debezium and of Java, librdkafka's own default is not."""
    return {
        **client(broker),
        "client.id": client_id,
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",
        "linger.ms": 1,
        "compression.type": "lz4",
        "message.max.bytes": LARGEST_RECORD,
        "topic.metadata.propagation.max.ms": 10_000,
        "delivery.timeout.ms": int(DELIVERY_TIMEOUT_S * 1000),
        "queue.buffering.max.messages": 100_000,
    }


class Producer:
    """Sends records and waits for their delivery reports, which a thread of its own collects."""

    def __init__(self, broker: Broker, *, client_id: str = "shopbridge") -> None:
        self._producer = opened(confluent_kafka.Producer, settings(broker, client_id), logger=log)
        self._closing = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="producer", daemon=True)
        self._poller.start()

    def _poll(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(POLL_S)

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Send `records` in order and return when the broker has confirmed every one.

        Raises RetriableError when some were not confirmed in time (sending all again is right: whoever reads them
        recognises repeats), FatalError when that cannot help.
        """
        if not records:
            return
        reports = _Reports(len(records), asyncio.get_running_loop())
        for record in records:
            await self._produce(record, reports)
        await reports.done

    async def _produce(self, record: Outgoing, reports: _Reports) -> None:
        headers = list(record.headers) or None
        while True:
            try:
                self._producer.produce(
                    record.topic, value=record.value, key=record.key, headers=headers, on_delivery=reports.delivered
                )
            except BufferError:
                await asyncio.sleep(QUEUE_FULL_WAIT_S)
            except KafkaException as error:
                raise refusal(error.args[0], record.topic) from error
            else:
                return

    async def aclose(self) -> None:
        """Give what is under way a last chance of `POLL_S` seconds and stop."""
        await asyncio.to_thread(self._producer.flush, POLL_S)
        self._closing.set()
        await asyncio.to_thread(self._poller.join)


class _Reports:
    """Counts delivery reports, on the producer's thread, and wakes the loop after the last."""

    def __init__(self, expected: int, loop: asyncio.AbstractEventLoop) -> None:
        self.done: asyncio.Future[None] = loop.create_future()
        self._missing = expected
        self._loop = loop
        self._refused: tuple[KafkaError, str] | None = None

    def delivered(self, error: KafkaError | None, message: confluent_kafka.Message) -> None:
        if error is not None and self._refused is None:
            self._refused = (error, message.topic() or "")
        self._missing -= 1
        if self._missing == 0 and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if self.done.done():
            return
        if self._refused is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(refusal(*self._refused))


def refusal(error: KafkaError, topic: str) -> RetriableError | FatalError:
    """Our error for a failed delivery, by whether a repetition can help."""
    text = f"Kafka did not take a record for {topic}: {error.str()} ({error.name()})"
    if error.fatal() or error.name() in _HOPELESS:
        return FatalError(f"{text}. Check that the topic exists, takes {LARGEST_RECORD} bytes and may be written to.")
    return RetriableError(f"{text}. It is tried again.")
