"""The sender put together from settings: the client for HubSpot, and the courier around a desk."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from connector.http import Http
from connector.sender.contact_key import REMOVE, ContactKey, says
from connector.sender.courier import Courier, log_alert, log_note
from connector.sender.crm import Crm
from connector.sender.exchange import Fence
from connector.sender.pace import Pace
from connector.sender.paths import Paths
from connector.sender.port import SenderPort
from connector.sender.refusals import Constants
from connector.sender.state import Alert, Note, Observer, unobserved
from connector.settings import Settings

log = structlog.get_logger()


def hubspot_client(settings: Settings) -> Http:
    """A client that speaks to the account of the settings' token."""
    headers = {"Authorization": f"Bearer {settings.hubspot_token.get_secret_value()}"}
    return Http(settings.hubspot_url, headers=headers, timeout_s=settings.hubspot_timeout_s)


def log_contact_key(key: ContactKey) -> None:
    """Tell the log what contacts are written by, and of the trial's contact where it is still there."""
    log.info("sender.contact_key", by=key.by, what=says(key.by or ""))
    if key.left is not None:
        log.warning("sender.contact_key.left", hubspot_id=key.left, remedy=REMOVE)


def assemble(
    desk: SenderPort,
    http: Http,
    fence: Fence,
    settings: Settings,
    constants: Constants,
    *,
    alert: Callable[[Alert], None] = log_alert,
    note: Callable[[Note], None] = log_note,
    observe: Observer = unobserved,
) -> Courier:
    """The courier for one HubSpot account. `constants`: the values that the shop files state themselves."""
    key = ContactKey(tell=log_contact_key)
    crm = Crm(Paths(settings.hubspot_api_version), constants=constants, contact_key=key)
    pace = Pace.of(settings.hubspot_requests_per_10_s, settings.hubspot_associations_per_10_s)
    return Courier(desk, http, fence, crm, pace, alert=alert, note=note, observe=observe)
