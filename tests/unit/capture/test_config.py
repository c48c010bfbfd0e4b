"""The connector's configuration: what must be set is set, and what nobody reads is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.capture.config import connect_registry_url, connector_config, topics, unknown_keys
from connector.capture.plan import CapturePlan
from connector.settings import Settings

SETTINGS = Settings.model_validate({"registry_url": "http://reg:8081/apis/ccompat/v7", "change_retention_days": 3})

MUST = {
    "plugin.name": "pgoutput",
    "publication.autocreate.mode": "disabled",
    "offset.mismatch.strategy": "trust_offset",
    "slot.drop.on.stop": "false",
    "errors.tolerance": "none",
    "skipped.operations": "none",
    "snapshot.mode": "no_data",
    "incremental.snapshot.watermarking.strategy": "insert_delete",
    "schema.name.adjustment.mode": "avro",
    "field.name.adjustment.mode": "avro",
    "include.unknown.datatypes": "true",
    "signal.data.collection": "shopbridge.signal_main",
    "notification.sink.topic.name": "main_notifications",
    "value.converter.apicurio.registry.use-id": "contentId",
    "key.converter.apicurio.registry.as-confluent": "true",
    "value.converter.apicurio.registry.url": "http://reg:8081/apis/registry/v2",
    "database.hostname": "db",
    "database.password": "pass'word",
}


def test_what_must_be_set_is_set(plan: CapturePlan) -> None:
    """Each of these has a default that loses changes, breaks Avro, or needs what the database does not have."""
    config = connector_config(plan, SETTINGS)

    assert MUST == {key: config.get(key) for key in MUST}


def test_tables_are_escaped(plan: CapturePlan) -> None:
    """The list holds regular expressions between commas; ours is in it, or the slot is never confirmed at rest."""
    config = connector_config(plan, SETTINGS)

    expected = r'public\.people,public\.odd\,\ "name",shopbridge\.heartbeat_main'
    assert expected == config["table.include.list"]


def test_generated_columns_are_excluded(plan: CapturePlan) -> None:
    """Only where there are some: an empty list is refused."""
    assert "column.exclude.list" not in connector_config(plan, SETTINGS)

    config = connector_config(replace(plan, left_out=(("people", "a.b"),)), SETTINGS)
    assert r"public\.people\.a\.b" == config["column.exclude.list"]


def test_the_shop_file_has_the_last_word(plan: CapturePlan) -> None:
    """Settings under `capture: config` are added, or replace ours."""
    config = connector_config(replace(plan, extra_config={"poll.interval.ms": "9", "slot.failover": "true"}), SETTINGS)

    assert ("9", "true") == (config["poll.interval.ms"], config["slot.failover"])


def test_misspelt_keys_are_found() -> None:
    """With the nearest known key; families that Connect does not list are free."""
    config = {
        "slot.nam": "x",
        "slot.name": "x",
        "zzz": "x",
        "value.converter.any": "x",
        "offset.mismatch.strategy": "x",
        "column.mask.with.5.chars": "x",
    }

    assert ["slot.nam (did you mean slot.name?)", "zzz"] == unknown_keys(
        config, ["slot.name", "column.mask.with.(d+).chars"]
    )


def test_topics_are_made_beforehand(plan: CapturePlan) -> None:
    """Change topics keep as long as can be replayed; what only tells of the present keeps a day, in one partition."""
    day = 24 * 60 * 60 * 1000
    found = {topic.name: (topic.partitions, topic.config["retention.ms"]) for topic in topics(plan, SETTINGS)}

    expected = {name: (4, str(3 * day)) for name in plan.topics}
    watches = (
        "main.shopbridge.heartbeat_main",
        "__debezium-heartbeat.main",
        "main.shopbridge.signal_main",
        "main_notifications",
    )
    assert expected | {name: (1, str(day)) for name in watches} == found
    assert {"delete"} == {topic.config["cleanup.policy"] for topic in topics(plan, SETTINGS)}


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"registry_url": "http://r/apis/ccompat/v7/"}, "http://r/apis/registry/v2"),
        ({"registry_url": "http://r:1/apis/ccompat/v6"}, "http://r:1/apis/registry/v2"),
        ({"registry_url": "http://r:1"}, "http://r:1/apis/registry/v2"),
        ({"registry_url": "http://r:1", "connect_registry_url": "http://inside:2/x"}, "http://inside:2/x"),
    ],
)
def test_the_converters_registry(settings: dict[str, str], url: str) -> None:
    """The converter speaks another interface of the same registry, perhaps under another name."""
    assert url == connect_registry_url(Settings.model_validate(settings))
