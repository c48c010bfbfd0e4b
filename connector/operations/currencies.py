"""Currencies that the shop files state, beside those that are enabled in the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from connector.message import ObjectType
from connector.operations.portal import Finding, Wanted, WantedProperty
from connector.sender.exchange import Transport

HOLDING_CURRENCIES: Final = frozenset({"deal_currency_code", "hs_line_item_currency_code"})
"""HubSpot's properties whose values must be currencies enabled in the account."""


async def currency_findings(http: Transport, wanted: Wanted) -> list[Finding]:
    """One for each currency that a shop file states; none where the account does not tell. Raises Unanswered."""
    stated = list(_stated(wanted))
    enabled = await _enabled(http, wanted) if stated else frozenset()
    return [_finding(*each, enabled) for each in stated] if enabled else []


def _stated(wanted: Wanted) -> Iterator[tuple[ObjectType, WantedProperty, str]]:
    for object_type, properties in wanted.properties.items():
        for each in properties:
            if each.name in HOLDING_CURRENCIES:
                yield from ((object_type, each, currency) for currency in each.options)


async def _enabled(http: Transport, wanted: Wanted) -> frozenset[str]:
    """The company's own currency and the additional ones (HubSpot docs, account information)."""
    answer = await http.request("GET", wanted.paths.account)
    body = answer.body if answer.status == 200 and isinstance(answer.body, dict) else {}
    more = body.get("additionalCurrencies")
    listed = [body.get("companyCurrency"), *(more if isinstance(more, list) else [])]
    return frozenset(str(currency) for currency in listed if currency)


def _finding(object_type: ObjectType, wanted: WantedProperty, currency: str, enabled: frozenset[str]) -> Finding:
    what = f"{object_type}: currency {currency} of {wanted.name}"
    if currency in enabled:
        return Finding(ok=True, what=what)
    remedy = (
        f"enable {currency} in HubSpot under Settings, Account Defaults, Currency "
        f"(enabled: {', '.join(sorted(enabled))}), or correct {wanted.place}"
    )
    return Finding(ok=False, what=f"{what} is not enabled in the account", remedy=remedy)
