"""What capture needs, decided from the shop file and the catalogue's facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.capture.errors import CaptureError
from connector.capture.plan import TableFacts, parse_address, plan_capture
from connector.mapping import Shop, load_shop

SHOP = """
store: {{id: {store}, label: Test}}
database: {{kind: {kind}, url: "{url}", schema: public}}
customers:
  from: people
  id: "{{id}}"
  properties: {{email: email}}
orders:
  from: orders
  id: "{{number}}"
  newest_by: id
  properties: {{dealname: number}}
{more}
"""


def shop(
    folder: Path,
    store: str = "main",
    url: str = "postgresql://shop:secret@db.example/shop",
    more: str = "",
    kind: str = "postgres",
) -> Shop:
    path = folder / "shop.yaml"
    path.write_text(SHOP.format(store=store, url=url, more=more, kind=kind))
    return load_shop(path, {})


def test_names_come_from_the_prefix(tmp_path: Path) -> None:
    """Slot, publication, connector, role and our tables bear the prefix, so two shops in one database do not meet."""
    plan = plan_capture(shop(tmp_path, store="Acme-Shop"))
    ours = {plan.connector, plan.slot, plan.publication, plan.address.user}

    assert {"shopbridge_acme_shop"} == ours
    assert ("heartbeat_acme_shop", "signal_acme_shop") == (plan.heartbeat_table, plan.signal_table)
    assert ("acme_shop.public.people", "acme_shop.public.orders") == plan.topics
    assert plan.heartbeat_topic == "acme_shop.shopbridge.heartbeat_acme_shop"


def test_names_may_be_chosen(tmp_path: Path) -> None:
    """For databases where names are given out by others."""
    more = "capture: {connector: c, slot: s, publication: p}"
    plan = plan_capture(shop(tmp_path, more=more))

    assert ("c", "s", "p") == (plan.connector, plan.slot, plan.publication)


def test_our_role_has_a_password_of_its_own(tmp_path: Path) -> None:
    """The shop's own password never goes to Connect; a new plan makes a new one."""
    first, second = plan_capture(shop(tmp_path)), plan_capture(shop(tmp_path))

    assert first.owns_role
    assert len(first.address.password) >= 24
    assert first.address.password != second.address.password
    assert "secret" not in repr(first)
    assert first.address.password not in repr(first)


def test_a_role_made_by_others_is_used(tmp_path: Path) -> None:
    """`capture: url` names database, role and password as Connect sees them."""
    more = 'capture: {url: "postgresql://deb%40:p%2Fw@pg:6432/shop?sslmode=require"}'
    plan = plan_capture(shop(tmp_path, more=more))

    assert not plan.owns_role
    assert ("pg", 6432, "shop", "deb@", "p/w", "require") == (
        plan.address.host,
        plan.address.port,
        plan.address.database,
        plan.address.user,
        plan.address.password,
        plan.address.sslmode,
    )
    assert plan.signaller == "shop"


def test_ids_outside_the_key_need_whole_rows(tmp_path: Path) -> None:
    """The order's id is its number and the key is another column: old rows must carry it."""
    facts = {
        "people": TableFacts(("id", "email"), ("id",), full_rows=False),
        "orders": TableFacts(("id", "number"), ("id",), full_rows=False),
    }

    assert plan_capture(shop(tmp_path), facts).full_rows == ("orders",)


def test_generated_columns_are_left_out(tmp_path: Path) -> None:
    """Incremental snapshots of a table fail on them."""
    facts = {"people": TableFacts(("id", "email", "x"), ("id",), full_rows=False, generated=("x",))}

    assert plan_capture(shop(tmp_path), facts).left_out == (("people", "x"),)


def test_a_mapped_generated_column_is_refused(tmp_path: Path) -> None:
    """With its place in the shop file and the way out."""
    facts = {"people": TableFacts(("id", "email"), ("id",), full_rows=False, generated=("email",))}

    with pytest.raises(CaptureError, match=r"shop\.yaml:7:\d+: people\.email is a generated column[\s\S]*`sql:`"):
        plan_capture(shop(tmp_path), facts)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("mysql://u@h/d", "begins with mysql://h"),
        ("postgresql:///d", "must be postgresql://"),
        ("postgresql://h", "must be postgresql://"),
        ("postgresql://h:none/d", "no URL"),
        ("shop", "no scheme"),
    ],
)
def test_an_address_is_read_or_refused(url: str, complaint: str) -> None:
    """Without repeating a password that may stand in it."""
    with pytest.raises(CaptureError, match=complaint):
        parse_address(url)


def test_long_prefixes_are_refused(tmp_path: Path) -> None:
    """PostgreSQL would cut the names, and two shops could meet in one."""
    with pytest.raises(CaptureError, match="at most 48"):
        plan_capture(shop(tmp_path, more="capture: {prefix: " + "a" * 49 + "}"))
