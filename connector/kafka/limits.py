"""How large a record may be, in bytes: one number for the topics, the producer and the readers.

A change may fill what the broker takes from Connect (8 MiB in the stack of this repository). A dead letter carries it
whole and says why it was refused, so the product's own topics and clients take 1 MiB more.
"""

from __future__ import annotations

from typing import Final

LARGEST_CHANGE: Final = 8 * 1024 * 1024
LARGEST_RECORD: Final = LARGEST_CHANGE + 1024 * 1024
