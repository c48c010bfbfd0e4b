"""Provisioning an account that is in use: what is ours is brought up to date, what is not is told, never touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigurationError
from connector.http import HttpAnswer
from connector.mapping import load_shop
from connector.message import ObjectType
from connector.operations.portal import PIPELINE, PIPELINE_LABEL, STAGES, wanted_by
from connector.operations.provision import Wanted, WantedProperty, inspect, provision
from connector.sender.exchange import Transport
from connector.sender.paths import Paths
from tests.unit.sender.in_process import Sandbox, sandbox

PATHS = Paths("2026-09")
PROPERTIES = "/crm/properties/2026-09"
PIPELINES = "/crm/pipelines/2026-09/deals"


def of(object_type: ObjectType, *properties: WantedProperty, pipeline: bool = False) -> Wanted:
    return Wanted(PATHS, "shopbridge_key", {object_type: properties}, pipeline)


async def wrong(hubspot: Transport, wanted: Wanted) -> dict[str, str]:
    return {finding.what: finding.remedy for finding in await inspect(hubspot, wanted) if not finding.ok}


async def test_our_enumeration_gets_the_options_that_it_lacks(tmp_path: Path) -> None:
    """A value that came into the shop file later is added behind the others, which stay as they are, and once."""
    async with sandbox(tmp_path) as hubspot:
        await provision(hubspot, of(ObjectType.PRODUCT, WantedProperty("kind", "enumeration", ("a", "b"))))
        path = f"{PROPERTIES}/products/kind"
        options = (await hubspot.request("GET", path)).body["options"]
        renamed = [{**options[0], "label": "The first"}, *options[1:]]
        assert 200 == (await hubspot.request("PATCH", path, json={"options": renamed})).status
        later = of(ObjectType.PRODUCT, WantedProperty("kind", "enumeration", ("c", "b", "d")))
        assert {"PRODUCT: property kind has no option c, d": "run `shopbridge setup`"} == await wrong(hubspot, later)
        done = await provision(hubspot, later)
        assert ["PRODUCT: added option c to kind", "PRODUCT: added option d to kind"] == done
        held = (await hubspot.request("GET", path)).body["options"]
        assert [("The first", "a"), ("b", "b"), ("c", "c"), ("d", "d")] == [
            (each["label"], each["value"]) for each in held
        ]
        assert {} == await wrong(hubspot, later)
        assert [] == await provision(hubspot, later)


@pytest.mark.parametrize("group", ["contactinformation", None])
async def test_the_enumerations_of_others_stay(tmp_path: Path, group: str | None) -> None:
    """HubSpot's own and one that a person made lack an option: it is told, with the place, and nothing is written."""
    async with sandbox(tmp_path) as hubspot:
        name = "lifecyclestage" if group is None else "theirs"
        if group is not None:
            option = {"label": "A", "value": "a", "displayOrder": 0, "hidden": False}
            made = {"name": name, "label": "T", "type": "enumeration", "fieldType": "select", "groupName": group}
            await hubspot.request("POST", f"{PROPERTIES}/contacts", json={**made, "options": [option]})
        before = (await hubspot.request("GET", f"{PROPERTIES}/contacts/{name}")).body
        wanted = of(ObjectType.CONTACT, WantedProperty(name, None, ("z",), "shop.yaml:3:3"))
        await provision(hubspot, wanted)
        remedy = "add the options in HubSpot, or correct shop.yaml:3:3"
        assert {f"CONTACT: property {name} has no option z": remedy} == await wrong(hubspot, wanted)
        assert before == (await hubspot.request("GET", f"{PROPERTIES}/contacts/{name}")).body


@pytest.mark.parametrize(
    ("object_type", "name", "told"),
    [
        (ObjectType.CONTACT, "email", []),
        (ObjectType.PRODUCT, "hs_sku", []),
        (
            ObjectType.CONTACT,
            "phone",
            ["CONTACT: property phone finds no records: its values are not unique"],
        ),
    ],
)
async def test_records_are_matched_by_unique_properties_only(
    tmp_path: Path, object_type: ObjectType, name: str, told: list[str]
) -> None:
    """`match_by` with a property whose values several records may hold is told; the e-mail address is unique."""
    async with sandbox(tmp_path) as hubspot:
        wanted = of(object_type, WantedProperty(name, None, (), "shop.yaml:5:3", match=True))
        await provision(hubspot, wanted)
        assert told == list(await wrong(hubspot, wanted))


async def test_a_property_to_match_by_is_made_unique(tmp_path: Path) -> None:
    """Uniqueness can be chosen at creation only, so `setup` chooses it."""
    async with sandbox(tmp_path) as hubspot:
        wanted = of(ObjectType.CONTACT, WantedProperty("customer_number", "string", match=True))
        await provision(hubspot, wanted)
        assert {} == await wrong(hubspot, wanted)
        made = await hubspot.request("GET", f"{PROPERTIES}/contacts/customer_number")
        assert made.body["hasUniqueValue"] is True


async def test_currencies_are_compared_with_the_account(tmp_path: Path) -> None:
    """A currency that the shop file states and the account has not enabled is told with the way to enable it."""
    async with sandbox(tmp_path, currencies=("USD", "EUR")) as hubspot:
        stated = WantedProperty("deal_currency_code", None, ("EUR", "SEK"), "shop.yaml:8:5")
        wanted = of(ObjectType.DEAL, stated)
        await provision(hubspot, wanted)
        ((what, remedy),) = (await wrong(hubspot, wanted)).items()
        assert "DEAL: currency SEK of deal_currency_code is not enabled in the account" == what
        assert "enable SEK in HubSpot" in remedy
        assert "EUR, USD" in remedy
        assert "shop.yaml:8:5" in remedy


async def test_an_account_that_does_not_tell_its_currencies(tmp_path: Path) -> None:
    """Without a right to the account's facts nothing is said of currencies."""
    async with sandbox(tmp_path) as hubspot:
        wanted = of(ObjectType.DEAL, WantedProperty("deal_currency_code", None, ("SEK",)))
        await provision(hubspot, wanted)
        assert {} == await wrong(Answering(hubspot, "/account-info", HttpAnswer(403, {}, None, "")), wanted)


async def test_what_the_shop_file_matches_by_is_wanted_unique(tmp_path: Path) -> None:
    """`match_by` of a section marks its property, and no other."""
    file = tmp_path / "shop.yaml"
    file.write_text(
        "store: {id: s}\ndatabase: {kind: postgres, url: 'postgresql://u:p@h/d', schema: public}\n"
        "customers: {from: people, id: '{id}', match_by: email, newest_by: id, "
        "properties: {email: email, firstname: name}}\n"
    )
    wanted = wanted_by([load_shop(file, {})], "2026-09")
    assert {"email": True, "firstname": False} == {
        each.name: each.match for each in wanted.properties[ObjectType.CONTACT]
    }


@pytest.mark.parametrize("collision", ["conflict", "invalid", "new_id"])
@pytest.mark.parametrize("label", [PIPELINE_LABEL, "Renamed"])
async def test_a_pipeline_that_somebody_makes_meanwhile(tmp_path: Path, collision: str, label: str) -> None:
    """Whatever the account answers to an id that is taken: one pipeline with our id and all stages, no second one."""
    async with sandbox(tmp_path, pipeline_id_collision=collision) as hubspot:
        stage = {"stageId": STAGES[0][0], "label": STAGES[0][1], "metadata": {"probability": STAGES[0][2]}}
        body = {"pipelineId": PIPELINE, "label": label, "displayOrder": 1, "stages": [{**stage, "displayOrder": 0}]}

        class Racing(Answering):
            async def request(self, method: str, path: str, **more: Any) -> HttpAnswer:
                if method == "POST" and path == PIPELINES:
                    await self.hubspot.request("POST", PIPELINES, json=body)
                return await self.hubspot.request(method, path, **more)

        wanted = of(ObjectType.DEAL, pipeline=True)
        await provision(Racing(hubspot), wanted)
        assert {} == await wrong(hubspot, wanted)
        listed = (await hubspot.request("GET", PIPELINES)).body["results"]
        assert [PIPELINE] == [each["id"] for each in listed if each["id"] != "default"]


async def test_a_pipeline_id_that_cannot_be_had(tmp_path: Path) -> None:
    """An account that gives every new pipeline an id of its own keeps none of them, and the reason is told."""
    async with sandbox(tmp_path) as hubspot:

        class Renaming(Answering):
            async def request(self, method: str, path: str, *, json: Any = None, **more: Any) -> HttpAnswer:
                if method == "POST" and path == PIPELINES:
                    json = {name: value for name, value in json.items() if name != "pipelineId"}
                return await self.hubspot.request(method, path, json=json, **more)

        with pytest.raises(ConfigurationError, match=f"under its id {PIPELINE}"):
            await provision(Renaming(hubspot), of(ObjectType.DEAL, pipeline=True))
        listed = (await hubspot.request("GET", PIPELINES)).body["results"]
        assert ["default"] == [each["id"] for each in listed]


class Answering:
    """The sandbox, but for paths with one beginning, which get an answer of their own."""

    def __init__(self, hubspot: Sandbox, start: str = "/nowhere", answer: HttpAnswer | None = None) -> None:
        self.hubspot = hubspot
        self.start = start
        self.answer = answer

    async def request(self, method: str, path: str, **more: Any) -> HttpAnswer:
        if self.answer is not None and path.startswith(self.start):
            return self.answer
        return await self.hubspot.request(method, path, **more)
