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
    """The registry's environment variables."""
    return {
        "QUARKUS_HTTP_HOST": LOOPBACK,
        "QUARKUS_HTTP_PORT": str(stack.port("registry")),
        "APICURIO_STORAGE_KIND": "kafkasql",
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{stack.port('kafka')}",
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
    folder = jars.fetch(jars.REGISTRY, say)
    runner = folder / f"apicurio-registry-app-{versions()['maven']['apicurio-registry']}-runner.jar"
    return Launch(java.command("384m", "-jar", str(runner)), settings(stack))


def check(port: int) -> None:
    """Ready by its own account, and the Confluent API lists subjects."""
    base = f"http://{LOOPBACK}:{port}"
    probe.http(f"{base}/health/ready")
    if not isinstance(subjects := probe.http(f"{base}/apis/ccompat/v7/subjects"), list):
        raise NotReadyError(f"{base}/apis/ccompat/v7/subjects is not a list: {subjects!r}")
