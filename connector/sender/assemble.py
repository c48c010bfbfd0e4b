"""The sender put together from settings: the client for HubSpot, and the courier around a desk."""

from __future__ import annotations

from collections.abc import Callable

from connector.http import Http
from connector.sender.contact_key import ContactKey
from connector.sender.courier import Courier, log_alert, log_note
from connector.sender.crm import Crm
from connector.sender.exchange import Fence
from connector.sender.pace import Pace
from connector.sender.paths import Paths
from connector.sender.port import SenderPort
from connector.sender.refusals import Constants
from connector.sender.state import Alert, Note
from connector.settings import Settings


def hubspot_client(settings: Settings) -> Http:
    """A client that speaks to the account of the settings' token."""
    headers = {"Authorization": f"Bearer {settings.hubspot_token.get_secret_value()}"}
    return Http(settings.hubspot_url, headers=headers, timeout_s=settings.hubspot_timeout_s)


def assemble(
    desk: SenderPort,
    http: Http,
    fence: Fence,
    settings: Settings,
    constants: Constants,
    *,
    contacts: bool = True,
    alert: Callable[[Alert], None] = log_alert,
    note: Callable[[Note], None] = log_note,
) -> Courier:
    """The courier for one HubSpot account. `constants`: the values that the shop files state themselves.

    `contacts`: the shop files make contacts, so that what they are written by has to be known.
    """
    key = ContactKey() if contacts else None
    crm = Crm(Paths(settings.hubspot_api_version), constants=constants, contact_key=key)
    pace = Pace.of(settings.hubspot_requests_per_10_s, settings.hubspot_associations_per_10_s)
    return Courier(desk, http, fence, crm, pace, alert=alert, note=note)
