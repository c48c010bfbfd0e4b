"""The SQL that prepares capture, and that takes it away: only what is missing, only what is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.capture import postgres
from connector.capture.catalogue import Catalogue, Grant
from connector.capture.errors import CaptureError
from connector.capture.plan import CapturePlan
from connector.capture.script import PASSWORD_PLACE

ALL_THERE = Catalogue(
    role_replicates=True,
    role_is_ours=True,
    has_schema=True,
    own_tables=frozenset({"heartbeat_main", "signal_main"}),
    has_publication=True,
    publishes_all=True,
    published=frozenset(
        {
            ("public", "people"),
            ("public", 'odd, "name"'),
            ("shopbridge", "heartbeat_main"),
            ("shopbridge", "signal_main"),
        }
    ),
    slot_active=False,
)


def everything(plan: CapturePlan) -> Catalogue:
    return replace(ALL_THERE, granted=frozenset(postgres.grants(plan)))


def test_nothing_is_done_where_all_is_there(plan: CapturePlan) -> None:
    """But for the password, which is ours to renew unless the connector's is kept."""
    assert ["""ALTER ROLE "shopbridge_main" PASSWORD 'pass''word'"""] == postgres.statements(plan, everything(plan))
    assert postgres.statements(replace(plan, sets_password=False), everything(plan)) == []


def test_everything_is_made_where_nothing_is_there(plan: CapturePlan) -> None:
    """Names are quoted, the role may replicate, and the publication holds our tables too."""
    text = "\n".join(postgres.statements(plan))

    assert """CREATE ROLE "shopbridge_main" LOGIN REPLICATION PASSWORD 'pass''word'""" in text
    assert 'GRANT SELECT ON TABLE "public"."odd, ""name""" TO "shopbridge_main"' in text
    assert 'GRANT SELECT, INSERT, DELETE ON TABLE "shopbridge"."signal_main" TO "shopbridge_main"' in text
    assert 'GRANT SELECT, INSERT ON TABLE "shopbridge"."signal_main" TO "shop"' in text
    assert (
        'CREATE PUBLICATION "shopbridge_main" FOR TABLE "public"."people", "public"."odd, ""name""", '
        '"shopbridge"."heartbeat_main", "shopbridge"."signal_main"' in text
    )


@pytest.mark.parametrize(
    ("missing", "statement"),
    [
        ({"role_replicates": False}, 'ALTER ROLE "shopbridge_main" REPLICATION'),
        ({"has_schema": False}, 'CREATE SCHEMA "shopbridge"'),
        (
            {"published": ALL_THERE.published - {("public", "people")}},
            'ALTER PUBLICATION "shopbridge_main" ADD TABLE "public"."people"',
        ),
        (
            {"publishes_all": False},
            """ALTER PUBLICATION "shopbridge_main" SET (publish = 'insert, update, delete, truncate')""",
        ),
    ],
)
def test_only_what_is_missing_is_made(plan: CapturePlan, missing: dict[str, object], statement: str) -> None:
    """One part missing, one statement."""
    there = replace(everything(plan), **missing)  # type: ignore[arg-type]

    assert [statement] == postgres.statements(replace(plan, sets_password=False), there)


def test_one_privilege_missing_is_granted_alone(plan: CapturePlan) -> None:
    """Nobody grants again what is granted."""
    grant = Grant("DELETE", "TABLE", '"shopbridge"."signal_main"', "shopbridge_main")
    there = replace(ALL_THERE, granted=frozenset(postgres.grants(plan)) - {grant})

    assert ['GRANT DELETE ON TABLE "shopbridge"."signal_main" TO "shopbridge_main"'] == postgres.statements(
        replace(plan, sets_password=False), there
    )


def test_whole_rows_are_asked_for(plan: CapturePlan) -> None:
    """Where the plan needs them and the table does not write them yet."""
    plan = replace(plan, full_rows=("people",), sets_password=False)

    assert ['ALTER TABLE "public"."people" REPLICA IDENTITY FULL'] == postgres.statements(plan, everything(plan))
    there = replace(everything(plan), full_rows=frozenset({"people"}))
    assert postgres.statements(plan, there) == []


def test_the_script_holds_no_password(plan: CapturePlan) -> None:
    """It goes through other people's hands; where a password belongs, it says so."""
    script = postgres.sql_script(plan)

    assert "pass" + "''word" not in script
    assert script.count(PASSWORD_PLACE) == 2


def test_a_role_with_a_referred_password_must_exist(plan: CapturePlan) -> None:
    """A reference to Connect's secrets is no password to make a role with."""
    address = replace(plan.address, password="${file:/run/secrets:shop}")

    with pytest.raises(CaptureError, match="CREATE ROLE"):
        postgres.statements(replace(plan, address=address, owns_role=False))


def test_removing_takes_the_slot_first(plan: CapturePlan) -> None:
    """A slot that stays behind fills the disk; whatever follows may fail."""
    gone = postgres.removal(plan, ALL_THERE)

    assert ["SELECT pg_drop_replication_slot('shopbridge_main')", 'DROP PUBLICATION "shopbridge_main"'] == gone[:2]
    assert ['DROP OWNED BY "shopbridge_main"', 'DROP ROLE "shopbridge_main"'] == gone[-2:]


def test_removing_twice_does_nothing(plan: CapturePlan) -> None:
    """What is not there needs no statement."""
    assert postgres.removal(plan, Catalogue()) == []


@pytest.mark.parametrize("change", [{"owns_role": False}, {}])
def test_a_role_of_others_stays(plan: CapturePlan, change: dict[str, bool]) -> None:
    """Whether the plan says that it is theirs, or the catalogue does not know it as made by us."""
    there = ALL_THERE if change else replace(ALL_THERE, role_is_ours=False)

    assert not [line for line in postgres.removal(replace(plan, **change), there) if "ROLE" in line]  # type: ignore[arg-type]
