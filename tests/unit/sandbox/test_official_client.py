"""HubSpot's own Python client, which this project did not write, drives the sandbox over its v3 and v4 paths."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm import contacts, objects, pipelines, properties
from hubspot.crm.associations import v4


@pytest.fixture
def hubspot(served: Any) -> HubSpot:
    return HubSpot(access_token="pat", host=f"http://127.0.0.1:{served.port}")


def contact(**values: str) -> Any:
    return objects.SimplePublicObjectInputForCreate(properties=values, associations=[])


def test_single_records(hubspot: HubSpot) -> None:
    """Create, read by id and by e-mail, change, list, archive."""
    api = hubspot.crm.contacts.basic_api
    ada = api.create(contact(email="Ada@example.com", firstname="Ada"))

    assert "ada@example.com" == ada.properties["email"]
    assert "Ada" == api.get_by_id(ada.id, properties=["firstname", "phone"]).properties["firstname"]
    assert ada.id == api.get_by_id("ada@example.com", id_property="email").id
    assert "1" == api.update(ada.id, objects.SimplePublicObjectInput(properties={"phone": "1"})).properties["phone"]
    assert [ada.id] == [row.id for row in api.get_page(limit=10).results]
    api.archive(ada.id)
    assert [] == api.get_page(limit=10).results
    assert [True] == [row.archived for row in api.get_page(archived=True).results]


def test_refusals_carry_the_body(hubspot: HubSpot) -> None:
    """The client's exception holds status and body as it reads them from HubSpot."""
    api = hubspot.crm.contacts.basic_api
    ada = api.create(contact(email="ada@example.com"))

    with pytest.raises(objects.ApiException) as caught:
        hubspot.crm.objects.basic_api.create("contacts", contact(email="ada@example.com"))

    assert 409 == caught.value.status
    assert f"Existing ID: {ada.id}" in caught.value.body


def test_batches(hubspot: HubSpot) -> None:
    """Upsert, read by a unique property, update, archive in batches."""
    api = hubspot.crm.objects.batch_api
    inputs = [
        objects.SimplePublicObjectBatchInputUpsert(
            id=f"c{n}@example.com", id_property="email", properties={"firstname": f"C{n}"}, object_write_trace_id=str(n)
        )
        for n in range(3)
    ]
    first = api.upsert("contacts", objects.BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs))
    assert ("COMPLETE", [True] * 3) == (first.status, [row.new for row in first.results])

    ids = [objects.SimplePublicObjectId(id=f"c{n}@example.com") for n in range(3)]
    wanted = objects.BatchReadInputSimplePublicObjectId(
        inputs=ids, id_property="email", properties=["firstname"], properties_with_history=[]
    )
    read = api.read("contacts", wanted)
    assert ["C0", "C1", "C2"] == sorted(row.properties["firstname"] for row in read.results)

    changes = [objects.SimplePublicObjectBatchInput(id=row.id, properties={"phone": "1"}) for row in read.results]
    changed = api.update("contacts", objects.BatchInputSimplePublicObjectBatchInput(inputs=changes))
    assert ["1"] * 3 == [row.properties["phone"] for row in changed.results]

    gone = [objects.SimplePublicObjectId(id=row.id) for row in read.results]
    api.archive("contacts", objects.BatchInputSimplePublicObjectId(inputs=gone))
    assert [] == hubspot.crm.objects.basic_api.get_page("contacts").results


def test_partial_success(hubspot: HubSpot) -> None:
    """A 207 is read as results and errors, each error with its trace id."""
    inputs = [
        objects.SimplePublicObjectBatchInputForCreate(
            properties=values, associations=[], object_write_trace_id=values["dealname"]
        )
        for values in ({"dealname": "good"}, {"dealname": "bad", "missing": "x"})
    ]
    answer = hubspot.crm.objects.batch_api.create(
        "deals", objects.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
    )

    assert (["good"], 1) == ([row.properties["dealname"] for row in answer.results], answer.num_errors)
    assert ["bad"] == answer.errors[0].context["objectWriteTraceId"]


def test_associations(hubspot: HubSpot) -> None:
    """Default and labelled associations, read and removed, by the v4 client."""
    deal = hubspot.crm.objects.basic_api.create("deals", contact(dealname="D")).id
    ada = hubspot.crm.contacts.basic_api.create(contact(firstname="A")).id
    pair = v4.PublicDefaultAssociationMultiPost(_from=v4.PublicObjectId(id=deal), to=v4.PublicObjectId(id=ada))
    made = hubspot.crm.associations.v4.batch_api.create_default(
        "deals", "contacts", v4.BatchInputPublicDefaultAssociationMultiPost(inputs=[pair])
    )
    assert [3, 4] == sorted(row.association_spec.association_type_id for row in made.results)

    question = v4.BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[v4.PublicFetchAssociationsBatchRequest(id=deal)]
    )
    read = hubspot.crm.associations.v4.batch_api.get_page("deals", "contacts", question)
    assert [str(ada)] == [str(end.to_object_id) for end in read.results[0].to]
    single = hubspot.crm.associations.v4.basic_api.get_page("deals", deal, "contacts")
    assert [3] == [kind.type_id for kind in single.results[0].association_types]

    ends = v4.PublicAssociationMultiArchive(_from=v4.PublicObjectId(id=deal), to=[v4.PublicObjectId(id=ada)])
    hubspot.crm.associations.v4.batch_api.archive(
        "deals", "contacts", v4.BatchInputPublicAssociationMultiArchive(inputs=[ends])
    )
    assert [] == hubspot.crm.associations.v4.basic_api.get_page("deals", deal, "contacts").results


def test_merge(hubspot: HubSpot) -> None:
    """A merge gives a contact with a new id, to which both old ids and both addresses lead."""
    api = hubspot.crm.contacts.basic_api
    ada, bob = (api.create(contact(email=f"{name}@example.com")) for name in ("ada", "bob"))
    merge = contacts.PublicMergeInput(primary_object_id=ada.id, object_id_to_merge=bob.id)
    winner = api.merge(merge)

    assert {ada.id, bob.id}.isdisjoint({winner.id})
    assert [winner.id] * 2 == [api.get_by_id(each.id).id for each in (ada, bob)]
    addresses = [contacts.SimplePublicObjectId(id=f"{name}@example.com") for name in ("Ada", "BOB", "eve")]
    wanted = contacts.BatchReadInputSimplePublicObjectId(
        inputs=addresses, id_property="email", properties=["hs_additional_emails"], properties_with_history=[]
    )
    read = hubspot.crm.contacts.batch_api.read(wanted)
    assert [(winner.id, "bob@example.com")] * 2 == [
        (row.id, row.properties["hs_additional_emails"]) for row in read.results
    ]
    assert [["eve@example.com"]] == [error.context["ids"] for error in read.errors]
    change = contacts.SimplePublicObjectBatchInput(id=bob.id, properties={"firstname": "Bob"})
    update = contacts.BatchInputSimplePublicObjectBatchInput(inputs=[change])
    assert [] == hubspot.crm.contacts.batch_api.update(update).results


def test_erasure(hubspot: HubSpot) -> None:
    """An erased contact is gone, and its address is refused from then on."""
    api = hubspot.crm.contacts.basic_api
    ada = api.create(contact(email="ada@example.com"))
    api.purge(contacts.PublicGdprDeleteInput(object_id="Ada@example.com", id_property="email"))

    with pytest.raises(contacts.ApiException) as gone:
        api.get_by_id(ada.id)
    with pytest.raises(contacts.ApiException) as blocked:
        api.create(contact(email="ada@example.com"))
    assert (404, 400) == (gone.value.status, blocked.value.status)
    assert [] == api.get_page(archived=True).results


def test_properties(hubspot: HubSpot) -> None:
    """Groups and properties are created, read, changed, archived."""
    group = properties.PropertyGroupCreate(name="shop", label="Shop")
    hubspot.crm.properties.groups_api.create("deals", group)
    rev = properties.PropertyCreate(name="rev", label="Rev", type="number", field_type="number", group_name="shop")
    api = hubspot.crm.properties.core_api
    assert "rev" == api.create("deals", rev).name

    again = hubspot.crm.properties.batch_api.create("deals", properties.BatchInputPropertyCreate(inputs=[rev]))
    assert "Properties.PROPERTY_WITH_NAME_EXISTS" == again.errors[0].sub_category
    assert "Revision" == api.update("deals", "rev", properties.PropertyUpdate(label="Revision")).label
    assert {"rev", "dealname"} <= {row.name for row in api.get_all("deals").results}
    api.archive("deals", "rev")
    with pytest.raises(properties.ApiException) as caught:
        api.get_by_name("deals", "rev")
    assert 404 == caught.value.status


def test_pipelines(hubspot: HubSpot) -> None:
    """Pipelines are listed and created; ids are HubSpot's in v3."""
    api = hubspot.crm.pipelines.pipelines_api
    assert ["default"] == [row.id for row in api.get_all("deals").results]

    stage = pipelines.PipelineStageInput(label="Paid", display_order=0, metadata={"probability": "1.0"})
    made = api.create("deals", pipelines.PipelineInput(label="Shop", display_order=1, stages=[stage]))
    assert ("Paid", "true") == (made.stages[0].label, made.stages[0].metadata["isClosed"])
    assert made.id == api.get_by_id("deals", made.id).id


def test_search(hubspot: HubSpot, served: Any) -> None:
    """Search finds what it sees, with filter, sort and page."""
    served.client.put("/sandbox/switches", json={"search_lag_s": 0}).raise_for_status()
    for n in range(3):
        hubspot.crm.objects.basic_api.create("products", contact(name=f"P{n}", price=str(n)))
    wanted = objects.Filter(property_name="price", operator="GTE", value="1")
    request = objects.PublicObjectSearchRequest(
        filter_groups=[objects.FilterGroup(filters=[wanted])], sorts=["-price"], properties=["name"], limit=1
    )
    found = hubspot.crm.objects.search_api.do_search("products", request)

    assert (2, ["P2"], "1") == (found.total, [row.properties["name"] for row in found.results], found.paging.next.after)
