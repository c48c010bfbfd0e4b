"""Kafka: one node that is broker and controller (KRaft)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from deploy.local import jars, probe
from deploy.local.parts import java
from deploy.local.parts.part import Part, Say
from deploy.local.process import Launch, complete
from deploy.local.stack import LOOPBACK, Stack

CLUSTER_ID = "c2hvcGJyaWRnZS1sb2NhbA"  # any 16 bytes in base64; this one reads "shopbridge-local"
MAX_MESSAGE = 8 * 1024 * 1024  # bytes; a row with a long text is more than the usual megabyte


def settings(stack: Stack) -> dict[str, object]:
    """server.properties. Nothing creates topics by itself here: a misspelt topic must be an error, not a new topic."""
    broker, controller = stack.port("kafka"), stack.port("controller")
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{broker},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{broker}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": stack.data / "kafka",
        "auto.create.topics.enable": "false",
        "num.partitions": 1,
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 5,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 5,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "min.insync.replicas": 1,
        "message.max.bytes": MAX_MESSAGE,
        "replica.fetch.max.bytes": MAX_MESSAGE,
        # One machine, few clients: a group need not wait for stragglers, and a dead member is noticed soon.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 3000,
        # After a crash the broker is let in again only when its earlier self has timed out.
        "broker.session.timeout.ms": 4000,
        "broker.heartbeat.interval.ms": 1000,
        "log.segment.bytes": 64 * 1024 * 1024,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }


def part(stack: Stack) -> Part:
    return Part(
        name="kafka",
        ports=(stack.port("kafka"), stack.port("controller")),
        programs=("java",),
        prepare=partial(prepare, stack),
        probe=partial(probe.kafka, stack.port("kafka")),
    )


def prepare(stack: Stack, say: Say) -> Launch:
    library = jars.fetch(jars.KAFKA, say)
    configuration = stack.run / "kafka.properties"
    configuration.write_text(java.properties(settings(stack)))
    if not (stack.data / "kafka" / "meta.properties").exists():
        format_storage(library, configuration)
    return Launch(java.class_path(library, "kafka.Kafka", str(configuration)))


def format_storage(library: Path, configuration: Path) -> None:
    arguments = ("format", "--cluster-id", CLUSTER_ID, "--config", str(configuration), "--ignore-formatted")
    complete(java.class_path(library, "kafka.tools.StorageTool", *arguments, heap="128m"))
