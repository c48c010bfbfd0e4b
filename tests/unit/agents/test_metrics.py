"""What is exposed to Prometheus, and that page, dashboard and rules speak of nothing else."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from connector.agents.alert_facts import Bounds
from connector.agents.alert_rules import RULES
from connector.agents.metrics import LAST, Instruments, Recent
from connector.settings import Settings
from tests.support.exposed import NOON, measure, registry, samples

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/metrics.md").read_text()
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/dashboards/grafana.json").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "deploy/dashboards/alerts.yaml").read_text())
PARTS = re.compile(r"(_bucket|_sum|_count)$")
OTHERS = {"up"}
"""Made by Prometheus itself."""


@pytest.fixture
def exposed(tmp_path: Path) -> CollectorRegistry:
    return registry(tmp_path)


def names(exposed: CollectorRegistry) -> dict[str, set[str]]:
    """Each series of ours, by the name that the page has, and its labels."""
    found: dict[str, set[str]] = {}
    for family in exposed.collect():
        for sample in family.samples:
            if sample.name.endswith("_created"):
                continue
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_each_series_has_its_value(exposed: CollectorRegistry) -> None:
    """The accounting, lag, standing, budget and times, with the labels that the page names."""
    found = samples(exposed)
    assert {("mapped", "map", "shop.public.orders"): 10, ("rejected", "map", "shop.public.orders"): 2} == {
        key: value for key, value in found["shopbridge_records_total"].items() if key[1] == "map"
    }
    assert 11 == found["shopbridge_messages_produced_total"][("shop.public.orders",)]
    assert (3, 1.5) == tuple(found[f"shopbridge_lag_{unit}"][("map",)] for unit in ("records", "seconds"))
    assert {("equal", "deal"): 7, ("refused", "deal"): 1} == found["shopbridge_hubspot_records"]
    assert {("deal_contact", "made"): 6, ("deal_contact", "parked"): 2} == found["shopbridge_links"]
    assert {("limit",): 1000, ("used",): 900, ("left",): 100} == found["shopbridge_budget_day_calls"]
    assert {("well",): 0, ("away",): 1, ("credential_refused",): 0} == found["shopbridge_sender_condition"]
    assert {("deal", "PROPERTY_DOESNT_EXIST"): 1} == found["shopbridge_paused"]
    assert {("type_paused", "DEAL"): 1} == found["shopbridge_alert_firing"]
    assert NOON.timestamp() == found["shopbridge_waiting_until_timestamp_seconds"][()]
    assert (30, 100) == tuple(found[f"shopbridge_batch_{what}_total"][("deal",)] for what in ("records", "capacity"))
    assert 1 == found["shopbridge_requests_total"][("write", "200")]


def test_times_are_measured_hop_by_hop(exposed: CollectorRegistry) -> None:
    """Committed at noon, captured half a second later, settled after two."""
    sums = samples(exposed)["shopbridge_hop_seconds_sum"]
    assert {
        ("commit_to_capture",): 0.5,
        ("capture_to_map",): 1.5,
        ("map_to_merge",): 1.5,
        ("merge_to_send",): 0.25,
        ("send_to_answer",): 0.2,
    } == {key: round(value, 6) for key, value in sums.items()}
    assert {("live", "deal"): 2.0} == samples(exposed)["shopbridge_freshness_seconds_sum"]


def test_clocks_that_differ_make_no_negative_time(tmp_path: Path) -> None:
    """What seems to arrive before it left took no time."""
    del tmp_path
    early = Instruments(clock=lambda: NOON.timestamp() - 60)
    measure(early)
    assert 0 == samples(early.registry)["shopbridge_freshness_seconds_sum"]["live", "deal"]


def test_an_unknown_age_is_said_to_be_unknown(exposed: CollectorRegistry) -> None:
    """A stage with something to do, of whose age nothing is known, is not on time."""
    lag = samples(exposed)["shopbridge_lag_seconds"]
    assert (True, 0.0) == (math.isnan(lag["apply",]), lag["report",])


def test_text_is_what_prometheus_reads(exposed: CollectorRegistry) -> None:
    """It is parsed by the library's own parser, counters end in _total, times in _seconds."""
    families = list(text_string_to_metric_families(generate_latest(exposed).decode()))
    ours = [family for family in families if family.name.startswith("shopbridge_")]
    assert [] == [family.name for family in ours if not family.documentation.endswith(".")]
    assert [] == [
        s.name for family in ours if family.type == "counter" for s in family.samples if s.name[-6:] != "_total"
    ]


def test_the_page_lists_what_is_exposed(exposed: CollectorRegistry) -> None:
    """Every series with its labels, and nothing that is not there."""
    rows = re.findall(r"^\| `(shopbridge_\w+)` \|([^|]*)\|", PAGE, re.MULTILINE)
    told = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    there = {PARTS.sub("", name): labels - {"le"} for name, labels in names(exposed).items() if "shopbridge_" in name}
    assert there == told


def test_the_page_lists_every_rule_and_bound() -> None:
    """Rules and settings, with their defaults."""
    chapter = PAGE.split("## Alerts by one webhook")[1].split("\n## ")[0]
    assert [rule.name for rule in RULES] == re.findall(r"^\| `([a-z_]+)` \|", chapter, re.MULTILINE)
    bounds = {f"SHOPBRIDGE_ALERT_{name.upper()}": f"{value:g}" for name, value in _bounds().items()}
    assert bounds == dict(re.findall(r"^\| `(SHOPBRIDGE_ALERT_\w+)` \| ([\d.]+) \|", chapter, re.MULTILINE))


def _bounds() -> Mapping[str, float]:
    bounds = Bounds.of(Settings.model_validate({}))
    return {name: getattr(bounds, name) for name in Bounds.__dataclass_fields__}


def expressions() -> Iterator[str]:
    """Every expression of dashboard and rules."""
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for group in ALERTS["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


@pytest.mark.parametrize("expression", tuple(expressions()))
def test_expression_names_only_what_is_exposed(expression: str, exposed: CollectorRegistry) -> None:
    """Series and labels are there, and brackets close."""
    there = names(exposed)
    used = set(re.findall(r"\b((?:shopbridge|process)_\w+|up)\b(?!\s*\()", re.sub(r'"[^"]*"', '""', expression)))
    assert used
    assert set() == used - there.keys() - OTHERS
    labels = {"le", "job", "instance"}.union(*(there.get(name, set()) for name in used))
    asked = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression)
    grouped = [each.strip() for group in re.findall(r"\bby \(([^)]*)\)", expression) for each in group.split(",")]
    assert set() == {*asked, *grouped} - labels
    assert [expression.count(left) - expression.count(right) for left, right in ("()", "[]", "{}")] == [0, 0, 0]


def test_rules_say_what_to_do() -> None:
    """Each has a name of its own, a severity, a summary and a remedy."""
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]
    assert len(rules) == len({rule["alert"] for rule in rules})
    assert {("severity",)} == {tuple(rule["labels"]) for rule in rules}
    assert {("summary", "remedy")} == {tuple(rule["annotations"]) for rule in rules}


def test_panels_do_not_overlap() -> None:
    """Each square of the grid belongs to one panel."""
    squares = [
        (place["x"] + x, place["y"] + y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["w"])
        for y in range(place["h"])
    ]
    assert (len(squares), 24) == (len(set(squares)), max(x for x, _ in squares) + 1)


def test_recent_records_are_those_of_an_hour() -> None:
    """The last five hundred, and none that was settled long ago."""
    now = [0.0]
    recent = Recent(lambda: now[0])
    for number in range(2 * LAST):
        recent.add(refused=number % 2 == 0)
    assert (LAST, LAST // 2) == recent.counts()
    now[0] = 3601.0
    assert (0, 0) == recent.counts()


def test_measuring_from_several_threads_loses_nothing() -> None:
    """The ledger's thread and the event loop both count."""
    instruments = Instruments()

    def measure_often() -> None:
        for _ in range(50):
            measure(instruments)

    threads = [threading.Thread(target=measure_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 200 == samples(instruments.registry)["shopbridge_settled_total"]["delivered", "deal"]
