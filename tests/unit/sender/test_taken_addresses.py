"""Addresses that another contact holds, on the sandbox: the refusal names the owner in every form it may have."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from connector.message import ObjectType, Value
from connector.outcome import Outcome, Refused, Update, Upsert, Written
from tests.unit.sender.in_process import sandbox
from tests.unit.sender.test_on_sandbox import id_of, provisioned

FORMS: list[dict[str, Any]] = [
    {"email_taken_by_update": form, "update_invalid": whole, "trace_id_in_errors": traced}
    for form, whole, traced in product(["existing", "coordinates"], ["batch", "item"], [True, False])
]


@pytest.mark.parametrize("switches", FORMS, ids=lambda switches: "-".join(str(value) for value in switches.values()))
async def test_two_contacts_swap_addresses(tmp_path: Path, switches: dict[str, Any]) -> None:
    """Both halves of a swap are refused naming the other contact, a third is written; once one is cleared, both are."""
    async with sandbox(tmp_path, **switches) as hubspot:
        crm = await provisioned(hubspot)
        steps = [Upsert(n, ObjectType.CONTACT, f"key-{n}", {"email": f"c{n}@example.com"}) for n in (1, 2, 3)]
        ids = {n: id_of(each) for n, each in (await hubspot.carry_out(crm.dispatch(steps))).items()}

        async def update(**emails: Value) -> dict[int, Outcome]:
            updates = [
                Update(int(name[1:]), ObjectType.CONTACT, ids[int(name[1:])], {"email": email})
                for name, email in emails.items()
            ]
            return await hubspot.carry_out(crm.dispatch(updates))

        swapped = await update(c1="C2@example.com", c2="c1@example.com", c3="new@example.com")
        assert {1: ids[2], 2: ids[1], 3: None} == {n: owner(each) for n, each in swapped.items()}
        assert isinstance(swapped[3], Written)
        for step in ({"c1": None}, {"c2": "c1@example.com"}, {"c1": "c2@example.com"}):
            assert {True} == {isinstance(each, Written) for each in (await update(**step)).values()}


@pytest.mark.parametrize("whole", ["batch", "item"])
async def test_an_additional_address_is_taken_too(tmp_path: Path, whole: str) -> None:
    """An upsert with another's additional address is a conflict of the e-mail, and names the owner."""
    async with sandbox(tmp_path, upsert_conflict=whole) as hubspot:
        crm = await provisioned(hubspot)
        contacts = [{"email": "ada@old.example.com", "state": "merged", "into": "ada@example.com"}]
        seeded = await hubspot.request("POST", "/sandbox/seed", json={"contacts": contacts})
        steps = [
            Upsert(1, ObjectType.CONTACT, "key-1", {"email": "Ada@Old.example.com"}),
            Upsert(2, ObjectType.CONTACT, "key-2", {"email": "bob@example.com"}),
        ]
        outcomes = await hubspot.carry_out(crm.dispatch(steps))
        assert isinstance(outcomes[2], Written)
        assert seeded.body["contacts"][0]["id"] == owner(outcomes[1])


def owner(outcome: Outcome) -> str | None:
    """Who holds the address, of a conflict; None for anything else."""
    if not isinstance(outcome, Refused):
        return None
    assert ("CONFLICT", "email") == (outcome.refusal.type, outcome.refusal.property_name)
    return outcome.refusal.existing_id
