"""How large a record may be, in bytes, and how much librdkafka may say: one number each for all clients.

A change may fill what the broker takes from Connect (8 MiB in the stack of this repository). A dead letter carries it
whole and says why it was refused, so the product's own topics and clients take 1 MiB more.
"""

from __future__ import annotations

from typing import Final

LARGEST_CHANGE: Final = 8 * 1024 * 1024
LARGEST_RECORD: Final = LARGEST_CHANGE + 1024 * 1024

QUIET: Final = 2
"""librdkafka's log level "critical": what it says of a broker that is away comes to us as an exception anyway."""
