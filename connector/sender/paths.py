"""HubSpot's addresses: dated versions (2026-09, 2026-03) and the older v3 with its v4 associations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from connector.errors import ConfigurationError
from connector.message import LinkKind, ObjectType

SEGMENT: Final = {
    ObjectType.CONTACT: "contacts",
    ObjectType.DEAL: "deals",
    ObjectType.PRODUCT: "products",
    ObjectType.LINE_ITEM: "line_items",
}
ENDS: Final = {
    LinkKind.DEAL_CONTACT: (ObjectType.DEAL, ObjectType.CONTACT),
    LinkKind.LINE_ITEM_DEAL: (ObjectType.LINE_ITEM, ObjectType.DEAL),
}
"""Child and parent of the links that are associations. Products take none: `hs_product_id` names them."""

_DATED: Final = re.compile(r"\d{4}-\d{2}(-beta)?")


@dataclass(frozen=True, slots=True)
class Paths:
    """Addresses of one version: a date as `2026-09`, or `v3`. Raises ConfigurationError for anything else."""

    version: str

    def __post_init__(self) -> None:
        if self.version != "v3" and not _DATED.fullmatch(self.version):
            raise ConfigurationError(
                f"SHOPBRIDGE_HUBSPOT_API_VERSION is {self.version!r}; use a dated version such as 2026-09, or v3"
            )

    def records(self, object_type: ObjectType) -> str:
        """Where all records of a type are listed."""
        return f"{self._of('objects')}/{SEGMENT[object_type]}"

    def search(self, object_type: ObjectType) -> str:
        """Where records of a type are searched for; its index lags behind (HubSpot docs)."""
        return f"{self.records(object_type)}/search"

    def batch(self, object_type: ObjectType, operation: str) -> str:
        return f"{self._of('objects')}/{SEGMENT[object_type]}/batch/{operation}"

    def links(self, kind: LinkKind, operation: str) -> str:
        child, parent = ENDS[kind]
        root = "/crm/v4/associations" if self.version == "v3" else self._of("associations")
        return f"{root}/{SEGMENT[child]}/{SEGMENT[parent]}/batch/{operation}"

    def properties(self, object_type: ObjectType) -> str:
        return f"{self._of('properties')}/{SEGMENT[object_type]}"

    def pipelines(self, object_type: ObjectType) -> str:
        return f"{self._of('pipelines')}/{SEGMENT[object_type]}"

    @property
    def gdpr_delete(self) -> str:
        """HubSpot's erasure of a contact for good."""
        return f"{self.records(ObjectType.CONTACT)}/gdpr-delete"

    @property
    def account(self) -> str:
        """Where the account's own facts are told."""
        return f"/account-info/{self.version}/details"

    def _of(self, thing: str) -> str:
        return f"/crm/v3/{thing}" if self.version == "v3" else f"/crm/{thing}/{self.version}"
