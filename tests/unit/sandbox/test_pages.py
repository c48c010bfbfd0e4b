"""The pages for people."""

from __future__ import annotations

from typing import Any

V = "2026-09"


async def test_a_record_shows_properties_links_and_writes(sandbox: Any) -> None:
    """A record's page has its values, links to what it is associated with, and what was written."""
    client = sandbox()
    deal = (await client.post(f"/crm/objects/{V}/deals", json={"properties": {"dealname": "Order 7"}})).json()["id"]
    ada = (await client.post(f"/crm/objects/{V}/contacts", json={"properties": {"firstname": "Ada"}})).json()["id"]
    await client.put(f"/crm/objects/{V}/deals/{deal}/associations/default/contacts/{ada}")

    page = (await client.get(f"/ui/deal/{deal}")).text
    assert all(part in page for part in ("Order 7", f"/ui/contact/{ada}", "associate", "pipeline"))


async def test_lists_page_and_search(sandbox: Any) -> None:
    """A list shows the newest first, 50 a page, and finds by any property."""
    client = sandbox()
    rows = [{"properties": {"name": f"Mug {n:03}"}} for n in range(60)]
    await client.post(f"/crm/objects/{V}/products/batch/create", json={"inputs": rows})

    first, second = [(await client.get(f"/ui/products?page={n}")).text for n in (1, 2)]
    assert "Mug 059" in first
    assert "Mug 009" not in first
    assert "Mug 009" in second
    found = (await client.get("/ui/products", params={"q": "mUg 03"})).text
    assert "Mug 035" in found
    assert "Mug 045" not in found


async def test_values_cannot_break_the_page(sandbox: Any) -> None:
    """Markup in a value is shown, not obeyed."""
    client = sandbox()
    nasty = "<script>alert(1)</script>"
    mug = (await client.post(f"/crm/objects/{V}/products", json={"properties": {"name": nasty}})).json()["id"]

    for page in ("/", f"/ui/product/{mug}", "/ui/product?q=%3Cscript%3Ealert(1)"):
        assert nasty not in (await client.get(page)).text


async def test_what_is_not_there_is_said(sandbox: Any) -> None:
    """An unknown type or record has a page that says so."""
    client = sandbox()

    for page in ("/ui/butterflies", "/ui/contact/1"):
        answer = await client.get(page)
        assert 404 == answer.status_code
        assert "There is no" in answer.text


async def test_the_overview_tells_faults_and_requests(sandbox: Any) -> None:
    """The first page shows the faults in force and what was asked."""
    client = sandbox()
    await client.put("/sandbox/faults", json=[{"effect": "503", "match": {"object_type": "orders"}}])
    await client.get(f"/crm/objects/{V}/contacts")

    page = (await client.get("/")).text
    assert "object type order" in page
    assert "list" in page
