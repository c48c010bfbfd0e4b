"""The account itself: its time zone, and what is used of the day's calls."""

from __future__ import annotations

from connector.sandbox.answers import Answer
from connector.sandbox.call import Call
from connector.sandbox.clock import iso
from connector.sandbox.limits import Limiter
from connector.sandbox.portal import Portal


def details(portal: Portal, _: Call) -> Answer:
    zone = Limiter.zone(portal.settings.time_zone)
    offset = portal.clock.now().astimezone(zone).utcoffset()
    seconds = int(offset.total_seconds()) if offset is not None else 0
    sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
    currencies = portal.switches.currencies
    return Answer(
        200,
        {
            "portalId": portal.settings.portal_id,
            "accountType": "STANDARD",
            "timeZone": portal.settings.time_zone,
            "companyCurrency": currencies[0] if currencies else "USD",
            "additionalCurrencies": list(currencies[1:]),
            "utcOffset": f"{sign}{minutes // 60:02d}:{minutes % 60:02d}",
            "utcOffsetMilliseconds": seconds * 1000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        },
    )


def daily_usage(portal: Portal, _: Call) -> Answer:
    now, limiter = portal.clock.now(), portal.limiter
    row = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": limiter.plan.daily,
        "currentUsage": limiter.used_today(now),
        "collectedAt": iso(now),
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(limiter.next_midnight(now)),
    }
    return Answer(200, {"results": [row]})
