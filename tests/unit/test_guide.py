"""The operators' guide: every situation is played on the real stack, by a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/operators.md").read_text(encoding="utf-8")
PLAYED = {
    "1. A type is paused": (
        "test_hubspot_faults.py::test_a_missing_property_pauses_its_type_alone",
        "test_metrics.py::test_one_call_for_a_paused_type_and_one_when_it_goes_on",
        "test_trace.py::test_a_type_that_is_paused_is_named_with_its_reason",
    ),
    "2. Errors are open": (
        "test_dead_letters.py::test_an_error_is_found_explained_edited_and_sent",
        "test_dead_letters.py::test_a_whole_cause_is_sent_again_once_hubspot_is_mended",
        "test_dead_letters.py::test_an_ignored_error_stays_closed_until_a_newer_version_is_refused",
    ),
    "3. The shop file was wrong": (
        "test_preview.py::test_a_changed_file_names_just_what_the_replay_changes",
        "test_replay.py::test_a_replay_under_another_mapping_makes_hubspot_equal_to_it",
        "test_replay.py::test_objects_that_the_file_makes_no_more_are_listed_and_deleted_on_request",
    ),
    "4. HubSpot is away, busy, or the day's calls are used up": (
        "test_hubspot_faults.py::test_503_for_a_while",
        "test_hubspot_faults.py::test_429_for_a_while",
        "test_hubspot_faults.py::test_the_days_quota_is_used_up",
    ),
    "5. The credential is refused": (
        "test_hubspot_faults.py::test_a_refused_credential_pauses_everything",
        "test_metrics.py::test_one_call_for_a_refused_credential_and_one_when_it_is_taken",
    ),
    "6. Somebody worked in HubSpot by hand": ("test_verify.py::test_what_people_changed_is_found_and_mended",),
    "7. Changes do not arrive": (
        "test_trace.py::test_a_stopped_connector_is_named_with_the_command",
        "test_capture.py::test_a_task_that_fails_says_why",
        "test_capture.py::test_a_slot_that_was_dropped_means_another_load",
    ),
    "8. The worker has stopped": (
        "test_gaps.py::test_change_topic_deleted_and_made_anew_by_a_new_snapshot",
        "test_gaps.py::test_records_removed_from_a_change_topic",
    ),
    "9. Somebody wants to be forgotten": (
        "test_forget.py::test_a_customer_is_forgotten_and_comes_back_only_by_a_new_change",
        "test_forget.py::test_letters_of_a_forgotten_person_are_empty",
        "test_forget.py::test_hubspots_own_erasure_only_on_request",
    ),
    "10. Backup, upgrade, removal": (
        "test_situations.py::test_backup_and_upgrade",
        "test_situations.py::test_uninstall",
    ),
}


def test_each_situation_of_the_guide_is_played() -> None:
    """Ten of them, in the order of the page."""
    assert list(PLAYED) == re.findall(r"^## (\d+\. .*)$", GUIDE, flags=re.MULTILINE)


@pytest.mark.parametrize("situation", PLAYED)
def test_the_tests_are_there(situation: str) -> None:
    """Each is a test of the end-to-end suite, by its name."""
    for played in PLAYED[situation]:
        file, name = played.split("::")
        text = (ROOT / "tests/end_to_end" / file).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async )?def {name}\(", text, flags=re.MULTILINE), played


def test_the_table_of_situations_leads_to_them() -> None:
    """Each line of the table at the head of the page points at a heading of it."""
    headings = re.findall(r"^##? (.*)$", GUIDE, flags=re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    linked = re.findall(r"\]\(#([^)]+)\)", GUIDE)
    assert len(linked) > 10
    assert set() == set(linked) - anchors
