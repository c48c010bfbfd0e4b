"""docker-compose.yml offers what the local stack offers: a valid file, the pinned versions, the same settings."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from deploy.local.parts import NAMES, connect, kafka, mariadb, postgres, registry
from deploy.local.stack import Stack, environment

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "tests" / "cases" / "compose" / "compose-spec.json"
VERSIONS = tomllib.loads((ROOT / "deploy" / "versions.toml").read_text())
STACK = Stack(Path("/home"), 19000)
PROPERTY = re.compile(r"^([a-z.-]+)=(.*)$", re.MULTILINE)

# Where the containers find each other, keep their data, and how their listeners are named.
KAFKA_ADDRESSES = {
    "controller.quorum.voters",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "log.dirs",
}
CONNECT_ADDRESSES = {
    "bootstrap.servers",
    "listeners",
    "rest.advertised.host.name",
    "rest.advertised.port",
    "plugin.path",
    "config.providers.file.param.allowed.paths",
}
REGISTRY_ADDRESSES = {"quarkus.http.host", "quarkus.http.port", "apicurio.kafkasql.bootstrap.servers"}
MARIADB_ADDRESSES = {"bind_address", "port", "socket", "pid_file"}
POSTGRES_ADDRESSES = {"listen_addresses", "port", "unix_socket_directories", "log_line_prefix"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text()))


def dockerfile(image: str) -> str:
    return (ROOT / "deploy" / "images" / image / "Dockerfile").read_text()


def as_text(settings: dict[str, Any], without: set[str]) -> dict[str, str]:
    return {key: str(value) for key, value in settings.items() if key not in without}


def environment_of(compose: dict[str, Any], service: str, names: set[str]) -> dict[str, str]:
    """The settings among `names` of a service whose image reads them as environment variables."""
    given = compose["services"][service]["environment"]
    return {name: str(given[variable]) for name in names if (variable := variable_of(service, name)) in given}


def variable_of(service: str, setting: str) -> str:
    plain = re.sub(r"[.-]", "_", setting).upper()
    return f"KAFKA_{plain}" if service == "kafka" else plain


def test_the_file_follows_the_specification(compose: dict[str, Any], validator: Draft202012Validator) -> None:
    """Docker Compose will read it."""
    assert [] == [f"{error.json_path}: {error.message}" for error in validator.iter_errors(compose)]


def test_the_schema_bites(compose: dict[str, Any], validator: Draft202012Validator) -> None:
    """A misspelt key is found, so that the test above means something."""
    spoilt = {**compose, "services": {"kafka": {"imge": "x"}}}
    assert ["$.services.kafka"] == [error.json_path for error in validator.iter_errors(spoilt)]


def test_every_part_is_there(compose: dict[str, Any]) -> None:
    """The local stack's parts, the worker, and what prepares them; each server with a health check."""
    services = compose["services"]
    assert {*NAMES, "prepare", "worker"} == set(services)
    assert set(services) - {"prepare"} == {name for name, service in services.items() if "healthcheck" in service}


def test_what_is_waited_for_is_there(compose: dict[str, Any]) -> None:
    """No part waits for one that does not exist, or for the health of one that has no check."""
    services = compose["services"]
    for service in services.values():
        for name, need in service.get("depends_on", {}).items():
            healthy = need["condition"] == "service_healthy"
            assert not healthy or "healthcheck" in services[name]


def test_images_have_the_pinned_versions(compose: dict[str, Any]) -> None:
    """One file pins every version."""
    images = {name: service["image"] for name, service in compose["services"].items()}
    maven = VERSIONS["maven"]
    expected = {
        "postgres": f"postgres:{VERSIONS['debian']['postgresql']}",
        "mariadb": f"mariadb:{VERSIONS['debian']['mariadb']}",
        "kafka": f"apache/kafka:{maven['kafka']}",
        "registry": f"apicurio/apicurio-registry:{maven['apicurio-registry']}",
        "connect": "shopbridge-connect",
        "sandbox": "shopbridge",
        "prepare": "shopbridge",
        "worker": "shopbridge",
    }
    assert expected == images


@pytest.mark.parametrize(
    ("image", "service", "arguments"),
    [
        (
            "connect",
            "connect",
            {
                "KAFKA": VERSIONS["maven"]["kafka"],
                "DEPENDENCY_PLUGIN": VERSIONS["maven"]["dependency-plugin"],
                "DEBEZIUM": VERSIONS["maven"]["debezium"],
                "DEBEZIUM_MARIADB": VERSIONS["maven"]["debezium-mariadb"],
                "DEBEZIUM_MYSQL": VERSIONS["maven"]["debezium-mysql"],
                "APICURIO_CONVERTER": VERSIONS["maven"]["apicurio-converter"],
            },
        ),
        ("connector", "worker", {"UV": VERSIONS["images"]["uv"]}),
    ],
)
def test_built_images_have_the_pinned_versions(
    compose: dict[str, Any], image: str, service: str, arguments: dict[str, str]
) -> None:
    """Both what compose hands over and what the Dockerfile takes when built by hand."""
    assert arguments == compose["services"][service]["build"]["args"]
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)$", dockerfile(image), re.MULTILINE))
    assert arguments == {name: value for name, value in defaults.items() if name != "PLUGIN"}


def test_images_are_built_on_the_pinned_ones() -> None:
    """The bases are in the versions file too."""
    bases = re.findall(r"^FROM (\S+)", dockerfile("connect") + dockerfile("connector"), re.MULTILINE)
    images = VERSIONS["images"]
    assert [f"maven:{images['maven']}", "apache/kafka:${KAFKA}", f"python:{images['python']}"] == bases


def test_files_named_are_there(compose: dict[str, Any]) -> None:
    """Dockerfiles, mounted files and what the Dockerfiles copy from the repository."""
    named = {service["build"]["dockerfile"] for service in compose["services"].values() if "build" in service}
    mounts = [mount for service in compose["services"].values() for mount in service.get("volumes", ())]
    named |= {mount.split(":")[0] for mount in mounts if mount.startswith("./")}
    for image in ("connect", "connector"):
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile(image), re.MULTILINE):
            named |= set(line.split()[:-1])
    assert [] == [name for name in sorted(named) if not (ROOT / name).exists()]


def test_kafka_has_the_same_settings(compose: dict[str, Any]) -> None:
    """Broker settings are one decision, made in deploy/local."""
    expected = as_text(kafka.settings(STACK), KAFKA_ADDRESSES)
    assert expected == environment_of(compose, "kafka", set(expected))


def test_the_registry_has_the_same_settings(compose: dict[str, Any]) -> None:
    """The journal that is kept for ever above all."""
    expected = as_text(dict(registry.settings(STACK)), {*REGISTRY_ADDRESSES, "quarkus.log.console.format"})
    assert expected == environment_of(compose, "registry", set(expected))


def test_connect_has_the_same_settings() -> None:
    """The properties in the image are those of the local stack."""
    expected = as_text(connect.settings(STACK, ()), CONNECT_ADDRESSES)
    in_image = dict(PROPERTY.findall((ROOT / "deploy" / "images" / "connect" / "connect.properties").read_text()))
    assert expected == {key: value for key, value in in_image.items() if key not in CONNECT_ADDRESSES}


def test_postgres_has_the_same_settings(compose: dict[str, Any]) -> None:
    """Logical decoding and the limit to what a slot may keep."""
    program, *switches = compose["services"]["postgres"]["command"]
    expected = {f"-c{name}={value}" for name, value in as_text(postgres.settings(STACK), POSTGRES_ADDRESSES).items()}
    assert (program, expected) == ("postgres", set(switches))


def test_mariadb_has_the_same_settings(compose: dict[str, Any]) -> None:
    """The row binlog above all."""
    settings = as_text(mariadb.settings(STACK), MARIADB_ADDRESSES)
    expected = {f"--{name.replace('_', '-')}={value}" for name, value in settings.items()}
    assert expected == set(compose["services"]["mariadb"]["command"])


def test_the_worker_has_every_address(compose: dict[str, Any]) -> None:
    """Whatever the local stack tells a program, the containers are told too."""
    given = compose["services"]["worker"]["environment"]
    expected = set(environment(STACK)) - {"SHOPBRIDGE_SANDBOX_DATABASE"}
    assert expected == set(given) - {"SHOPBRIDGE_SHOP"}


def test_nothing_is_open_to_the_network(compose: dict[str, Any]) -> None:
    """None of the servers asks who one is."""
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert published
    assert [] == [port for port in published if not port.startswith("127.0.0.1:")]
