"""The shape of the shop file. What pydantic can say of one key alone is said here; the rest is in `rules`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from connector.mapping import checks
from connector.mapping.template import is_template


class Shape(BaseModel):
    """A piece of the file: no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


EnvText = Annotated[str, AfterValidator(checks.substitute_environment)]
TemplateText = Annotated[str, AfterValidator(checks.check_template)]
SqlText = Annotated[str, AfterValidator(checks.check_sql)]
FunctionPath = Annotated[str, AfterValidator(checks.check_function)]
ZoneName = Annotated[str, AfterValidator(checks.check_zone)]
Name = Annotated[str, StringConstraints(min_length=1)]
PropertyName = Annotated[str, AfterValidator(checks.check_property_name)]
Constant = Annotated[Any, AfterValidator(checks.check_constant)]
PropertyType = Literal["string", "number", "bool", "date", "datetime", "enumeration", "phone_number"]


class StoreShape(Shape):
    """The shop as HubSpot's users see it."""

    id: Annotated[str, AfterValidator(checks.check_store_id)] = Field(description="Short name, part of every key.")
    label: str | None = Field(None, description="The shop's name for people; default: the id.")
    admin_url: EnvText | None = Field(None, description="Where the shop's staff administer it.")


class DatabaseShape(Shape):
    """The shop's database."""

    kind: Literal["postgres", "mariadb", "mysql"] = Field(description="Decides the SQL dialect of expressions.")
    url: EnvText = Field(description="Address with credentials; ${NAME} takes an environment variable.")
    schema_: Name = Field(alias="schema", description="PostgreSQL: the schema; MariaDB and MySQL: the database.")
    zone: ZoneName | None = Field(None, description="Time zone of columns that hold times without one.")


class ExternalShape(Shape):
    """Change topics that somebody else's Debezium writes."""

    format: Literal["avro", "json"] = Field("avro", description="Avro with a registry, or JSON with or without schema.")
    topics: dict[Name, Annotated[str, AfterValidator(checks.check_topic)]] = Field(
        {}, description="Table → its change topic; default: <prefix>.<schema>.<table>."
    )
    clock_topic: Annotated[str, AfterValidator(checks.check_topic)] | None = Field(
        None,
        description="Change topic of a table that is written all the time: its commits tell the time.",
    )
    decimals: Literal["precise", "string", "double"] = Field(
        "precise", description="JSON without schema: the connector's decimal.handling.mode."
    )
    times: Literal["adaptive", "adaptive_time_microseconds", "connect", "isostring", "microseconds", "nanoseconds"] = (
        Field("adaptive", description="JSON without schema: the connector's time.precision.mode.")
    )


def _external(value: Any) -> Any:
    """`true` alone is the mapping in which everything is as usual; `false` is none."""
    return {} if value is True else None if value is False else value


External = Annotated[
    ExternalShape | None, BeforeValidator(_external, json_schema_input_type=bool | ExternalShape | None)
]


class CaptureShape(Shape):
    """How the database's change log is captured."""

    external: External = Field(
        None, description="Somebody else's Debezium captures; true, or what is unusual about its topics."
    )
    prefix: Annotated[str, AfterValidator(checks.check_prefix)] | None = Field(
        None, description="First part of the change topics' names; default: the store's id."
    )
    connector: Name | None = Field(None, description="Name of the connector in Kafka Connect.")
    slot: Name | None = Field(None, description="PostgreSQL: name of the replication slot.")
    publication: Name | None = Field(None, description="PostgreSQL: name of the publication.")
    server_id: Annotated[int, Field(ge=1, lt=2**32)] | None = Field(
        None, description="MariaDB and MySQL: the connector's id among the server's replicas; default: derived."
    )
    url: EnvText | None = Field(None, description="The database's address as Kafka Connect sees it; default: its url.")
    config: dict[str, str] = Field({}, description="Further settings of the Debezium connector, as they are.")

    OF_OUR_OWN: ClassVar = ("connector", "slot", "publication", "server_id", "url", "config")

    @model_validator(mode="after")
    def _ours_or_theirs(self) -> Self:
        if self.external is not None:
            checks.check_external(self.model_fields_set & {*self.OF_OUR_OWN}, list(self.external.topics.values()))
        return self


class ColumnShape(Shape):
    """A column with what must be said about its times."""

    column: Name
    zone: ZoneName | None = Field(None, description="Time zone of a column that holds times without one.")
    zero_date: None = Field(None, description="`zero_date: null` makes 1970-01-01 an empty value.")


class PropertyShape(ColumnShape):
    """Where a property's value comes from: exactly one of column, template, const, sql, python."""

    column: Name | None = None  # type: ignore[assignment]
    template: TemplateText | None = Field(None, description="Text with {column} in it.")
    const: Constant = Field(None, description="The same value for every row.")
    sql: SqlText | None = Field(None, description="An SQL expression over the row's columns.")
    python: FunctionPath | None = Field(None, description="package.module:function, called with the row as a dict.")
    values: dict[Any, Constant] | None = Field(None, description="The column's values and what they become.")
    default: Constant = Field(None, description="What a value becomes that `values` does not name.")

    SOURCES: ClassVar = ("column", "template", "const", "sql", "python")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        checks.check_one_source(self.model_fields_set, self.SOURCES)
        return self


class LinkShape(Shape):
    """A link to a parent: the parent's id as a template."""

    key: TemplateText = Field(description="The parent's external id.")
    required: bool = Field(False, description="A parent that is deleted or filtered away is an error.")
    cascade: bool = Field(False, description="The database deletes the row with its parent, without a change event.")


def _short_property(value: Any) -> Any:
    """A text alone is a template where it has braces, else a column."""
    if isinstance(value, str):
        return {"template" if is_template(value) else "column": value}
    return checks.check_property_form(value)


def _short(key: str, shape: type[Shape]) -> BeforeValidator:
    """Accepts a text for a mapping of that one key."""

    def widen(value: Any) -> Any:
        return {key: value} if isinstance(value, str) else value

    return BeforeValidator(widen, json_schema_input_type=str | shape)


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Property = Annotated[PropertyShape, BeforeValidator(_short_property, json_schema_input_type=str | PropertyShape)]
OrderedBy = Annotated[ColumnShape, _short("column", ColumnShape)]
Link = Annotated[LinkShape, _short("key", LinkShape)]


class TableShape(Shape):
    """What the rows of one table say about one kind of object."""

    from_: Annotated[str, AfterValidator(checks.check_table)] = Field(alias="from", description="The table.")
    id: TemplateText = Field(description="The external id, a template over the table's key columns.")
    where: SqlText | None = Field(None, description="Only rows for which this is true are in HubSpot.")
    properties: dict[PropertyName, Property] = Field(description="HubSpot property name → where its value comes from.")
    types: dict[str, PropertyType] = Field({}, description="Types of properties that `setup` shall create.")
    bears: bool | None = Field(None, description="The object lives while such a row does; default: the first mapping.")
    newest_by: OrderedBy | None = Field(None, description="The column that decides which of several rows speaks.")
    match_by: str | None = Field(None, description="The property by which a record already in HubSpot is recognised.")
    on_delete: Literal["archive", "ignore", "clear"] = Field("archive", description="What a deleted row does.")

    LINKS: ClassVar[tuple[str, ...]] = ()


class OrderTableShape(TableShape):
    customer: Link | None = Field(None, description="The contact of the deal.")

    LINKS: ClassVar = ("customer",)


class LineItemTableShape(TableShape):
    order: Link | None = Field(None, description="The deal of the line item.")
    product: Link | None = Field(None, description="The product of the line item.")

    LINKS: ClassVar = ("order", "product")


def _tables(shape: type[TableShape]) -> BeforeValidator:
    return BeforeValidator(_as_list, json_schema_input_type=shape | list[shape])  # type: ignore[valid-type]


Tables = Annotated[list[TableShape], _tables(TableShape)]


class ShopShape(Shape):
    """A shop: its store, its database, and which tables make which objects."""

    store: StoreShape
    database: DatabaseShape
    capture: CaptureShape = Field(default_factory=lambda: CaptureShape.model_validate({}))
    customers: Tables = Field([], description="Tables that make contacts.")
    products: Tables = Field([], description="Tables that make products.")
    orders: Annotated[list[OrderTableShape], _tables(OrderTableShape)] = Field(
        [], description="Tables that make deals."
    )
    line_items: Annotated[list[LineItemTableShape], _tables(LineItemTableShape)] = Field(
        [], description="Tables that make line items."
    )

    @model_validator(mode="after")
    def _some_section(self, _: ValidationInfo) -> Self:
        checks.check_some_section(any((self.customers, self.products, self.orders, self.line_items)))
        return self


SECTION_SHAPES: dict[str, type[TableShape]] = {
    "customers": TableShape,
    "products": TableShape,
    "orders": OrderTableShape,
    "line_items": LineItemTableShape,
}
"""The sections, parents first."""
