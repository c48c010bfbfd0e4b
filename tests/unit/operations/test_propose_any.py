"""Whatever tables, columns and values are called: a file that loads, or a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.capture.structure import ForeignKey, Kind, Structure, Table, TableColumn
from connector.errors import ConfigurationError
from connector.operations.proposing.draft import Proposal, propose
from connector.operations.proposing.questions import Answer, Ask, Question, Values, nobody
from connector.operations.proposing.writing import write
from tests.unit.operations.proposals import load

NAMES = st.one_of(
    st.sampled_from(
        [
            *("id", "customer_id", "order_id", "product_id", "email", "first_name", "name", "title", "sku", "number"),
            *("status", "state", "total", "price", "qty", "created_at", "updated_at", "deleted_at", "is_deleted"),
            *("currency_id", "currency", "order", "lang_id", "type", "active", "a{b}", "?", "null", "true", "1", "0x1"),
            *("~", "über", "guest_email"),
        ]
    ),
    st.text(min_size=0, max_size=8),
)
TABLE_NAMES = st.one_of(
    st.sampled_from(
        [
            *("customers", "customer_groups", "products", "product_lang", "orders", "order_items", "order_status"),
            *("currencies", "users", "select", "wp_orders", "t.x", "yes", "null", "Bestellungen"),
        ]
    ),
    st.text(min_size=0, max_size=8),
)
TYPES = st.sampled_from(
    (
        "integer",
        "bigint(20) unsigned",
        "text",
        "varchar(40)",
        "numeric(12,2)",
        "double precision",
        "timestamp without time zone",
        "timestamp",
        "datetime",
        "date",
        "boolean",
        "tinyint(1)",
        "uuid",
        "binary(16)",
        "jsonb",
        "text[]",
        "",
    )
)
COLUMNS = st.builds(
    TableColumn,
    name=NAMES,
    type=TYPES,
    nullable=st.booleans(),
    default=st.sampled_from((None, "0", "'0000-00-00'")),
    auto=st.booleans(),
    touched=st.booleans(),
    computed=st.booleans(),
    choices=st.sampled_from(((), ("draft", "paid", "it's"))),
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.lists(COLUMNS, min_size=1, max_size=9, unique_by=lambda column: column.name))
    every = [column.name for column in columns]
    names, keys = st.sampled_from(every), st.permutations(every).map(lambda mixed: tuple(mixed[:2]))
    foreign = st.builds(
        ForeignKey,
        columns=names.map(lambda name: (name,)),
        to_table=TABLE_NAMES,
        to_columns=NAMES.map(lambda name: (name,)),
        on_delete=st.sampled_from(("CASCADE", "NO ACTION")),
    )
    return Table(
        name=draw(TABLE_NAMES),
        columns=tuple(columns),
        key=draw(st.one_of(st.just(()), names.map(lambda name: (name,)), keys)),
        unique=tuple(draw(st.lists(keys, max_size=2))),
        foreign_keys=tuple(draw(st.lists(foreign, max_size=2))),
        rows=draw(st.none() | st.integers(0, 10**9)),
    )


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    kind: Kind = draw(st.sampled_from(("postgres", "mariadb", "mysql")))
    found = draw(st.lists(tables(), min_size=1, max_size=6, unique_by=lambda table: table.name))
    return Structure(kind, draw(st.text(min_size=1, max_size=10)), tuple(found))


VALUES = st.one_of(st.none(), st.sampled_from(("draft", "paid", "1", "01", "?", "null", "it's")), st.text(max_size=5))
PAIRS = st.lists(st.tuples(VALUES, VALUES), max_size=5)
"""What a database may answer to any question: NULLs, odd texts, a value twice."""


@given(structure=structures(), pairs=PAIRS, refused=st.booleans())
def test_any_structure_gives_a_file_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory,
    structure: Structure,
    pairs: list[tuple[str | None, str | None]],
    *,
    refused: bool,
) -> None:
    """Never a crash, never a file with another mistake than open places."""

    def ask(question: Question) -> Answer:
        if refused:
            return nobody(question)
        counted = tuple((value, number) for number, (value, _) in enumerate(pairs))
        return Answer(counted if isinstance(question, Values) else tuple(pairs))

    proposal = proposed(structure, ask)
    if proposal is None:
        return
    text, folder = write(proposal.sheet), tmp_path_factory.getbasetemp()
    if not proposal.needed:
        assert load(text, folder).tables()
        return
    with pytest.raises(ConfigurationError) as caught:
        load(text, folder)
    assert {"is not answered yet"} == {mistake.wrong.rpartition("` ")[2] for mistake in caught.value.mistakes}, text


def proposed(structure: Structure, ask: Ask) -> Proposal | None:
    """The proposal; None where it is refused as it should be."""
    try:
        return propose(structure, ask, structure.schema)
    except ConfigurationError as error:
        if "looks like a shop" not in str(error):
            raise
        return None
