"""Properties that HubSpot sets itself: identity, times, and values worked out from others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from connector.sandbox import emails
from connector.sandbox.catalogue import Catalogue
from connector.sandbox.object_types import BY_NAME
from connector.sandbox.record import Record

Properties = dict[str, str]

INHERITED = (
    "name",
    "price",
    "description",
    "hs_sku",
    "hs_cost_of_goods_sold",
    "hs_recurring_billing_period",
    "recurringbillingfrequency",
    "hs_images",
    "hs_url",
    "tax",
)
"""What a line item takes over from its product when it is created and the client does not say otherwise."""


def completed(record: Record, catalogue: Catalogue) -> Properties:
    """Give a record's properties with all that HubSpot works out brought up to date."""
    kind = BY_NAME[record.object_type]
    properties = dict(record.properties)
    properties["hs_object_id"] = record.record_id
    properties.setdefault(kind.created, record.created_at)
    properties[kind.modified] = record.updated_at
    properties.setdefault("hs_object_source", "INTEGRATION")
    properties.setdefault("hs_object_source_label", "INTEGRATION")
    derive = _DERIVATIONS.get(kind.name)
    if derive is not None:
        derive(properties, catalogue)
    return properties


def _contact(properties: Properties, _: Catalogue) -> None:
    domain = properties.get("email", "").rpartition("@")[2]
    _set(properties, "hs_email_domain", domain)
    _set(properties, emails.ADDITIONAL, emails.others(properties))
    merged = properties.get("hs_merged_object_ids", "")
    properties["hs_all_contact_vids"] = ";".join(filter(None, [properties["hs_object_id"], merged]))


def _deal(properties: Properties, catalogue: Catalogue) -> None:
    pipeline = catalogue.pipelines["deal"].get(properties.get("pipeline", ""))
    stages = pipeline.stages if pipeline else ()
    stage = next((stage for stage in stages if stage.stage_id == properties.get("dealstage")), None)
    probability = stage.metadata["probability"] if stage else None
    properties["hs_is_closed"] = "true" if probability in {"0.0", "1.0"} else "false"
    properties["hs_is_closed_won"] = "true" if probability == "1.0" else "false"


def _line_item(properties: Properties, _: Catalogue) -> None:
    price, quantity = _decimal(properties, "price"), _decimal(properties, "quantity")
    if price is None or quantity is None:
        for name in ("amount", "hs_pre_discount_amount", "hs_total_discount"):
            properties.pop(name, None)
        return
    gross = price * quantity
    discount = (_decimal(properties, "discount") or Decimal(0)) * quantity
    discount += (gross - discount) * (_decimal(properties, "hs_discount_percentage") or Decimal(0)) / 100
    properties["amount"] = _as_computed(gross - discount)
    properties["hs_pre_discount_amount"] = _as_computed(gross)
    properties["hs_total_discount"] = _as_computed(discount)


_DERIVATIONS: Mapping[str, Callable[[Properties, Catalogue], None]] = {
    "contact": _contact,
    "deal": _deal,
    "line_item": _line_item,
}


def _set(properties: Properties, name: str, value: str) -> None:
    if value:
        properties[name] = value
    else:
        properties.pop(name, None)


def _decimal(properties: Properties, name: str) -> Decimal | None:
    try:
        return Decimal(properties[name])
    except (KeyError, InvalidOperation):
        return None


def _as_computed(value: Decimal) -> str:
    """Write a worked-out number as HubSpot does: plain digits with at least one decimal."""
    text = format(value, "f")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"
