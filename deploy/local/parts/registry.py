"""The schema registry (Apicurio). It keeps its state in Kafka: schemas live and die with the topics that need them."""

from __future__ import annotations

from functools import partial

from deploy.local import jars, probe
from deploy.local.errors import NotReadyError
from deploy.local.parts import java
from deploy.local.parts.part import Part, Say
from deploy.local.process import Launch
from deploy.local.stack import LOOPBACK, Stack
from deploy.local.versions import versions


def settings(stack: Stack) -> dict[str, str]:
    """The registry's settings, given as Java system properties."""
    return {
        "quarkus.http.host": LOOPBACK,
        "quarkus.http.port": str(stack.port("registry")),
        "quarkus.http.access-log.enabled": "false",
        "quarkus.log.console.format": "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5p %c{1}: %s%e%n",
        "apicurio.storage.kind": "kafkasql",
        "apicurio.kafkasql.bootstrap.servers": f"{LOOPBACK}:{stack.port('kafka')}",
        # The journal is the only copy of the schemas; with the broker's usual retention they would be gone in a week.
        "apicurio.kafkasql.topic.retention.ms": "-1",
        # It waits this long for a snapshot at every start; without one it reads the whole journal, which is short.
        "apicurio.kafkasql.consumer.poll.timeout": "1000",
    }


def part(stack: Stack) -> Part:
    return Part(
        name="registry",
        ports=(stack.port("registry"),),
        needs=("kafka",),
        programs=("java",),
        prepare=partial(prepare, stack),
        probe=partial(check, stack.port("registry")),
    )


def prepare(stack: Stack, say: Say) -> Launch:
    runner = f"apicurio-registry-app-{versions()['maven']['apicurio-registry']}-runner.jar"
    program = jars.fetch(jars.REGISTRY, say) / runner
    defines = [f"-D{name}={value}" for name, value in settings(stack).items()]
    snapshots = stack.data / "registry"  # it writes them into its working folder
    snapshots.mkdir(exist_ok=True)
    return Launch(java.command("384m", *defines, "-jar", str(program)), folder=snapshots)


def check(port: int) -> None:
    """Ready by its own account, and the Confluent API lists subjects."""
    base = f"http://{LOOPBACK}:{port}"
    probe.http(f"{base}/health/ready")
    if not isinstance(subjects := probe.http(f"{base}/apis/ccompat/v7/subjects"), list):
        raise NotReadyError(f"{base}/apis/ccompat/v7/subjects is not a list: {subjects!r}")
