"""What the sandbox is started with, and the switches that may be flipped while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connector.sandbox.rules import ConditionalRule, ValidationRule
from connector.sandbox.texts import type_named


@dataclass(frozen=True, slots=True)
class Plan:
    """An account's limits. Bursts are calls in a rolling window of 10 seconds; `None` is no limit stated."""

    burst: int
    daily: int
    association_burst: int
    association_daily: int | None
    search_per_second: int


PLANS = {
    "free": Plan(100, 250_000, 100, None, 5),
    "professional": Plan(190, 625_000, 150, 500_000, 5),
    "enterprise": Plan(190, 1_000_000, 150, 500_000, 5),
    "unlimited": Plan(1_000_000, 1_000_000_000, 1_000_000, None, 1_000_000),
}
"""HubSpot's documented numbers for privately distributed apps; `unlimited` is for measuring, no account has it."""


def _question(number: int, description: str, *, default: Any) -> Any:
    """Declare a switch that answers one of the eight questions that HubSpot's documentation leaves open."""
    return Field(default=default, description=description, json_schema_extra={"question": number})


class Switches(BaseModel):
    """Points where HubSpot's behaviour is unknown, differs between accounts, or is a nuisance worth turning off.

    Those up to `pipeline_id_collision` answer the eight questions that only a real account could; each default is the
    stricter or likelier answer. `connector.sandbox.switchboard` describes them all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    upsert_conflict: Literal["batch", "item"] = _question(
        1,
        "upsert with trace ids meets a value that another record owns: whole batch refused, or 207 item",
        default="batch",
    )
    strict_partial_email: Literal["keep", "blank", "reject"] = _question(
        2, "upsert by e-mail leaves properties out: they are kept, blanked, or the input is refused", default="keep"
    )
    contacts_custom_key: bool = _question(
        3, "a unique property of one's own works as upsert key on contacts", default=True
    )
    echo_trace_id_in_results: bool = _question(4, "results carry objectWriteTraceId", default=False)
    association_dead_id: Literal["batch", "item"] = _question(
        5, "one dead id among associations: 400 for all, or a 207 item for that pair", default="batch"
    )
    unique_hs_sku: bool = _question(6, "hs_sku of products is unique", default=True)
    unique_hs_external_order_id: bool = _question(6, "hs_external_order_id of orders is unique", default=False)
    unique_hs_external_cart_id: bool = _question(6, "hs_external_cart_id of carts is unique", default=False)
    archived_key: Literal["create", "refuse", "conflict", "restore"] = _question(
        7,
        "upsert by the key of an archived record: a new record, a 400 of its own, a conflict (archived records keep "
        "their unique values against every write), or the old record restored",
        default="create",
    )
    pipeline_id_collision: Literal["conflict", "invalid", "new_id"] = _question(
        8, "a pipeline id that exists already: 409, 400, or 201 under another id", default="conflict"
    )

    update_invalid: Literal["batch", "item"] = Field(
        default="batch", description="batch update with trace ids and an invalid value: 400 for all, or a 207 item"
    )
    email_taken_by_update: Literal["existing", "coordinates"] = Field(
        default="existing",
        description="an update sets an e-mail that another owns: the 409 of a create, or the 400 of unique values",
    )
    trace_id_in_errors: bool = Field(default=True, description="errors of a 207 carry objectWriteTraceId")
    shuffle: bool = Field(default=True, description="results of a batch come in random order")
    search_lag_s: float = Field(default=5.0, ge=0, description="seconds until a write is seen by search")
    check_top_level_domain: bool = Field(default=True, description="an e-mail under an unknown domain is invalid")
    edit_associations: bool = Field(default=True, description="2026-09: the user may edit associations")
    primary_id_preservation: bool = Field(default=False, description="a merge keeps the primary record's id")
    currencies: tuple[str, ...] = Field(
        default=("USD", "EUR"), description="currencies enabled in the account, the company's own first"
    )
    required: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="2026-09: properties that a created record must have, by object type"
    )
    conditional: tuple[ConditionalRule, ...] = Field(
        default=(), description="2026-09: conditionally required properties"
    )
    rules: tuple[ValidationRule, ...] = Field(default=(), description="rules of administrators on single properties")

    @field_validator("required")
    @classmethod
    def _known_types(cls, required: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {type_named(name): properties for name, properties in required.items()}


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """What one sandbox is. `token` None takes any bearer token; `seed` makes ids and shuffling repeatable."""

    database: Path
    token: str | None = None
    plan: str = "professional"
    portal_id: int = 24_601_337
    time_zone: str = "America/New_York"
    seed: int | None = None
    switches: Switches = field(default_factory=Switches)
