"""E-mail addresses as HubSpot keeps them on contacts: checked, trimmed, lower-case, the key of the record."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connector.sandbox import seeds
from connector.sandbox.values import Refused

PRIMARY = "email"
ADDITIONAL = "hs_additional_emails"

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def normalized(text: str) -> str:
    """Give the form under which an address is stored and found."""
    return text.strip().lower()


def check(text: str, *, check_top_level_domain: bool) -> str:
    """Give the address in its stored form; raises `Refused` for bad syntax or a top-level domain nobody runs."""
    address = normalized(text)
    local, at, domain = address.rpartition("@")
    labels = _ascii(domain).split(".")
    sound = bool(at) and len(local) <= 64 and len(address) <= 254 and _LOCAL.fullmatch(local) is not None
    sound = sound and len(labels) >= 2 and all(_LABEL.fullmatch(label) for label in labels)
    if sound and check_top_level_domain:
        sound = labels[-1] in seeds.top_level_domains()
    if not sound:
        raise Refused("INVALID_EMAIL", f"Email address {text} is invalid")
    return address


def _ascii(domain: str) -> str:
    """Give an internationalised domain in its ASCII form, and anything else that has none as it is."""
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


def of_contact(properties: Mapping[str, str]) -> list[str]:
    """List every address that a contact owns, the primary one first."""
    return [address for address in [properties.get(PRIMARY, ""), *listed(properties.get(ADDITIONAL, ""))] if address]


def listed(text: str) -> list[str]:
    """Give the addresses of a list as HubSpot writes it, with semicolons between them."""
    return [part.strip() for part in text.split(";") if part.strip()]


def others(properties: Mapping[str, str]) -> str:
    """Give the additional addresses as a contact keeps them: each once, and never the primary one.

    An address that becomes the primary one leaves the list; the former primary one does not enter it, it is given up
    (not documented; assumed).
    """
    addresses = dict.fromkeys(listed(properties.get(ADDITIONAL, "")))
    return ";".join(address for address in addresses if address != properties.get(PRIMARY))
