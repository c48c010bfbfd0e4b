"""The account: its settings, switches, definitions, data and search index in one place."""

from __future__ import annotations

import random
from typing import TypeVar

from connector.sandbox.answers import Refusal
from connector.sandbox.call import Call
from connector.sandbox.catalogue import Catalogue
from connector.sandbox.clock import Clock, iso
from connector.sandbox.database import Database
from connector.sandbox.limits import Limiter
from connector.sandbox.object_types import ObjectType
from connector.sandbox.record import Record
from connector.sandbox.search_index import SearchIndex
from connector.sandbox.settings import PLANS, SandboxSettings, Switches
from connector.sandbox.store import Store, Transaction

_T = TypeVar("_T")


class Portal:
    """One HubSpot account. Endpoints get it beside their call."""

    def __init__(self, settings: SandboxSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.switches = settings.switches
        self.chance = random.Random(settings.seed)  # noqa: S311 - shuffles answers, guards nothing
        self.database = Database(settings.database)
        self.catalogue = Catalogue(self.database, self.switches)
        self.store = Store(self.database, self.catalogue, self.chance)
        self.search = SearchIndex(clock, self.store.records.values())
        self.store.watchers.append(self._index)
        plan = PLANS[settings.plan]
        self.limiter = Limiter(plan, settings.time_zone, clock, lambda since: self.database.calls_since(iso(since)))

    def _index(self, record: Record) -> None:
        self.search.put(record, self.switches.search_lag_s)

    def switch(self, switches: Switches) -> None:
        """Flip switches; what depends on them follows at once."""
        self.switches = switches
        self.catalogue.apply(switches)
        self.store.reindex()

    def reset(self) -> None:
        """Make the account as new: no records, standard definitions, the switches it was started with."""
        self.database.empty()
        self.switches = self.settings.switches
        self.catalogue.load(self.switches)
        self.store.load()
        self.search.clear()
        self.limiter.clear()

    def transaction(self, call: Call) -> Transaction:
        return Transaction(self.store, call.origin)

    def shuffled(self, results: list[_T]) -> list[_T]:
        """Give results in no particular order, as HubSpot does."""
        return self.chance.sample(results, len(results)) if self.switches.shuffle else results

    def resolved(self, record_id: str) -> Record | None:
        """Find a record by id; the id of a record that was merged away leads to the one that absorbed it."""
        record = self.store.records.get(record_id)
        while record is not None and record.merged_into is not None:
            record = self.store.records.get(record.merged_into)
        return record

    def key_property(self, kind: ObjectType, name: str, *, writing: bool) -> None:
        """Check that records can be found by a property; raises `Refusal` in HubSpot's words if they cannot."""
        own_key = kind.name == "contact" and name != "email"
        if name not in self.catalogue.unique(kind.name) or (
            writing and own_key and not self.switches.contacts_custom_key
        ):
            raise Refusal(
                400,
                f"Unable to perform update/upsert by non-unique {kind.type_id} property {name}"
                f" in portal ID {self.settings.portal_id}",
                category="VALIDATION_ERROR",
            )
