"""Makes HubSpot's stand-in an account in use: contacts of the shops' people that others made, without a key of ours.

    python -m deploy.demo.portal --hubspot http://… --shop postgresql://… [--shop mariadb://…]
        [--share 0.3] [--switch contacts_custom_key=false]

Some of them were merged into others, some archived, and one was erased for privacy: its row is refused for ever. With
`--switch` the account answers one of the questions otherwise that HubSpot's documentation leaves open.
Exit codes: 0 done, 2 wrong arguments or somebody does not answer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import psycopg
import pymysql

from deploy.demo import dirt, legacy_url, reading
from deploy.demo.found import Shop
from deploy.demo.legacy import database

MERGED, ARCHIVED = 0.07, 0.07
"""Parts of the contacts that are there already."""

STAY_TAKEN = {"archived_key": "conflict"}
"""With such an account the address of an archived contact can be nobody else's: none is archived beforehand."""

NEEDS_EMAIL = {"contacts_custom_key": False}
"""With such an account a contact without e-mail is refused."""


def seeds(shops: Iterable[Shop], share: float, rng: Random, archived: float = ARCHIVED) -> list[dict[str, Any]]:
    """A part of the people as contacts, each under its address in some spelling, and the one who was erased.

    Nobody who exchanges addresses, and none that a live change gave: a record must not come to want the address of a
    contact which nobody has adopted yet.
    """
    refused = {(error.store, error.external_id) for shop in shops for error in shop.errors}
    known = {
        person.email
        for shop in shops
        for person in shop.people
        if person.email and (person.store, person.external_id) not in refused and _had_always(person.email)
    }
    chosen = [email for email in sorted(known - {dirt.FORGOTTEN}) if dirt.maybe(rng, share)]
    states = rng.choices(("living", "merged", "archived"), (1 - MERGED - archived, MERGED, archived), k=len(chosen))
    contacts = [_contact(rng, email, state) for email, state in zip(chosen, states, strict=True)]
    return [*contacts, {"email": dirt.FORGOTTEN, "state": "erased"}]


def _had_always(email: str) -> bool:
    return not dirt.is_swapped(email) and not dirt.came_later(email)


def _contact(rng: Random, email: str, state: str) -> dict[str, Any]:
    properties = {"firstname": "Of", "lastname": "Before", "jobtitle": "by hand"}
    return {"email": dirt.respelled(rng, email).strip(), "state": state, "properties": properties}


def tell(url: str, *, need_email: bool) -> None:
    """Let a shop's views know what the account refuses."""
    forgotten = "INSERT INTO demo.forgotten SELECT %s WHERE NOT EXISTS (SELECT 1 FROM demo.forgotten)"
    if legacy_url(url):
        with database.connect(url) as legacy:
            database.execute(legacy, "UPDATE demo.account SET needs_email = %s", need_email)
        return
    with psycopg.connect(url) as modern:
        modern.execute(forgotten, (dirt.FORGOTTEN,))
        modern.execute("UPDATE demo.account SET needs_email = %s", (need_email,))


def ask(hubspot: str, method: str, path: str, body: Any) -> Any:
    """One call of the stand-in's control plane. Raises URLError, HTTPError among them."""
    request = Request(f"{hubspot}{path}", json.dumps(body).encode(), method=method)  # noqa: S310 - http, on this machine
    with urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
        return json.load(answer)


def switched(texts: Sequence[str]) -> dict[str, Any]:
    """`name=value` pairs as the stand-in takes them: true, false, or a word."""
    pairs = (text.partition("=") for text in texts)
    return {name: {"true": True, "false": False}.get(value, value) for name, _, value in pairs}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="portal", description="Makes the stand-in an account in use.")
    parser.add_argument("--hubspot", required=True)
    parser.add_argument("--shop", action="append", required=True)
    parser.add_argument("--share", type=float, default=0.3, help="of the shops' people that are contacts already")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args(arguments)
    switches = switched(options.switch)
    try:
        if switches:
            ask(options.hubspot, "PUT", "/sandbox/switches", switches)
        archived = 0.0 if STAY_TAKEN.items() <= switches.items() else ARCHIVED
        shops = [reading.read_shop(url) for url in options.shop]
        contacts = seeds(shops, options.share, Random(7), archived)  # noqa: S311 - choices, no secret
        for start in range(0, len(contacts), 1000):
            ask(options.hubspot, "POST", "/sandbox/seed", {"contacts": contacts[start : start + 1000]})
        for url in options.shop:
            tell(url, need_email=NEEDS_EMAIL.items() <= switches.items())
    except (psycopg.Error, pymysql.Error, URLError) as error:
        detail = error.read().decode(errors="replace")[:500] if hasattr(error, "read") else ""
        sys.stderr.write(f"portal: {error} {detail}\n")
        return 2
    states = [contact["state"] for contact in contacts]
    counts = ", ".join(f"{states.count(state):,} {state}" for state in dict.fromkeys(states))
    print(f"contacts of others: {counts}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
