"""Provisioning against the sandbox: made once, left alone afterwards, and every obstacle told with its remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigurationError
from connector.http import HttpAnswer
from connector.message import ObjectType
from connector.operations.contact_key import try_contact_key
from connector.operations.portal import PIPELINE, STAGES
from connector.operations.provision import Wanted, WantedProperty, inspect, provision
from connector.sender.paths import Paths
from tests.unit.sender.in_process import Sandbox, sandbox

WANTED = Wanted(
    Paths("2026-09"),
    "shopbridge_key",
    {
        ObjectType.CONTACT: (WantedProperty("email"), WantedProperty("shop_born", "date")),
        ObjectType.DEAL: (
            WantedProperty("dealstage", None, ("checkout_pending", "shipped"), "shop.yaml:9:5"),
            WantedProperty("pipeline", None, (PIPELINE,), "shop.yaml:8:5"),
            WantedProperty("shop_gross", "number"),
        ),
        ObjectType.PRODUCT: (WantedProperty("shop_kind", "enumeration", ("a", "b")), WantedProperty("flag", "bool")),
        ObjectType.LINE_ITEM: (),
    },
)


def of(object_type: ObjectType, *properties: WantedProperty, version: str = "2026-09") -> Wanted:
    return Wanted(Paths(version), "shopbridge_key", {object_type: properties})


async def wrong(hubspot: Sandbox, wanted: Wanted) -> dict[str, str]:
    return {finding.what: finding.remedy for finding in await inspect(hubspot, wanted) if not finding.ok}


async def test_everything_is_made_once(tmp_path: Path) -> None:
    """A fresh account lacks it, `provision` makes it, a second time does nothing, and all is as it must be."""
    async with sandbox(tmp_path) as hubspot:
        assert len(await wrong(hubspot, WANTED)) == 12
        done = await provision(hubspot, WANTED)
        assert "CONTACT: created property shopbridge_key" in done
        assert "DEAL: created pipeline Ecommerce Pipeline" in done
        assert await provision(hubspot, WANTED) == []
        assert await wrong(hubspot, WANTED) == {}


async def test_the_key_is_unique_and_the_stages_are_the_bridges(tmp_path: Path) -> None:
    """The key property has unique values; stages have the stated ids and probabilities."""
    async with sandbox(tmp_path) as hubspot:
        await provision(hubspot, WANTED)
        key = await hubspot.request("GET", "/crm/properties/2026-09/deals/shopbridge_key")
        assert (key.body["hasUniqueValue"], key.body["groupName"]) == (True, "shopbridge")
        pipeline = await hubspot.request("GET", f"/crm/pipelines/2026-09/deals/{PIPELINE}")
        made = [(stage["id"], stage["label"], stage["metadata"]["probability"]) for stage in pipeline.body["stages"]]
        assert made == list(STAGES)


async def test_a_stage_that_was_deleted_comes_back(tmp_path: Path) -> None:
    """An existing pipeline gets only the stages that it lacks."""
    async with sandbox(tmp_path) as hubspot:
        await provision(hubspot, WANTED)
        removed = await hubspot.request("DELETE", f"/crm/pipelines/2026-09/deals/{PIPELINE}/stages/shipped")
        assert removed.status == 204
        assert list(await wrong(hubspot, WANTED)) == ["DEAL: dealstage shipped is missing"]
        assert await provision(hubspot, WANTED) == ["DEAL: added stage shipped"]


async def test_a_property_without_a_stated_type_is_not_made(tmp_path: Path) -> None:
    """Its place in the shop file and both ways out are named."""
    async with sandbox(tmp_path) as hubspot:
        wanted = of(ObjectType.PRODUCT, WantedProperty("nowhere", None, (), "shop.yaml:7:3"))
        await provision(hubspot, wanted)
        told = await wrong(hubspot, wanted)
        assert list(told) == ["PRODUCT: property nowhere is missing"]
        assert "shop.yaml:7:3: state its type" in told["PRODUCT: property nowhere is missing"]


@pytest.mark.parametrize(
    ("object_type", "wanted", "what"),
    [
        (
            ObjectType.CONTACT,
            WantedProperty("email", "number"),
            "CONTACT: property email is of type string, not number",
        ),
        (ObjectType.LINE_ITEM, WantedProperty("amount"), "LINE_ITEM: property amount cannot be set"),
        (
            ObjectType.CONTACT,
            WantedProperty("lifecyclestage", None, ("customer", "friend")),
            "CONTACT: property lifecyclestage has no option friend",
        ),
    ],
)
async def test_what_cannot_be_mended_is_told(
    tmp_path: Path, object_type: ObjectType, wanted: WantedProperty, what: str
) -> None:
    """Another type, a computed property, an option that the shop file states and HubSpot lacks."""
    async with sandbox(tmp_path) as hubspot:
        await provision(hubspot, of(object_type))
        assert list(await wrong(hubspot, of(object_type, wanted))) == [what]


async def test_a_key_without_unique_values_is_told(tmp_path: Path) -> None:
    """Uniqueness is chosen at creation, so the property must go first."""
    async with sandbox(tmp_path) as hubspot:
        name = {"name": "shopbridge_key", "label": "k", "type": "string", "fieldType": "text"}
        await hubspot.request("POST", "/crm/properties/2026-09/deals", json={**name, "groupName": "dealinformation"})
        told = await wrong(hubspot, of(ObjectType.DEAL))
        assert "delete the property" in told["DEAL: unique property shopbridge_key exists without unique values"]


@pytest.mark.parametrize("version", ["2026-09", "2026-03", "v3"])
async def test_the_contact_key_is_tried_and_removed(tmp_path: Path, version: str) -> None:
    """Contacts take our key, and no probe is left behind."""
    async with sandbox(tmp_path) as hubspot:
        wanted = of(ObjectType.CONTACT, version=version)
        await provision(hubspot, wanted)
        (finding,) = await try_contact_key(hubspot, wanted)
        assert (True, "CONTACT: contacts are written by shopbridge_key") == (finding.ok, finding.what)
        left = await hubspot.request("GET", "/crm/objects/2026-09/contacts", params={"properties": "lastname"})
        assert [] == [each for each in left.body["results"] if each["properties"]["lastname"] == "setup probe"]


async def test_an_account_that_refuses_the_contact_key(tmp_path: Path) -> None:
    """The e-mail address is the key then, which is told; it is no fault."""
    async with sandbox(tmp_path, contacts_custom_key=False) as hubspot:
        await provision(hubspot, of(ObjectType.CONTACT))
        (finding,) = await try_contact_key(hubspot, of(ObjectType.CONTACT))
        assert finding.ok
        assert "by their e-mail address" in finding.what


async def test_a_contact_key_that_cannot_be_tried_is_told(tmp_path: Path) -> None:
    """Without the property HubSpot's words are told and what to do."""
    async with sandbox(tmp_path) as hubspot:
        (finding,) = await try_contact_key(hubspot, of(ObjectType.CONTACT))
        assert not finding.ok
        assert "property shopbridge_key" in finding.what


class Refusing:
    """A HubSpot that answers the same to everything."""

    def __init__(self, status: int, body: Any) -> None:
        self.answer = HttpAnswer(status, {}, body, "")

    async def request(self, *_: Any, **__: Any) -> HttpAnswer:
        return self.answer


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "Check SHOPBRIDGE_HUBSPOT_TOKEN"), (403, "Add the missing scope")]
)
async def test_a_refused_credential_is_one_finding(status: int, remedy: str) -> None:
    """Neither looking nor making goes on without rights, and HubSpot's words are told."""
    refusing = Refusing(status, {"message": "no rights"})
    (finding,) = await inspect(refusing, WANTED)
    assert f"HTTP {status}: no rights" in finding.what
    with pytest.raises(ConfigurationError, match=remedy):
        await provision(refusing, WANTED)


async def test_a_race_for_a_property_is_no_failure(tmp_path: Path) -> None:
    """What somebody else made in between counts as made."""

    class Racing:
        def __init__(self, hubspot: Sandbox) -> None:
            self.hubspot = hubspot

        async def request(self, method: str, path: str, **more: Any) -> HttpAnswer:
            if method == "POST" and path.endswith("batch/create"):
                await self.hubspot.request(method, path, **more)
            return await self.hubspot.request(method, path, **more)

    async with sandbox(tmp_path) as hubspot:
        await provision(Racing(hubspot), WANTED)
        assert await wrong(hubspot, WANTED) == {}
