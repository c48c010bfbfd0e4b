"""The object types of the account, and how a path segment names them: plural, singular or type id."""

from __future__ import annotations

from dataclasses import dataclass

from connector.sandbox.answers import Refusal


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One object type. `name` is the singular used in the database; `shown` is what a read gives when nothing is asked.

    `needs_one_of`: a record is created only with at least one of these set. `pipeline` and `stage` name the two
    properties that place a record in a pipeline, on the types that have pipelines.
    """

    name: str
    plural: str
    type_id: str
    created: str
    modified: str
    shown: tuple[str, ...]
    needs_one_of: tuple[str, ...] = ()
    pipeline: str | None = None
    stage: str | None = None

    @property
    def legacy(self) -> str:
        """The upper-case name that stands in error messages."""
        return self.name.upper()

    @property
    def system(self) -> tuple[str, str, str]:
        """The properties that every answer carries."""
        return ("hs_object_id", self.created, self.modified)


CONTACT = ObjectType(
    "contact",
    "contacts",
    "0-1",
    "createdate",
    "lastmodifieddate",
    shown=("email", "firstname", "lastname"),
    needs_one_of=("email", "firstname", "lastname"),
)
COMPANY = ObjectType(
    "company",
    "companies",
    "0-2",
    "createdate",
    "hs_lastmodifieddate",
    shown=("domain", "name"),
    needs_one_of=("name", "domain"),
)
DEAL = ObjectType(
    "deal",
    "deals",
    "0-3",
    "createdate",
    "hs_lastmodifieddate",
    shown=("amount", "closedate", "dealname", "dealstage", "pipeline"),
    pipeline="pipeline",
    stage="dealstage",
)
PRODUCT = ObjectType(
    "product", "products", "0-7", "createdate", "hs_lastmodifieddate", shown=("description", "name", "price")
)
LINE_ITEM = ObjectType(
    "line_item", "line_items", "0-8", "createdate", "hs_lastmodifieddate", shown=("hs_product_id", "quantity")
)
ORDER = ObjectType(
    "order",
    "orders",
    "0-123",
    "hs_createdate",
    "hs_lastmodifieddate",
    shown=(),
    pipeline="hs_pipeline",
    stage="hs_pipeline_stage",
)
CART = ObjectType("cart", "carts", "0-142", "hs_createdate", "hs_lastmodifieddate", shown=())

OBJECT_TYPES = (CONTACT, COMPANY, DEAL, PRODUCT, LINE_ITEM, ORDER, CART)
BY_NAME = {kind.name: kind for kind in OBJECT_TYPES}
_BY_SEGMENT = {segment: kind for kind in OBJECT_TYPES for segment in (kind.name, kind.plural, kind.type_id)}


def known_type(segment: str) -> ObjectType | None:
    """Find the type that a path segment names."""
    return _BY_SEGMENT.get(segment)


def object_type(segment: str) -> ObjectType:
    """Find the type that a path segment names; a `Refusal` in HubSpot's words if there is none."""
    kind = known_type(segment)
    if kind is None:
        raise Refusal(400, f"Unable to infer object type from: {segment}")
    return kind
