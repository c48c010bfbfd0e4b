"""How librdkafka is told of brokers and credentials: the same for producer, readers and admin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException

from connector.errors import ConfigurationError
from connector.kafka.limits import QUIET
from connector.security import KafkaAccess

T = TypeVar("T")

Broker = KafkaAccess | str
"""Brokers with the way in, or bootstrap servers alone, which take everybody."""


def bootstrap_of(broker: Broker) -> str:
    return broker if isinstance(broker, str) else broker.bootstrap


def client(broker: Broker) -> dict[str, Any]:
    """What every client of librdkafka is told."""
    basis: dict[str, Any] = {"bootstrap.servers": bootstrap_of(broker), "log_level": QUIET}
    if isinstance(broker, str):
        return basis
    found = {
        "security.protocol": broker.protocol,
        "sasl.mechanism": broker.mechanism,
        "sasl.username": broker.username,
        "sasl.password": broker.password,
        "ssl.ca.location": _text(broker.tls.ca),
        "ssl.certificate.location": _text(broker.tls.certificate),
        "ssl.key.location": _text(broker.tls.key),
        "ssl.key.password": broker.tls.key_password,
    }
    return basis | {name: value for name, value in found.items() if value is not None}


class Refusals:
    """Remembers why brokers turn us away; librdkafka itself goes on trying, and says only that time is up."""

    def __init__(self) -> None:
        self.last: str | None = None

    def __call__(self, error: KafkaError) -> None:
        if error.name() in {"_AUTHENTICATION", "_SSL"}:
            self.last = error.str()


def opened(kind: Callable[..., T], settings: Mapping[str, Any], **more: Any) -> T:
    """A client made; raises ConfigurationError where librdkafka cannot use the settings, in its words."""
    try:
        return kind(dict(settings), **more)
    except KafkaException as error:
        raise ConfigurationError(
            f"Kafka's client cannot be set up: {error.args[0].str()}\n"
            f"See SHOPBRIDGE_KAFKA_CA, _CERTIFICATE, _KEY and _KEY_PASSWORD."
        ) from None


def _text(path: object) -> str | None:
    return None if path is None else str(path)
