"""Kafka Connect with Debezium for PostgreSQL, MariaDB and MySQL, the Avro converter, and our transformation."""

from __future__ import annotations

from functools import partial

from deploy.local import jars, probe
from deploy.local.errors import StackError
from deploy.local.parts import java
from deploy.local.parts.kafka import MAX_MESSAGE
from deploy.local.parts.part import Part, Say
from deploy.local.process import Launch
from deploy.local.stack import LOOPBACK, Stack

PLUGIN_SETS = (jars.DEBEZIUM, jars.DEBEZIUM_MARIADB, jars.DEBEZIUM_MYSQL, jars.CONVERTER, jars.TRANSFORM)
PLUGINS = (
    "io.debezium.connector.postgresql.PostgresConnector",
    "io.debezium.connector.mariadb.MariaDbConnector",
    "io.debezium.connector.mysql.MySqlConnector",
    "io.apicurio.registry.utils.converter.AvroConverter",
    "shopbridge.connect.StripDefaults",
)


def settings(stack: Stack, plugins: tuple[str, ...]) -> dict[str, object]:
    """connect.properties. Connectors bring their own converters; those of the worker are JSON and serve nobody."""
    converter = "org.apache.kafka.connect.json.JsonConverter"
    topics: dict[str, object] = {}
    for kind in ("config", "offset", "status"):
        topics[f"{kind}.storage.topic"] = f"_connect-{kind}"
        topics[f"{kind}.storage.replication.factor"] = 1
    return {
        "bootstrap.servers": f"{LOOPBACK}:{stack.port('kafka')}",
        "group.id": "_connect",
        "listeners": f"http://{LOOPBACK}:{stack.port('connect')}",
        "rest.advertised.host.name": LOOPBACK,
        "rest.advertised.port": stack.port("connect"),
        "plugin.path": ",".join(plugins),
        # Plugins are found by their service manifests. Reading every class instead takes most of the start; the one
        # plugin without a manifest is given one when it is fetched.
        "plugin.discovery": "service_load",
        "key.converter": converter,
        "value.converter": converter,
        **topics,
        "offset.storage.partitions": 5,
        "status.storage.partitions": 1,
        # The window of changes that come twice after a crash.
        "offset.flush.interval.ms": 1000,
        # There is one worker: after a crash nobody else could take its tasks, so waiting for that only costs minutes.
        "scheduled.rebalance.max.delay.ms": 0,
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 2000,
        "producer.max.request.size": MAX_MESSAGE,
        # Passwords of connectors stay out of what GET shows: ${file:<home>/secrets/shop.properties:password}.
        "config.providers": "file",
        "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
        "config.providers.file.param.allowed.paths": stack.secrets,
    }


def part(stack: Stack) -> Part:
    port = stack.port("connect")
    return Part(
        name="connect",
        ports=(port,),
        needs=("kafka",),
        programs=("java",),
        prepare=partial(prepare, stack),
        probe=partial(check, port),
        settle=partial(require_plugins, port),
    )


def prepare(stack: Stack, say: Say) -> Launch:
    plugins = tuple(str(jars.fetch(each, say)) for each in PLUGIN_SETS)
    configuration = stack.run / "connect.properties"
    configuration.write_text(java.properties(settings(stack, plugins)))
    main = "org.apache.kafka.connect.cli.ConnectDistributed"
    return Launch(java.class_path(jars.fetch(jars.KAFKA, say), main, str(configuration)))


def check(port: int) -> None:
    """Healthy by its own account, and a list of connectors: it has read its topics and joined its group."""
    probe.http(f"http://{LOOPBACK}:{port}/health")
    probe.http(f"http://{LOOPBACK}:{port}/connectors")


def require_plugins(port: int) -> None:
    """Raises StackError when Connect runs but did not find a plugin: connectors would fail later, and less clearly."""
    told = probe.http(f"http://{LOOPBACK}:{port}/connector-plugins?connectorsOnly=false")
    found = {plugin["class"] for plugin in told}
    if missing := [name for name in PLUGINS if name not in found]:
        raise StackError(f"connect does not know {', '.join(missing)}; see plugin.path in run/connect.properties")
