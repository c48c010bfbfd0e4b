"""The Faust app: nothing else imports faust, and it is used in one way only.

Raw bytes in, one agent at a time per topic, no tables, no topics of Faust's own, no sending. Agents hand events to
their loop and never let an exception out; acknowledgements follow the ledger's commits in order and only move the
group's offsets, which are for people to look at: positions come from the ledger at every assignment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.auth import CredentialsT
from mode import CrashingSupervisor

from connector.agents.loop import Loop
from connector.agents.positions import Positions
from connector.agents.work import Advance, Arrival
from connector.record import Partition, Record
from connector.security import KafkaAccess
from connector.settings import Settings

POLL_RECORDS = 500
BUFFERED_EVENTS = 500
SESSION_TIMEOUT_S = 30.0


class LeavingThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """The consumer's thread; it leaves the group when it is stopped.

    A named member that goes away is waited for by the broker, which is right for one that was killed. One that was
    stopped says so instead, so that others take over at once.
    """

    async def on_thread_stop(self) -> None:
        if self._consumer is not None:
            self._consumer._coordinator._group_instance_id = None  # noqa: SLF001 - aiokafka never lets one leave
        await super().on_thread_stop()


class LedgerConsumer(driver.Consumer):  # type: ignore[misc]
    """A consumer that seeks to the ledger's positions wherever Faust would seek to the group's."""

    def _new_consumer_thread(self) -> LeavingThread:
        return LeavingThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Called by Faust at each assignment, with all partitions then held."""
        try:
            positions = await self.app.positions.take_up([Partition(*place) for place in self.assignment()])
        except Exception as error:
            await self.app.crash(error)
            raise
        targets = {TP(*place): following for place, following in positions.items()}
        if targets:
            await self.seek_wait(targets)
        return targets


class LedgerTransport(driver.Transport):  # type: ignore[misc]
    """The driver with the consumer above."""

    Consumer = LedgerConsumer


class App(faust.App):  # type: ignore[misc]
    """A Faust app that knows the ledger's positions and keeps nothing on disk."""

    positions: Positions

    def _create_directories(self) -> None:
        """Faust would make folders for its tables; there are none."""


class Shell:
    """The Site of the loops that share an app: what they ask of its consumer."""

    def __init__(self) -> None:
        self.app: App | None = None
        self._rewinding = False

    def current(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        generation, held = self._app.consumer_generation_id, self._app.consumer.assignment()
        return [it for it in arrivals if it.generation == generation and it.record.place in held]

    async def is_empty(self, advance: Advance) -> bool:
        return await self._app.positions.is_empty(advance)

    async def rewind(self) -> None:
        """Read again from the ledger's positions. A rebalance does the same, so it is left to one that is under way."""
        app = self._app
        if self._rewinding or app.rebalancing:
            return
        self._rewinding = True
        consumer = app.consumer
        consumer.stop_flow()
        app.flow_control.suspend()
        try:
            app.flow_control.clear()
            for loop in app.positions.loops:
                loop.forget()
            await consumer.wait_for_stopped_flow()
            await consumer.perform_seek()
        finally:
            self._rewinding = False
            if not app.rebalancing:
                app.flow_control.resume()
                consumer.resume_flow()

    @property
    def _app(self) -> App:
        assert self.app is not None, "the loops run inside an app"
        return self.app


def create_app(settings: Settings, role: str, shell: Shell, positions: Positions, *, member: str) -> App:
    """An app with one agent for each loop of `positions`; call it inside the running event loop.

    `member` names this worker within the group `<group>-<role>`, so that a worker that was killed gets its partitions
    back at once instead of after the session's time-out. It must change with what is read, as topics and numbers of
    partitions, since the broker hands a returning member what it held before.
    """
    app = App(
        f"{settings.group}-{role}",
        broker=[f"kafka://{address.strip()}" for address in settings.kafka_bootstrap.split(",")],
        autodiscover=False,
        agent_supervisor=CrashingSupervisor,
        broker_client_id=f"{settings.group}-{role}",
        broker_credentials=credentials(settings.kafka),
        broker_max_poll_records=POLL_RECORDS,
        broker_session_timeout=SESSION_TIMEOUT_S,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=f"{settings.group}-{role}-{member}",
        stream_buffer_maxsize=BUFFERED_EVENTS,
        stream_wait_empty=False,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.positions = positions
    app.transport = LedgerTransport(app.conf.broker_consumer, app, loop=app.loop)
    shell.app = app
    for loop in positions.loops:
        add_agent(app, loop)
    return app


def credentials(access: KafkaAccess) -> CredentialsT | None:
    """How Faust's consumer comes in; Faust itself would take SASL without TLS where no context is given."""
    if access.uses_sasl:
        return faust.SASLCredentials(
            username=access.username,
            password=access.password,
            mechanism=access.mechanism,
            ssl_context=access.tls.context() if access.uses_tls else None,
        )
    return faust.SSLCredentials(access.tls.context()) if access.uses_tls else None


def add_agent(app: App, loop: Loop) -> None:
    """The agent that feeds `loop`, and the task that runs it; what the loop raises crashes the app."""
    topic = app.topic(*loop.work.topics, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    app.agent(
        topic,
        name=f"{app.conf.id}.{loop.work.name}",
        concurrency=1,
        isolated_partitions=False,
        supervisor_strategy=CrashingSupervisor,
    )(feeder(loop))
    app.task(loop.run)


def feeder(loop: Loop) -> Callable[[Any], Awaitable[None]]:
    """The agent's body. Events are handed on unacknowledged; `put` raises nothing."""

    async def feed(stream: Any) -> None:
        async for event in stream.noack().events():
            await loop.put(arrival(event))

    return feed


def arrival(event: Any) -> Arrival:
    """What a Faust event is to the loop."""
    message = event.message
    record = Record(
        message.topic,
        message.partition,
        message.offset,
        message.key,
        message.value,
        int((message.timestamp or 0) * 1000),
        tuple((name, bytes(value or b"")) for name, value in message.headers or ()),
    )
    return Arrival(record, message.generation_id, event.ack)
