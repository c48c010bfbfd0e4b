"""What the broker lets us do, as it says itself; nothing is tried. No right to look at ACLs is needed for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from connector.errors import RetriableError
from connector.kafka.access import Broker, client, opened

TIMEOUT_S: Final = 10.0
_NO_AUTHORIZER: Final = "SECURITY_DISABLED"
_NOT_THERE: Final = frozenset({"UNKNOWN_TOPIC_OR_PART", "GROUP_ID_NOT_FOUND"})

Operations = frozenset[str] | None
"""Names as Kafka's tools spell them without blanks, in capitals (READ, DESCRIBE_CONFIGS); None: it is not there."""


class Rights:
    """Asks the broker. Every method raises RetriableError when it does not answer in time."""

    def __init__(self, broker: Broker) -> None:
        self._client = opened(AdminClient, {**client(broker), "client.id": "shopbridge-rights"})

    def has_authorizer(self) -> bool:
        """Whether the broker asks anybody for rights at all."""
        every = AclBindingFilter(
            ResourceType.ANY,
            None,
            ResourcePatternType.ANY,
            None,
            None,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        try:
            self._client.describe_acls(every, request_timeout=TIMEOUT_S).result()
        except KafkaException as error:
            if _is_refusal(error):
                return True
            if error.args[0].name() == _NO_AUTHORIZER:
                return False
            raise _away(error) from error
        return True

    def of_topics(self, names: Iterable[str]) -> dict[str, Operations]:
        """What we may do with each topic."""
        wanted = TopicCollection(sorted(set(names)))
        return _told(
            lambda: self._client.describe_topics(wanted, include_authorized_operations=True, request_timeout=TIMEOUT_S)
        )

    def of_groups(self, names: Iterable[str]) -> dict[str, Operations]:
        """What we may do with each consumer group, whether it has members or not."""
        wanted = sorted(set(names))
        return _told(
            lambda: self._client.describe_consumer_groups(
                wanted, include_authorized_operations=True, request_timeout=TIMEOUT_S
            )
        )


def _told(ask: Callable[[], dict[str, Future[Any]]]) -> dict[str, Operations]:
    found: dict[str, Operations] = {}
    for name, future in ask().items():
        try:
            found[name] = frozenset(operation.name for operation in future.result().authorized_operations or ())
        except KafkaException as error:
            if error.args[0].name() in _NOT_THERE:
                found[name] = None
            elif _is_refusal(error):
                found[name] = frozenset()
            else:
                raise _away(error) from error
    return found


def _is_refusal(error: KafkaException) -> bool:
    return str(error.args[0].name()).endswith("AUTHORIZATION_FAILED")


def _away(error: KafkaException) -> RetriableError:
    return RetriableError(f"Kafka does not say what we may do: {error.args[0].str()}")
