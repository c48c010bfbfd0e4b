"""What each role of a worker is made of."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from connector.agents.alerts import Alerts
from connector.agents.apply_messages import ApplyMessages
from connector.agents.careful import CarefulWork
from connector.agents.epochs import Epochs, meet
from connector.agents.locks import LockTakenError, held_lock
from connector.agents.loop import Loop
from connector.agents.map_changes import MapChanges
from connector.agents.parts import Parts
from connector.agents.positions import LedgerKeeper, Positions
from connector.agents.pump_outbox import OutboxPump
from connector.agents.report_errors import ReportErrors
from connector.agents.runner import Duty
from connector.agents.shell import App, Shell, create_app
from connector.agents.shop_changes import meet_shop
from connector.agents.tries import Tries, tries_path
from connector.agents.work import Work
from connector.capture.external import ByTopic, Decoder, decoders_of
from connector.kafka import TopicInfo
from connector.mapping import SectionMapper, mapper
from connector.sync_error import Stage
from connector.translate.changes import Translator
from connector.translate.numbers import Numbers
from connector.translate.rejects import Rejects

OTHER_PUMP_S: Final = 5.0
"""How often a process that does not pump looks whether it should."""


async def map_role(parts: Parts) -> App:
    """One agent for each section that a shop file has."""
    epochs = await meet(parts.ledger, parts.changes.values(), parts.accepted, ordered=True)
    numbers = Numbers(epochs, await generations(parts))
    decoder = ByTopic(await asyncio.to_thread(decoders, parts))
    rejects = Rejects(parts.settings, parts.codec, Stage.MAP)
    alerts = Alerts()
    works = [
        MapChanges(translator, parts.registry, rejects, alerts, parts.instruments.captured)
        for section, mappers in section_mappers(parts).items()
        for translator in [Translator(section, mappers, decoder, rejects, numbers)]
    ]
    return assemble(parts, "map", works, parts.changes, epochs)


async def generations(parts: Parts) -> dict[str, int]:
    """Change topic → the number of the mapping that takes it."""
    numbers = {
        shop.file: await parts.ledger.write(partial(meet_shop, shop=shop, topics=parts.changes)) for shop in parts.shops
    }
    return {shop.topic(table): numbers[shop.file] for shop in parts.shops for table in shop.tables()}


def decoders(parts: Parts) -> dict[str, Decoder]:
    """Change topic → decoder. Blocks: where records carry no types, the shop's database is asked for them."""
    return decoders_of(parts.shops, parts.registry, lambda topic: parts.changes[topic].topic_id, parts.full_before)


def section_mappers(parts: Parts) -> dict[str, dict[str, SectionMapper]]:
    """Section → change topic → mapper, over all shops."""
    found: dict[str, dict[str, SectionMapper]] = {}
    for shop in parts.shops:
        for section in shop.sections:
            section_mapper = mapper(shop, section)
            found.setdefault(section, {}).update(dict.fromkeys(section_mapper.topics, section_mapper))
    return {section: mappers for section, mappers in found.items() if mappers}


async def apply_role(parts: Parts) -> App:
    """One agent for each sync topic."""
    rejects = Rejects(parts.settings, parts.codec, Stage.APPLY)
    works = [ApplyMessages(topic, parts.registry, rejects, parts.post) for topic in parts.sync_topics]
    return assemble(parts, "apply", works, parts.own, await own_epochs(parts, parts.sync_topics))


async def report_role(parts: Parts) -> App:
    """The error agent."""
    rejects = Rejects(parts.settings, parts.codec, Stage.APPLY)
    epochs = await own_epochs(parts, [parts.settings.errors_topic])
    return assemble(parts, "report", [ReportErrors(parts.registry, rejects)], parts.own, epochs)


async def own_epochs(parts: Parts, names: Sequence[str]) -> Epochs:
    """Epochs of topics that only this product writes: their offsets order nothing, so partitions may be added."""
    return await meet(parts.ledger, [parts.own[name] for name in names], parts.accepted, ordered=False)


def assemble(parts: Parts, role: str, works: Sequence[Work], topics: Mapping[str, TopicInfo], epochs: Epochs) -> App:
    """An app whose agents do `works`."""
    shell, keeper = Shell(), LedgerKeeper(parts.ledger)
    tries = Tries(tries_path(parts.settings.ledger, role))
    loops = [
        Loop(
            CarefulWork(work, tries, passes_holes=not parts.accepted.keys().isdisjoint(work.topics)),
            keeper,
            shell,
            parts.producer,
            parts.instruments,
        )
        for work in works
    ]
    positions = Positions(parts.settings.kafka, keeper, loops, epochs=epochs, tries=tries)
    read = {topic: topics[topic] for work in works for topic in work.topics}
    return create_app(parts.settings, role, shell, positions, member=member_name(parts, read))


def member_name(parts: Parts, topics: Mapping[str, TopicInfo]) -> str:
    """A name that stays while the ledger and what is read stay: under it a restarted worker goes on at once."""
    shape = [(name, topic.topic_id, topic.partitions) for name, topic in sorted(topics.items())]
    return hashlib.sha256(repr((str(parts.settings.ledger.resolve()), shape)).encode()).hexdigest()[:12]


def pump_duty(parts: Parts) -> Duty:
    """The pump, in one process of those that share the ledger."""

    async def pump() -> None:
        while True:
            with suppress(LockTakenError), held_lock(parts.settings.ledger, "outbox"):
                await OutboxPump(parts.ledger, parts.producer).run()
            await asyncio.sleep(OTHER_PUMP_S)

    return pump
