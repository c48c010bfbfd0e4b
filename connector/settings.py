"""Settings from the environment (prefix SHOPBRIDGE_), read once at start and passed in."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from connector.message import ObjectType


class Settings(BaseSettings):
    """Addresses, credentials and names. Every field is also an environment variable SHOPBRIDGE_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="SHOPBRIDGE_", frozen=True, extra="ignore")

    kafka_bootstrap: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port, comma separated.")
    registry_url: str = Field("http://127.0.0.1:8081", description="Confluent-compatible schema registry.")
    connect_url: str = Field("http://127.0.0.1:8083", description="Kafka Connect's REST address.")
    connect_registry_url: str | None = Field(
        None, description="The registry's address for Connect's Apicurio converter; default: derived from registry_url."
    )
    hubspot_url: str = Field("https://api.hubapi.com", description="HubSpot's address.")
    hubspot_token: SecretStr = Field(SecretStr(""), description="Service key or private-app token.")
    hubspot_api_version: str = Field("2026-09", description="Dated API version, or v3.")
    hubspot_requests_per_10_s: int = Field(100, gt=0, description="All calls in a rolling 10 s (headers correct it).")
    hubspot_associations_per_10_s: int = Field(100, gt=0, description="Association calls in a rolling 10 s.")
    hubspot_timeout_s: float = Field(30.0, gt=0, description="Request timeout in seconds.")
    portal: str = Field("default", description="A name for the HubSpot account, part of every error id.")
    ledger: Path = Field(Path("shopbridge-ledger.db"), description="The SQLite ledger's file.")
    group: str = Field("shopbridge", description="Consumer group and the prefix of its members' names.")
    topic_prefix: str = Field("bridge", description="Prefix of the product's own topics.")
    topic_partitions: int = Field(4, gt=0, description="Partitions of the topics that the product creates.")
    topic_replication: int = Field(1, gt=0, description="Replication factor of the topics that the product creates.")
    change_retention_days: int = Field(30, gt=0, description="How long change topics can be replayed.")
    parent_deadline_s: float = Field(600.0, gt=0, description="How long a child waits once its parent must have come.")
    delete_grace_s: float = Field(5.0, ge=0, description="How long an archive waits for the row to come back.")
    recheck_after_s: float = Field(120.0, gt=0, description="When an ambiguous call is read back.")
    request_journal: Path | None = Field(None, description="A file for the ids of HubSpot requests and their fate.")
    on_missing: str = Field("leave", pattern="^(leave|recreate)$", description="A record that users deleted.")

    def sync_topic(self, object_type: ObjectType) -> str:
        return f"{self.topic_prefix}.sync.{_SYNC_TOPIC[object_type]}"

    @property
    def errors_topic(self) -> str:
        return f"{self.topic_prefix}.sync-errors"

    @property
    def dead_letter_topic(self) -> str:
        return f"{self.topic_prefix}.dead-letter"


_SYNC_TOPIC = {
    ObjectType.CONTACT: "contacts",
    ObjectType.DEAL: "deals",
    ObjectType.PRODUCT: "products",
    ObjectType.LINE_ITEM: "line-items",
}
