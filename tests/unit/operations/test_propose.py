"""Structures of well-known kinds of shops → proposed shop files, which load once their open places are answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigurationError
from connector.operations.proposing.draft import Proposal, propose
from connector.operations.proposing.stages import DRAFT, stage
from connector.operations.proposing.words import shared_prefix, singular, words
from connector.operations.proposing.writing import write
from tests.support import structure_file
from tests.unit.operations.proposals import load

CASES = Path(__file__).parents[2] / "cases/init"
FILES = sorted(CASES.glob("*.yaml"))


def proposed(case: str) -> Proposal:
    structure, ask = structure_file.read(CASES / f"{case}.yaml")
    return propose(structure, ask, structure.schema)


def answered(text: str) -> str:
    """As a person might: a time zone, and a stage for every status; an e-mail's column where none was found."""
    return text.replace('zone: "?"', "zone: Europe/Berlin").replace('"?"', "checkout_pending")


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_whole_file(path: Path) -> None:
    """The proposal, word for word, or why there is none."""
    structure, ask = structure_file.read(path)
    try:
        text = write(propose(structure, ask, structure.schema).sheet)
    except ConfigurationError as error:
        text = f"{error}\n"
    assert path.with_suffix(".txt").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_open_places_are_refused_and_nothing_else(path: Path, tmp_path: Path) -> None:
    """As it is, each open place is one mistake with its place; answered, the file loads."""
    structure, ask = structure_file.read(path)
    try:
        proposal = propose(structure, ask, structure.schema)
    except ConfigurationError:
        return
    text = write(proposal.sheet)
    if proposal.needed:
        with pytest.raises(ConfigurationError) as caught:
            load(text, tmp_path)
        assert proposal.needed == len(caught.value.mistakes)
        lines = text.splitlines()
        for mistake in caught.value.mistakes:
            assert "is not answered yet" in mistake.wrong
            assert '"?"' == lines[mistake.line - 1][mistake.column - 1 :][:3]
    shop = load(answered(text), tmp_path)
    assert {each.table.name for each in proposal.choice.chosen.values()} <= set(shop.tables())


CHOSEN = {
    "prestashop_like": ("ps_customer", "ps_product", "ps_orders", "ps_order_detail"),
    "opencart_like": ("oc_customer", "oc_product", "oc_order", "oc_order_product"),
    "woocommerce_like": (
        "wp_wc_customer_lookup",
        "wp_wc_product_meta_lookup",
        "wp_wc_orders",
        "wp_wc_order_product_lookup",
    ),
    "magento_like": ("customer_entity", "catalog_product_flat_1", "sales_order", "sales_order_item"),
    "shopware_like": ("customer", "product", "order", "order_line_item"),
    "rails_like": ("users", "products", "orders", "line_items"),
    "german": ("Kunden", "Artikel", "Aufträge", "Auftragspositionen"),
    "spanish": ("clientes", "productos", "pedidos", "líneas_pedido"),
    "no_foreign_keys": ("tblClients", "tblItems", "tblOrders", "tblOrderDetails"),
    "composite_keys": ("customers", "products", "orders", "order_lines"),
}


@pytest.mark.parametrize("case", CHOSEN)
def test_the_right_tables_are_chosen(case: str) -> None:
    """Among tables that are called alike: groups, histories, carts, addresses."""
    chosen = proposed(case).choice.chosen
    assert CHOSEN[case] == tuple(each.table.name for each in chosen.values())


def test_nothing_like_a_shop_is_said_with_what_is_there() -> None:
    """No file is made up; the tables that were seen are named."""
    with pytest.raises(ConfigurationError, match="Nothing in public looks like a shop") as caught:
        proposed("library")
    assert "authors, shelves, loans" in str(caught.value)


def test_a_table_without_a_key_is_said() -> None:
    """It cannot be captured, and the refusal says of each why."""
    with pytest.raises(ConfigurationError, match="customers: no primary key"):
        proposed("keyless")


def test_cascades_are_named_where_the_log_is_silent() -> None:
    """MariaDB deletes lines with their order and tells nobody; PostgreSQL writes each."""
    assert 'order: {key: "{order_id}", cascade: true}' in write(proposed("magento_like").sheet)
    assert "cascade" not in write(proposed("composite_keys").sheet)


def test_the_password_is_not_in_the_file() -> None:
    """Only a reference to the environment is, and secret columns are not even listed."""
    text = write(proposed("opencart_like").sheet)
    assert 'url: "${SHOP_DATABASE_URL}"' in text
    assert "password:" not in text.replace("# the address with its password", "")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Payment accepted", "checkout_completed"),
        ("wc-on-hold", "checkout_pending"),
        ("Awaiting payment", "checkout_pending"),
        ("partially refunded", None),
        ("partially shipped", None),
        ("REFUNDED", "cancelled"),
        ("auto-draft", DRAFT),
        ("Versandt", "shipped"),
        ("in Bearbeitung", "checkout_completed"),
        ("completed", "processed"),
        ("ask the boss", None),
        ("", None),
        ("3", None),
    ],
)
def test_stages_are_guessed_from_plain_words_alone(status: str, expected: str | None) -> None:
    """Half-done and unknown ones are left to a person."""
    assert expected == stage(status)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tblOrderDetails", ("tbl", "order", "detail")),
        ("orderitems", ("order", "item")),
        ("customerID", ("customer", "id")),
        ("GeändertAm", ("geaendert", "am")),
        ("líneas_pedido", ("linea", "pedido")),
        ("Auftragspositionen", ("auftrag", "position")),
        ("XMLHttp2", ("xml", "http", "2")),
        ("注文", ()),
        ("", ()),
    ],
)
def test_names_become_words(name: str, expected: tuple[str, ...]) -> None:
    """Cases, accents, plurals and words in one piece."""
    assert expected == words(name)


@given(st.text(max_size=30))
def test_words_are_plain_and_stay(name: str) -> None:
    """Small ASCII letters or digits, never empty; each is its own singular."""
    for word in words(name):
        assert word.isascii()
        assert word.isalnum()
        assert word == word.lower()
        assert singular(word)


def test_a_word_of_the_trade_is_no_prefix() -> None:
    """`order_...` in front of most tables says what they are."""
    assert "oc" == shared_prefix(["oc_order", "oc_product", "oc_cart", "oc_user"])
    assert shared_prefix(["order_head", "order_line", "order_note"]) == ""
    assert shared_prefix([]) == ""
