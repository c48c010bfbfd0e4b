"""Settings from the environment (prefix SHOPBRIDGE_), read once at start and passed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, FilePath, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from connector.message import ObjectType
from connector.security import HttpAccess, KafkaAccess, Tls, url_faults

_CA = "the authorities (PEM) that the server's certificate must come from; default: the machine's."
_CERTIFICATE = "our certificate (PEM), where the server wants one."
_KEY = "The certificate's key (PEM)."
_KEY_PASSWORD = "The key's password."  # noqa: S105 - a description


class Settings(BaseSettings):
    """Addresses, credentials and names. Every field is also an environment variable SHOPBRIDGE_<NAME>."""

    model_config = SettingsConfigDict(
        env_prefix="SHOPBRIDGE_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,  # a traceback would show what else stands in the environment
    )

    kafka_bootstrap: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port, comma separated.")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="With SASL: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."
    )
    kafka_username: str | None = Field(None, description="With SASL: the user.")
    kafka_password: SecretStr | None = Field(None, description="With SASL: the user's password.")
    kafka_ca: FilePath | None = Field(None, description=f"With SSL: {_CA}")
    kafka_certificate: FilePath | None = Field(None, description=f"With SSL: {_CERTIFICATE}")
    kafka_key: FilePath | None = Field(None, description=_KEY)
    kafka_key_password: SecretStr | None = Field(None, description=_KEY_PASSWORD)
    registry_url: str = Field("http://127.0.0.1:8081", description="Confluent-compatible schema registry.")
    registry_username: str | None = Field(None, description="The registry's user (basic authentication).")
    registry_password: SecretStr | None = Field(None, description="That user's password.")
    registry_token: SecretStr | None = Field(None, description="A bearer token for the registry.")
    registry_ca: FilePath | None = Field(None, description=f"With https: {_CA}")
    registry_certificate: FilePath | None = Field(None, description=f"With https: {_CERTIFICATE}")
    registry_key: FilePath | None = Field(None, description=_KEY)
    registry_key_password: SecretStr | None = Field(None, description=_KEY_PASSWORD)
    connect_url: str = Field("http://127.0.0.1:8083", description="Kafka Connect's REST address.")
    connect_username: str | None = Field(None, description="User of Connect's REST (basic authentication).")
    connect_password: SecretStr | None = Field(None, description="That user's password.")
    connect_token: SecretStr | None = Field(None, description="A bearer token for Connect's REST.")
    connect_ca: FilePath | None = Field(None, description=f"With https: {_CA}")
    connect_certificate: FilePath | None = Field(None, description=f"With https: {_CERTIFICATE}")
    connect_key: FilePath | None = Field(None, description=_KEY)
    connect_key_password: SecretStr | None = Field(None, description=_KEY_PASSWORD)
    connect_registry_url: str | None = Field(
        None, description="The registry's address for Connect's Apicurio converter; default: derived from registry_url."
    )
    connect_registry_username: str | None = Field(
        None,
        description="The converter's user at the registry; default: ours. It may be a reference, see the password.",
    )
    connect_registry_password: SecretStr | None = Field(
        None,
        description="That user's password, best as a reference that Connect resolves: ${file:PATH:KEY}; default: ours.",
    )
    connect_registry_ca: str | None = Field(
        None, description="The registry's authorities (PEM) where Connect finds them; default: SHOPBRIDGE_REGISTRY_CA."
    )
    connect_kafka_jaas: SecretStr | None = Field(
        None, description="MariaDB, MySQL: sasl.jaas.config of the schema history, best as a reference; default: ours."
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
    sync_retention_days: int | None = Field(
        None, gt=0, description="How long sync messages and sync errors stay on their topics; default: for ever."
    )
    dead_letter_history_days: int = Field(
        30, gt=0, description="After how long at most the older records of an error leave the dead-letter topic."
    )
    parent_deadline_s: float = Field(600.0, gt=0, description="How long a child waits once its parent must have come.")
    delete_grace_s: float = Field(5.0, ge=0, description="How long an archive waits for the row to come back.")
    recheck_after_s: float = Field(120.0, gt=0, description="When an ambiguous call is read back.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What a worker logs at least.")
    request_journal: Path | None = Field(None, description="A file for the ids of HubSpot requests and their fate.")
    mask: str = Field(
        "personal",
        description="What is masked on the screen: personal, always (--show too), never, or a list of properties as "
        "personal,deal.dealname,-contact.group (-: shown).",
    )
    log_personal: Literal["mask", "show"] = Field(
        "mask", description="Whether a worker's log masks e-mail addresses and telephone numbers; secrets never show."
    )
    metrics_address: str | None = Field(
        None,
        pattern=r"^([^:\s]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$",
        description="Where a worker serves /metrics and /health, as 127.0.0.1:9464; each worker of a host has its own.",
    )
    webhook_url: SecretStr | None = Field(None, description="Where alerts are posted as JSON, one for each change.")
    alert_interval_s: float = Field(60.0, gt=0, description="Seconds between two posts of one alert at the least.")
    alert_error_share: float = Field(
        0.05, gt=0, le=1, description="Alert: share of the last 500 settled records that HubSpot refused."
    )
    alert_lag_s: float = Field(300.0, gt=0, description="Alert: seconds that a stage may lag behind.")
    alert_stalled_s: float = Field(120.0, gt=0, description="Alert: seconds that a stage with work may stand still.")
    alert_away_s: float = Field(60.0, ge=0, description="Alert: seconds that HubSpot may be away.")
    alert_quota_share: float = Field(
        0.1, gt=0, lt=1, description="Alert: share of the account's calls of the day that is left."
    )
    alert_parked_s: float = Field(3600.0, gt=0, description="Alert: seconds that a child may wait for its parent.")
    alert_superseded_share: float = Field(
        0.01, gt=0, le=1, description="Alert: share of a quarter of an hour's messages that came too late."
    )
    on_missing: str = Field("leave", pattern="^(leave|recreate)$", description="A record that users deleted.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if faults := list(self._faults()):
            raise ValueError("\n    ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        yield from self.kafka.faults()
        yield from self.registry.faults("SHOPBRIDGE_REGISTRY")
        yield from self.connect.faults("SHOPBRIDGE_CONNECT")
        yield from url_faults(self.hubspot_url, "SHOPBRIDGE_HUBSPOT")
        yield from url_faults(self.connect_registry_url or "", "SHOPBRIDGE_CONNECT_REGISTRY")

    @property
    def kafka(self) -> KafkaAccess:
        """The brokers and how we come in."""
        return KafkaAccess(
            self.kafka_bootstrap,
            self.kafka_security_protocol,
            self.kafka_sasl_mechanism,
            self.kafka_username,
            _revealed(self.kafka_password),
            Tls(self.kafka_ca, self.kafka_certificate, self.kafka_key, _revealed(self.kafka_key_password)),
        )

    @property
    def registry(self) -> HttpAccess:
        """The schema registry and how we come in."""
        tls = Tls(self.registry_ca, self.registry_certificate, self.registry_key, _revealed(self.registry_key_password))
        password, token = _revealed(self.registry_password), _revealed(self.registry_token)
        return HttpAccess(self.registry_url, self.registry_username, password, token, tls)

    @property
    def connect(self) -> HttpAccess:
        """Kafka Connect's REST and how we come in."""
        tls = Tls(self.connect_ca, self.connect_certificate, self.connect_key, _revealed(self.connect_key_password))
        password, token = _revealed(self.connect_password), _revealed(self.connect_token)
        return HttpAccess(self.connect_url, self.connect_username, password, token, tls)

    def secrets(self) -> frozenset[str]:
        """Everything in here that must not be written down anywhere."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return frozenset(value.get_secret_value() for value in values if isinstance(value, SecretStr)) - {""}

    def sync_topic(self, object_type: ObjectType) -> str:
        return f"{self.topic_prefix}.sync.{_SYNC_TOPIC[object_type]}"

    @property
    def errors_topic(self) -> str:
        return f"{self.topic_prefix}.sync-errors"

    @property
    def dead_letter_topic(self) -> str:
        return f"{self.topic_prefix}.dead-letter"

    @property
    def acts_topic(self) -> str:
        return f"{self.topic_prefix}.operator-acts"


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


_SYNC_TOPIC = {
    ObjectType.CONTACT: "contacts",
    ObjectType.DEAL: "deals",
    ObjectType.PRODUCT: "products",
    ObjectType.LINE_ITEM: "line-items",
}
