"""What the account has defined: properties, property groups, pipelines, association types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from connector.sandbox import definitions, pipelines, seeds
from connector.sandbox.database import Database
from connector.sandbox.definitions import Definition, Option
from connector.sandbox.object_types import BY_NAME, OBJECT_TYPES, ObjectType
from connector.sandbox.pipelines import Pipeline
from connector.sandbox.record import AssociationType
from connector.sandbox.settings import Switches

_FIRST_USER_DEFINED = 10_001


class Catalogue:
    """The definitions in force: HubSpot's standard ones, then what was created, changed or archived since."""

    def __init__(self, database: Database, switches: Switches) -> None:
        self._database = database
        self.load(switches)

    def load(self, switches: Switches) -> None:
        """Read the file anew and apply the switches that concern definitions."""
        self.properties = {kind.name: definitions.standard(kind.name) for kind in OBJECT_TYPES}
        self.groups: dict[str, dict[str, dict[str, Any]]] = {kind.name: _standard_groups(kind) for kind in OBJECT_TYPES}
        self.pipelines = {kind.name: pipelines.standard(kind.name) for kind in OBJECT_TYPES}
        for object_type, name, body in self._database.definitions("property"):
            self.properties[object_type][name] = self._restored(object_type, name, body)
        for object_type, name, body in self._database.definitions("group"):
            self.groups[object_type][name] = body
        for object_type, name, body in self._database.definitions("pipeline"):
            self.pipelines[object_type][name] = pipelines.from_stored(body)
        self._load_associations()
        self.apply(switches)

    def _restored(self, object_type: str, name: str, body: Mapping[str, Any]) -> Definition:
        standard = self.properties[object_type].get(name)
        if standard is None:
            return definitions.from_stored(body)
        return replace(definitions.changed(standard, body, body["updatedAt"]), archived=body["archived"])

    def apply(self, switches: Switches) -> None:
        """Take over the account-dependent facts: which standard properties are unique, and the currencies."""
        unique = {
            ("product", "hs_sku"): switches.unique_hs_sku,
            ("order", "hs_external_order_id"): switches.unique_hs_external_order_id,
            ("cart", "hs_external_cart_id"): switches.unique_hs_external_cart_id,
        }
        for (object_type, name), wanted in unique.items():
            known = self.properties[object_type]
            known[name] = replace(known[name], unique=wanted)
        self.archived_keep_values = switches.archived_key == "conflict"
        currencies = tuple(Option(code, code, order) for order, code in enumerate(switches.currencies))
        for known in self.properties.values():
            for definition in [d for d in known.values() if d.currency]:
                known[definition.name] = replace(definition, options=currencies)
        self._refresh_unique()
        for kind in OBJECT_TYPES:
            self._refresh_pipeline_options(kind)

    def _refresh_unique(self) -> None:
        self._unique = {
            object_type: tuple(d.name for d in known.values() if d.unique and not d.archived)
            for object_type, known in self.properties.items()
        }

    def _refresh_pipeline_options(self, kind: ObjectType) -> None:
        """Let the two pipeline properties show the pipelines and all their stages as options."""
        if kind.pipeline is None or kind.stage is None:
            return
        live = [pipeline for pipeline in self.pipelines[kind.name].values() if not pipeline.archived]
        stages = [stage for pipeline in live for stage in pipeline.stages if not stage.archived]
        known = self.properties[kind.name]
        known[kind.pipeline] = replace(known[kind.pipeline], options=_options((p.label, p.pipeline_id) for p in live))
        known[kind.stage] = replace(known[kind.stage], options=_options((s.label, s.stage_id) for s in stages))

    def unique(self, object_type: str) -> tuple[str, ...]:
        """Name the properties of a type whose values are unique."""
        return self._unique[object_type]

    def definition(self, object_type: str, name: str) -> Definition | None:
        """Find a property that is not archived."""
        definition = self.properties[object_type].get(name)
        return None if definition is None or definition.archived else definition

    def define(self, object_type: str, definition: Definition) -> None:
        self._database.define("property", object_type, definition.name, definition.stored())
        self.properties[object_type][definition.name] = definition
        self._refresh_unique()

    def define_group(self, object_type: str, group: dict[str, Any]) -> None:
        self._database.define("group", object_type, group["name"], group)
        self.groups[object_type][group["name"]] = group

    def define_pipeline(self, object_type: str, pipeline: Pipeline) -> None:
        self._database.define("pipeline", object_type, pipeline.pipeline_id, pipeline.body())
        self.pipelines[object_type][pipeline.pipeline_id] = pipeline
        self._refresh_pipeline_options(BY_NAME[object_type])

    def _load_associations(self) -> None:
        self._association_types: dict[tuple[str, str], list[AssociationType]] = defaultdict(list)
        self._by_id: dict[tuple[str, int], list[AssociationType]] = defaultdict(list)
        for kind in seeds.association_types():
            self._add_association(kind)
        for _, _, body in self._database.definitions("label"):
            self._add_association(AssociationType(**body))

    def _add_association(self, kind: AssociationType) -> None:
        self._association_types[kind.from_type, kind.to_type].append(kind)
        self._by_id[kind.category, kind.type_id].append(kind)

    def define_labels(self, kinds: Iterable[AssociationType]) -> None:
        """Add a label of the account's own: one association type for each direction."""
        for kind in kinds:
            name = f"{kind.category}/{kind.type_id}/{kind.from_type}/{kind.to_type}"
            self._database.define("label", kind.from_type, name, asdict(kind))
            self._add_association(kind)

    def fresh_label_id(self) -> int:
        taken = [type_id for category, type_id in self._by_id if category == "USER_DEFINED"]
        return max(taken, default=_FIRST_USER_DEFINED - 1) + 1

    def association_types(self, from_type: str, to_type: str) -> list[AssociationType]:
        return self._association_types.get((from_type, to_type), [])

    def default_association(self, from_type: str, to_type: str) -> AssociationType | None:
        """Find the unlabelled association type; there is none where HubSpot allows no association."""
        kinds = self.association_types(from_type, to_type)
        return next((kind for kind in kinds if kind.label is None), None)

    def association_by_id(self, category: str, type_id: int) -> list[AssociationType]:
        """Find the association types with an id, whatever their direction."""
        return self._by_id.get((category, type_id), [])

    def inverse(self, kind: AssociationType) -> AssociationType:
        """Find the other direction of an association type."""
        for other in self.association_types(kind.to_type, kind.from_type):
            if other.type_id == kind.inverse_id and other.category == kind.category:
                return other
        raise LookupError(f"association type {kind.type_id} has no inverse {kind.inverse_id}: the data file is wrong")


def _options(pairs: Iterable[tuple[str, str]]) -> tuple[Option, ...]:
    return tuple(Option(label, value, order) for order, (label, value) in enumerate(pairs))


def _standard_groups(kind: ObjectType) -> dict[str, dict[str, Any]]:
    name, label = seeds.properties()[kind.name]["group"]
    return {name: {"name": name, "label": label, "displayOrder": 0, "archived": False}}
