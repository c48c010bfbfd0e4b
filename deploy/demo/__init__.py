"""The two demo shops: schemas, data, live traffic, and the proof that HubSpot holds what it should."""

from __future__ import annotations


def legacy_url(url: str) -> bool:
    """Whether an address is that of the legacy shop: MariaDB."""
    return url.startswith(("mariadb://", "mysql://"))
