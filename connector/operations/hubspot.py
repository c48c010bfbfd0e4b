"""HubSpot for whoever waits at a terminal: what the shop files need, looked at by `check`, made by `setup`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from connector.errors import ConfigurationError
from connector.http import Http
from connector.mapping import Shop
from connector.message import ObjectType
from connector.operations import provision
from connector.operations.contact_key import try_contact_key
from connector.operations.portal import Finding, wanted_by
from connector.settings import Settings

SCOPES: Final = (
    "crm.objects.{contacts,deals,products,line_items}.{read,write}, "
    "crm.schemas.{contacts,deals}.{read,write}, e-commerce"
)
"""What the credential must be allowed (HubSpot docs); e-commerce is for properties of products and line items."""


@asynccontextmanager
async def hubspot_of(settings: Settings) -> AsyncIterator[Http]:
    """HubSpot with our credential; raises ConfigurationError where none is set."""
    token = settings.hubspot_token.get_secret_value()
    if not token:
        raise ConfigurationError(
            f"There is no credential for HubSpot.\n"
            f"Set SHOPBRIDGE_HUBSPOT_TOKEN to a service key with the scopes {SCOPES}"
        )
    headers = {"Authorization": f"Bearer {token}"}
    http = Http(settings.hubspot_url, headers=headers, timeout_s=settings.hubspot_timeout_s)
    try:
        yield http
    finally:
        await http.aclose()


async def set_up(shops: Sequence[Shop], settings: Settings) -> tuple[list[str], list[Finding]]:
    """Make what is missing; what was done or is now known of contacts, and what is still not as it must be."""
    wanted = wanted_by(shops, settings.hubspot_api_version)
    async with hubspot_of(settings) as http:
        done = await provision.provision(http, wanted)
        findings = await provision.inspect(http, wanted)
        if ObjectType.CONTACT in wanted.properties:
            tried = await try_contact_key(http, wanted)
            done += [finding.what for finding in tried if finding.ok]
            findings += tried
    return done, [finding for finding in findings if not finding.ok]


async def look(shops: Sequence[Shop], settings: Settings) -> list[Finding]:
    """Everything that can be looked at without changing anything."""
    async with hubspot_of(settings) as http:
        return await provision.inspect(http, wanted_by(shops, settings.hubspot_api_version))
