"""Kafka for whoever waits at a terminal: a broker that is away is known at once, and said in one line."""

from __future__ import annotations

import socket
from typing import Final

from connector.errors import ConfigurationError, RetriableError
from connector.kafka import Admin
from connector.settings import Settings

CONNECT_S: Final = 2.0
ANSWER_S: Final = 10.0


def admin_of(settings: Settings) -> Admin:
    """The admin client, once a bootstrap server took a connection.

    Raises RetriableError when none does, ConfigurationError for an address that is none. Kafka's own library would go
    on trying, and write a line about each try.
    """
    refusals = []
    for server in settings.kafka_bootstrap.split(","):
        host, port = _address(server.strip())
        try:
            socket.create_connection((host, port), timeout=CONNECT_S).close()
        except OSError as error:
            refusals.append(f"{server.strip()}: {error.strerror or error}")
        else:
            return Admin(settings.kafka, timeout_s=ANSWER_S)
    raise RetriableError(
        f"Kafka does not answer ({'; '.join(refusals)})\nIs it running, and SHOPBRIDGE_KAFKA_BOOTSTRAP its address?"
    )


def _address(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    if not host or not port.isdigit():
        raise ConfigurationError(f"SHOPBRIDGE_KAFKA_BOOTSTRAP names {server!r}; write it like host:9092")
    return host.strip("[]"), int(port)
