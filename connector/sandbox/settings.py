"""What the sandbox is started with, and the switches that may be flipped while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


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


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConditionalRule(_Frozen):
    """2026-09: `property` must be set on records whose `controller` has one of `values`."""

    object_type: str
    property: str
    controller: str
    values: tuple[str, ...]


class ValidationRule(_Frozen):
    """A rule that an administrator put on a property: the value must match `pattern` whole.

    `code` and `message` are what the refusal says, such as INVALID_ALPHA and "Enter only letters".
    """

    object_type: str
    property: str
    pattern: str
    code: str
    message: str


class Switches(_Frozen):
    """Points where HubSpot's behaviour is unknown, differs between accounts, or is a nuisance worth turning off.

    Those up to `pipeline_id_collision` are questions that only a real account could answer; each default is the
    stricter or likelier answer.
    """

    upsert_conflict: Literal["batch", "item"] = Field(
        default="batch",
        description="upsert with trace ids meets a value that another record owns: whole batch, or 207 item",
    )
    strict_partial_email: Literal["keep", "blank", "reject"] = Field(
        default="keep",
        description="upsert by e-mail leaves properties out: they are kept, blanked, or the input is refused",
    )
    contacts_custom_key: bool = Field(
        default=True, description="a unique property of one's own works as upsert key on contacts"
    )
    echo_trace_id_in_results: bool = Field(default=False, description="results carry objectWriteTraceId")
    association_dead_id: Literal["batch", "item"] = Field(
        default="batch", description="one dead id among associations: 400 for all, or a 207 item for that pair"
    )
    unique_hs_sku: bool = Field(default=True, description="hs_sku of products is unique")
    unique_hs_external_order_id: bool = Field(default=False, description="hs_external_order_id of orders is unique")
    unique_hs_external_cart_id: bool = Field(default=False, description="hs_external_cart_id of carts is unique")
    archived_key: Literal["create", "refuse", "restore"] = Field(
        default="create",
        description="upsert by the key of an archived record: a new record, a 400, or the old one restored",
    )
    pipeline_id_collision: Literal["conflict", "invalid", "new_id"] = Field(
        default="conflict", description="a pipeline id that exists already: 409, 400, or 201 under another id"
    )

    update_invalid: Literal["batch", "item"] = Field(
        default="batch", description="batch update with trace ids and an invalid value: 400 for all, or a 207 item"
    )
    trace_id_in_errors: bool = Field(default=True, description="errors of a 207 carry objectWriteTraceId")
    shuffle: bool = Field(default=True, description="results of a batch come in random order")
    search_lag_s: float = Field(default=5.0, ge=0, description="seconds until a write is seen by search")
    check_top_level_domain: bool = Field(default=True, description="an e-mail under an unknown domain is invalid")
    edit_associations: bool = Field(default=True, description="2026-09: the user may edit associations")
    primary_id_preservation: bool = Field(default=False, description="a merge keeps the primary record's id")
    currencies: tuple[str, ...] = Field(default=("USD", "EUR", "GBP"), description="currencies enabled in the account")
    required: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="2026-09: properties that a created record must have, by object type"
    )
    conditional: tuple[ConditionalRule, ...] = Field(
        default=(), description="2026-09: conditionally required properties"
    )
    rules: tuple[ValidationRule, ...] = Field(default=(), description="administrators' rules on single properties")


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
