"""A worker is seen from outside: what it says of itself is what is so, and who must be called is called once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.receiver import Receiver, receiving
from tests.support.small_shop import CASES, SmallShop
from tests.support.world import World, free_port, pause, say, wait_until

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"parents.{kind}").read_text() for kind in ("sql", "yaml"))
STATUS = "/crm/properties/2026-09/deals/shop_status"
HOOK = "/services/T0/B0/hook-that-nobody-else-knows"
PEOPLE = ("ada@planted-shop.com", "bob at planted-shop.com")
"""One that HubSpot takes, one that it refuses in words that quote it."""


@dataclass
class Seen:
    """The worker of a small shop, as a scraper and a chat room see it; `first` is what /health/ready said at first."""

    shop: SmallShop
    receiver: Receiver
    address: str
    first: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.shop.world

    def get(self, path: str) -> httpx.Response | None:
        """A page; None while nobody listens."""
        try:
            return httpx.get(f"http://{self.address}{path}", timeout=5)
        except httpx.TransportError:
            return None

    def ready(self) -> bool:
        """Whether it says that it is; keeps what it says."""
        answer = self.get("/health/ready")
        if answer is not None:
            self.first.append((answer.status_code, answer.json()))
        return answer is not None and answer.status_code == 200

    def metrics(self) -> dict[str, Counter[tuple[str, ...]]]:
        """Metric → values of its labels, by their names → value."""
        answer = self.get("/metrics")
        assert answer is not None
        found: dict[str, Counter[tuple[str, ...]]] = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                found.setdefault(sample.name, Counter())[
                    tuple(sample.labels[name] for name in sorted(sample.labels))
                ] += sample.value  # type: ignore[assignment]
        return found

    def wait_counted(self) -> dict[str, Counter[tuple[str, ...]]]:
        """The metrics, counted after this moment."""
        now, kept = time.time(), [self.metrics()]

        def counted() -> bool:
            kept[0] = self.metrics()
            stamps = ("shopbridge_stock_timestamp_seconds", "shopbridge_figures_timestamp_seconds")
            return all(kept[0].get(name, Counter())[()] > now for name in stamps)

        wait_until("figures of now", counted, 40)
        return kept[0]


@pytest.fixture(scope="module")
def seen(make_world: Callable[..., World]) -> Iterator[Seen]:
    """A small shop at rest, with one refused customer; its worker runs."""
    address = f"127.0.0.1:{free_port()}"
    with receiving() as receiver:
        world = make_world(
            "metrics",
            SHOPBRIDGE_METRICS_ADDRESS=address,
            SHOPBRIDGE_WEBHOOK_URL=f"{receiver.url}{HOOK}",
            SHOPBRIDGE_ALERT_INTERVAL_S="1",
        )
        shop = SmallShop(world)
        shop.build(TABLES, SHOP)
        world.sql("INSERT INTO customers SELECT n, 'p' || n || '@planted-shop.com', 'P' FROM generate_series(1, 30) n")
        world.sql("INSERT INTO customers VALUES (101, %s, 'Ada'), (102, %s, 'Bob')", *PEOPLE)
        world.sql("INSERT INTO products VALUES (1, 'Tea', 3.50)")
        world.sql("INSERT INTO orders SELECT n, n, 'paid', 10 FROM generate_series(1, 10) n")
        world.sql("INSERT INTO order_items SELECT n, 1, 1, 'Tea', 2 FROM generate_series(1, 10) n")
        found = Seen(shop, receiver, address)
        world.start_worker()
        wait_until("readiness", found.ready, 60, every_s=0.05)
        world.wait_at_rest()
        yield found


def test_not_ready_before_its_positions_and_ready_after(seen: Seen) -> None:
    """503 with the reason in words, then 200; alive all the time."""
    (status, told), (last, finally_told) = seen.first[0], seen.first[-1]
    say("\n".join(dict.fromkeys(str(each) for each in seen.first)))
    assert (503, False) == (status, told["ok"])
    assert all(told["reasons"] for status, told in seen.first if status == 503)
    assert (200, {"ok": True, "reasons": [], "sender": "this process"}) == (last, finally_told)
    live = seen.get("/health/live")
    assert (200, {"ok": True, "reasons": []}) == (live and live.status_code, live and live.json())


def accounted(totals: dict[str, dict[str, int]]) -> Counter[tuple[str, str]]:
    """How records ended, by outcome and stage, as status adds them up."""
    stages = {"change": "map", "sync": "apply", "errors": "report"}
    others = {"read", "lag", "said_again", "messages"}
    return Counter(
        {(name, stages[kind]): n for kind, each in totals.items() for name, n in each.items() if name not in others}
    )


def test_metrics_are_what_status_says(seen: Seen) -> None:
    """At rest every count of the accounting, of records, links and open errors is the same in both."""
    metrics, status = seen.wait_counted(), seen.world.status()
    totals = status["accounting"]["totals"]
    ended: Counter[tuple[str, str]] = Counter()
    for (outcome, stage, _topic), count in metrics["shopbridge_records_total"].items():
        ended[outcome, stage] += count
    assert accounted(totals) == ended
    assert totals["change"]["messages"] == sum(metrics["shopbridge_messages_produced_total"].values())
    assert sum(each["read"] for each in totals.values()) == sum(metrics["shopbridge_read_total"].values())
    records = {(name, kind.lower()): n for kind, each in status["records"].items() for name, n in each.items()}
    assert records == metrics["shopbridge_hubspot_records"]
    links = {(kind.lower(), name.lower()): n for kind, each in status["links"].items() for name, n in each.items()}
    assert links == metrics["shopbridge_links"]
    assert {(name,): n for name, n in status["open_errors"].items()} == metrics["shopbridge_errors_open"]
    assert {0} == set(metrics["shopbridge_lag_records"].values())


def test_a_live_change_is_measured_on_its_whole_way(seen: Seen) -> None:
    """From the commit to HubSpot's answer, and each hop of it."""
    before = seen.metrics()
    seen.world.sql("UPDATE customers SET first_name = 'Adah' WHERE id = 101")
    seen.shop.wait_for("CONTACT:101", firstname="Adah")
    after = before

    def measured() -> bool:
        nonlocal after
        after = seen.metrics()
        name, lane = "shopbridge_freshness_seconds_count", ("live", "contact")
        return after[name][lane] > before[name][lane]

    wait_until("the freshness to be measured", measured, 20)
    hops = after["shopbridge_hop_seconds_count"] - before["shopbridge_hop_seconds_count"]
    expected = {"commit_to_capture", "capture_to_map", "map_to_merge", "merge_to_send", "send_to_answer"}
    assert expected == {hop for (hop,) in hops}
    late = after["shopbridge_freshness_seconds_sum"][("live", "contact")]
    assert late - before["shopbridge_freshness_seconds_sum"][("live", "contact")] < 30
    assert after["shopbridge_requests_total"][("write", "200")] > before["shopbridge_requests_total"][("write", "200")]


def test_one_call_for_a_paused_type_and_one_when_it_goes_on(seen: Seen) -> None:
    """Its property was deleted by somebody, and is made anew by `setup`."""
    assert 204 == seen.world.hubspot("DELETE", STATUS).status_code
    seen.world.sql("UPDATE orders SET status = 'sent' WHERE id = 1")
    wait_until("the call", lambda: seen.receiver.states("type_paused") == ["firing"], 30)
    assert 1 == seen.metrics()["shopbridge_alert_firing"][("type_paused", "DEAL")]
    seen.world.sql("UPDATE orders SET status = 'sent' WHERE id = 2")
    pause(3)
    seen.world.shopbridge("setup")
    wait_until("the all-clear", lambda: len(seen.receiver.states("type_paused")) > 1, 40)
    pause(3)
    say(str(seen.receiver.told("type_paused")))
    assert ["firing", "resolved"] == seen.receiver.states("type_paused")
    first = seen.receiver.told("type_paused")[0]
    assert ({"lane": "DEAL"}, True) == (first["labels"], "shop_status" in first["summary"] and bool(first["remedy"]))
    assert (1, 1) == (seen.world.count("sender.paused"), seen.world.count("sender.resumed"))


def test_one_call_for_a_refused_credential_and_one_when_it_is_taken(seen: Seen) -> None:
    """Nothing goes on by itself before somebody puts in a valid one."""
    seen.world.fault("unauthorized", seconds=3)
    seen.world.sql("UPDATE customers SET first_name = 'Ada' WHERE id = 101")
    wait_until("the call", lambda: seen.receiver.states("credential_refused") == ["firing"], 30)
    wait_until("the all-clear", lambda: len(seen.receiver.states("credential_refused")) > 1, 60)
    assert ["firing", "resolved"] == seen.receiver.states("credential_refused")
    assert 1 == seen.world.count("sender.credential_refused")


def test_one_call_for_a_worker_that_stops_and_one_when_it_works_again(seen: Seen) -> None:
    """Its lease is gone, so that another might send: it stops before it does harm, and says so while it can."""
    assert seen.world.worker is not None
    (seen.world.folder / "ledger.db.sender.lock").unlink()
    seen.world.sql("UPDATE customers SET first_name = 'Eve' WHERE id = 101")
    assert 70 == seen.world.worker.wait(60)
    assert ["firing"] == seen.receiver.states("worker_stopped")
    assert "LeaseLostError" in seen.receiver.told("worker_stopped")[0]["summary"]
    seen.world.start_worker()
    seen.shop.wait_for("CONTACT:101", firstname="Eve")
    wait_until("the all-clear", lambda: len(seen.receiver.states("worker_stopped")) > 1, 30)
    assert ["firing", "resolved"] == seen.receiver.states("worker_stopped")


def test_a_worker_that_starts_again_calls_nobody(seen: Seen) -> None:
    """What was told stays told; a stop in order is nobody's trouble."""
    told = len(seen.receiver.posts)
    assert 0 == seen.world.stop_worker()
    state = (seen.world.folder / "ledger.db.state.json").read_text()
    assert '"stopped": true' in state
    seen.world.start_worker()
    wait_until("readiness", seen.ready, 60)
    pause(5)
    assert told == len(seen.receiver.posts)


def test_no_secret_and_no_person_is_told(seen: Seen) -> None:
    """Neither in the log nor in the chat room stands the token, the hook's address or anybody's address."""
    log = (seen.world.folder / "worker.log").read_text()
    posted = str(seen.receiver.posts)
    secrets = (
        seen.world.environment["SHOPBRIDGE_HUBSPOT_TOKEN"],
        "hook-that-nobody-else-knows",
        "@planted-shop.com",
        *PEOPLE,
    )
    assert [] == [secret for secret in secrets if secret in log or secret in posted]
    assert {HOOK} == set(seen.receiver.paths)
