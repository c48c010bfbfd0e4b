"""E-mail addresses as HubSpot keeps them on contacts: checked, trimmed, lower-case, the key of the record."""

from __future__ import annotations

import re

from connector.sandbox import seeds
from connector.sandbox.values import Refused

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


def of_contact(email: str | None, additional: str | None) -> list[str]:
    """List every address that a contact owns."""
    return [address for address in [email or "", *(additional or "").split(";")] if address]
