"""Printed kafka-acls commands, read back into what they grant."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import product

from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

KINDS = {"--topic": ResourceType.TOPIC, "--group": ResourceType.GROUP}


def bindings(command: str) -> Iterator[AclBinding]:
    """What a kafka-acls command grants."""
    words = shlex.split(command)
    given = [(words[place], words[place + 1]) for place in range(len(words) - 1) if words[place].startswith("--")]
    [principal] = [text for name, text in given if name == "--allow-principal"]
    for kind, operation in product((k for k in given if k[0] in KINDS), (t for n, t in given if n == "--operation")):
        form = ResourcePatternType.PREFIXED if kind[1] == "_connect" else ResourcePatternType.LITERAL
        action = AclOperation[re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()]
        yield AclBinding(KINDS[kind[0]], kind[1], form, principal, "*", action, AclPermissionType.ALLOW)
