"""Topics that are not what they were: the worker says what is missing and stops, and goes on when it is accepted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from confluent_kafka import Producer as RawProducer
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from connector.kafka import Admin
from connector.message import ObjectType, SyncMessage
from tests.support.small_shop import CASES, SmallShop
from tests.support.sync_topics import encoded, messages, say
from tests.support.world import World, WorldError

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"changing.{kind}").read_text() for kind in ("sql", "yaml"))
EXIT_FATAL = 70
ROWS = range(1, 13)

MakeShop = Callable[[str], SmallShop]


@pytest.fixture
def make_shop(make_world: Callable[..., World]) -> MakeShop:
    """A shop with some customers and goods, loaded and at rest; customer 1 has said something old and something new."""

    def make(name: str) -> SmallShop:
        shop = SmallShop(make_world(name))
        shop.build(TABLES, SHOP)
        shop.world.sql(
            "INSERT INTO customers SELECT i, 'c' || i || '@example.com', 'old', '', i FROM generate_series(1, 12) i"
        )
        shop.world.sql("INSERT INTO goods VALUES (1, 'Tea', 3.5)")
        shop.start_worker()
        shop.world.wait_at_rest()
        shop.world.sql("UPDATE customers SET first_name = 'new'")
        shop.world.wait_at_rest()
        return shop

    return make


def stopped_with(shop: SmallShop, *words: str) -> str:
    """Wait until the worker has ended with 70 by itself; the reason, which holds all these words."""
    worker = shop.world.worker
    assert worker is not None
    shop.wait("the worker to stop", lambda: worker.poll() is not None)
    assert EXIT_FATAL == worker.returncode
    reason = str(shop.world.events("stopping")[-1]["reason"])
    assert [] == [word for word in words if word not in reason], reason
    return reason


def start_in_vain(shop: SmallShop, *words: str) -> str:
    """Start a worker that must refuse to go on."""
    shop.world.start_worker()
    return stopped_with(shop, *words)


def start_accepting(shop: SmallShop, *topics: str) -> None:
    options = [option for topic in topics for option in ("--accept-new-topic", topic)]
    shop.world.start_worker(*options)
    shop.world.wait_working()


def old_of(shop: SmallShop, number: int) -> SyncMessage:
    """The first message of a customer."""
    return next(each for each in messages(shop, ObjectType.CONTACT) if each.external_id == str(number))


def replay(shop: SmallShop, old: SyncMessage) -> None:
    """Say an old message again: it is superseded; of a row that nobody knows so far it is taken."""
    before = counted(shop, "apply:contacts")
    say(shop, [old])
    shop.wait(
        "the old message is superseded",
        lambda: before["superseded"] + 1 == counted(shop, "apply:contacts")["superseded"],
    )
    unknown = replace(old, external_id="99", source=replace(old.source, row_key='{"id":99}'))
    say(shop, [replace(unknown, properties={**old.properties, "email": "c99@example.com"})])
    shop.wait_for("CONTACT:99", firstname="old")


def counted(shop: SmallShop, agent: str) -> Counter[str]:
    """The agent's counts over all partitions and epochs."""
    total: Counter[str] = Counter()
    for account in shop.world.status()["accounting"]["accounts"]:
        if account["agent"] == agent:
            total.update(account["counts"])
    return total


def update(shop: SmallShop, name: str) -> None:
    """Write all customers, and wait until HubSpot has them."""
    shop.world.sql("UPDATE customers SET first_name = %s", name)
    for number in ROWS:
        shop.wait_for(f"CONTACT:{number}", firstname=name)


def all_adds_up(shop: SmallShop) -> None:
    """Nothing is under way, and every record is in one count."""
    shop.world.wait_at_rest()
    status = shop.world.status()
    assert (True, []) == (status["accounting"]["balanced"], status["problems"])


def admin_of(shop: SmallShop) -> AdminClient:
    return AdminClient({"bootstrap.servers": shop.settings.kafka_bootstrap})


def delete_topic(shop: SmallShop, topic: str) -> None:
    admin = Admin(shop.settings.kafka)
    admin.delete_topics([topic])
    shop.wait("the topic is gone", lambda: not admin.topic_ids([topic]))


def test_change_topic_deleted_and_made_anew_by_a_new_snapshot(make_shop: MakeShop) -> None:
    """New changes arrive, those made meanwhile too; old ones do not undo them, and unknown rows are taken."""
    shop = make_shop("anew")
    topic, old = shop.topic("customers"), old_of(shop, 1)
    shop.world.shopbridge("capture", "remove", "--yes")
    shop.world.sql("UPDATE customers SET first_name = 'meanwhile' WHERE id = 2")
    shop.world.sql("INSERT INTO customers VALUES (50, 'c50@example.com', 'meanwhile', '', 50)")
    delete_topic(shop, topic)
    stopped_with(shop, topic, f"--accept-new-topic {topic}", "capture snapshot")
    shop.world.shopbridge("capture", "apply")
    start_in_vain(shop, f"{topic} was deleted and made again", "[0] up to offset", "--accept-new-topic")

    start_accepting(shop, topic)
    shop.wait_for("CONTACT:2", firstname="meanwhile")
    shop.wait_for("CONTACT:50", firstname="meanwhile")
    shop.world.wait_at_rest()
    assert "new" == (shop.record("CONTACT:1") or {})["firstname"]
    replay(shop, old)
    update(shop, "newest")
    all_adds_up(shop)
    assert 0 == shop.world.stop_worker()
    shop.start_worker()
    update(shop, "after a restart, without the option")
    all_adds_up(shop)


def test_partitions_added_to_a_change_topic(make_shop: MakeShop) -> None:
    """Rows move to other partitions, some before the connector hears of them, some after: none is lost or undone."""
    shop = make_shop("wider")
    topic, old = shop.topic("customers"), old_of(shop, 1)
    admin = admin_of(shop)
    for future in admin.create_partitions([NewPartitions(topic, 7)]).values():
        future.result()
    stopped_with(shop, f"{topic} has 7 partitions, it had 4", "up to offset", f"--accept-new-topic {topic}")
    start_in_vain(shop, f"{topic} has 7 partitions, it had 4")

    shop.world.sql("UPDATE customers SET first_name = 'before it is accepted'")
    start_accepting(shop, topic)
    for number in ROWS:
        shop.wait_for(f"CONTACT:{number}", firstname="before it is accepted")
    update(shop, "by the old number")
    restart_connector(shop)
    shop.wait("the connector to hear of them", lambda: writes_to_new_partitions(shop))
    update(shop, "by the new number")
    replay(shop, old)
    update(shop, "newest")
    all_adds_up(shop)


def writes_to_new_partitions(shop: SmallShop) -> bool:
    """Whether changes, of which one more is made for each row, have come to the partitions that were added."""
    shop.world.sql("UPDATE customers SET points = points + 1")
    return any(record.partition > 3 for record in shop.change_records("customers"))


def restart_connector(shop: SmallShop) -> None:
    """Its producer asks for the topic's partitions anew."""
    url = f"{shop.settings.connect_url}/connectors/shopbridge_{shop.world.name}/restart?includeTasks=true"
    httpx.post(url, timeout=30).raise_for_status()


def test_records_removed_from_a_change_topic(make_shop: MakeShop) -> None:
    """Retention overtook a stopped worker: it names the range; the rows come by a snapshot after it goes on."""
    shop = make_shop("removed")
    topic = shop.topic("customers")
    assert 0 == shop.world.stop_worker()
    shop.world.sql("UPDATE customers SET first_name = 'lost'")
    read = sum(shop.world.positions("map:customers").values())
    shop.wait("the changes are in the topic", lambda: len(shop.change_records("customers")) >= read + len(ROWS))
    remove_records(shop, topic)
    start_in_vain(shop, "were removed before they were read", f"--accept-new-topic {topic}", "capture snapshot")

    start_accepting(shop, topic)
    (accepted,) = shop.world.events("accepted")
    assert (topic, len(ROWS)) == (accepted["topic"], accepted["passed"])
    shop.world.shopbridge("capture", "snapshot", "customers")
    for number in ROWS:
        shop.wait_for(f"CONTACT:{number}", firstname="lost")
    assert len(ROWS) == counted(shop, "map:customers")["passed"]
    all_adds_up(shop)


def remove_records(shop: SmallShop, topic: str) -> None:
    info = Admin(shop.settings.kafka).topic_ids([topic])[topic]
    places = [TopicPartition(topic, number, end) for number, end in info.end_offsets.items()]
    admin = admin_of(shop)
    for future in admin.delete_records(places).values():
        future.result()


def test_hole_in_a_sync_topic(make_shop: MakeShop) -> None:
    """A message is missing: accepted, the hole is counted, and a snapshot says again what it may have said."""
    shop = make_shop("hole")
    topic = shop.settings.sync_topic(ObjectType.CONTACT)
    leave_marker(shop, topic)
    shop.world.sql("UPDATE customers SET first_name = 'behind the hole'")
    stopped_with(shop, f"{topic}[", "holds nothing from offset", "Restore the topic", f"--accept-new-topic {topic}")
    start_in_vain(shop, "holds nothing from offset")

    start_accepting(shop, topic)
    for number in ROWS:
        shop.wait_for(f"CONTACT:{number}", firstname="behind the hole")
    shop.world.shopbridge("capture", "snapshot", "customers")
    shop.world.wait_at_rest()
    assert 1 == counted(shop, "apply:contacts")["absent"]
    all_adds_up(shop)


def leave_marker(shop: SmallShop, topic: str) -> None:
    """Commit a transaction: its marker has an offset and is no record. The record itself is one that can be read."""
    producer = RawProducer({"bootstrap.servers": shop.settings.kafka_bootstrap, "transactional.id": shop.world.name})
    said = asyncio.run(encoded(shop.settings, [old_of(shop, 1)]))
    producer.init_transactions(30)
    producer.begin_transaction()
    for record in said:
        producer.produce(topic, key=record.key, value=record.value)
    producer.commit_transaction(30)


def test_sync_topic_deleted_and_made_anew(make_shop: MakeShop) -> None:
    """What was not applied is lost, which a snapshot mends; versions go on, so nothing old undoes anything."""
    shop = make_shop("synced")
    topic, old = shop.settings.sync_topic(ObjectType.CONTACT), old_of(shop, 1)
    assert 0 == shop.world.stop_worker()
    delete_topic(shop, topic)
    start_in_vain(shop, f"{topic} was deleted and made again", f"--accept-new-topic {topic}")
    start_accepting(shop, topic)
    shop.world.shopbridge("capture", "snapshot", "customers")
    replay(shop, old)
    update(shop, "newest")
    all_adds_up(shop)


def test_unknown_topic_is_refused(make_world: Callable[..., World]) -> None:
    """A name with a slip in it must not pass as accepted."""
    shop = SmallShop(make_world("slip"))
    shop.build(TABLES, SHOP)
    with pytest.raises(WorldError, match="which this worker does not read"):
        shop.world.shopbridge("worker", "--accept-new-topic", "no.such.topic")
