"""HubSpot's words of refusal → an entry of the error catalogue, and whose fault it is: the record's or the schema's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.message import ObjectType
from connector.outcome import Refusal, Refused, SchemaRefused
from connector.sender.calls import RIGHTS_OF_ONE_TYPE, Answer, words

Constants = frozenset[tuple[ObjectType, str, str]]
"""(type, property, value as text) of the values that the shop file itself states: a missing option is its fault."""

UNEXPECTED_ANSWER: Final = "UNEXPECTED_ANSWER"
CONFLICT: Final = "CONFLICT"

_STAGES: Final = frozenset({"dealstage", "hs_pipeline_stage"})
_PIPELINES: Final = frozenset({"pipeline", "hs_pipeline"})
_SCHEMA_CODES: Final = {"PROPERTYDOESNTEXIST": "PROPERTY_DOESNT_EXIST", "READONLYVALUE": "READ_ONLY_VALUE"}
_CURRENCIES: Final = frozenset({"deal_currency_code", "hs_currency_code", "hs_line_item_currency_code"})
_OPTION_TYPES: Final = {
    **dict.fromkeys(_STAGES, "INVALID_DEAL_STAGE"),
    **dict.fromkeys(_CURRENCIES, "CURRENCY_NOT_ENABLED"),
}
_VALUE_CODES: Final = {
    "INVALIDEMAIL": "INVALID_EMAIL_ADDRESS",
    "INVALIDLONG": "INVALID_NUMBER",
    "INVALIDINTEGER": "INVALID_NUMBER",
    "INVALIDNUMBER": "INVALID_NUMBER",
    "INVALIDDOUBLE": "INVALID_NUMBER",
    "INVALIDDATE": "ERROR_INVALID_DATE_PROPERTY",
    "INVALIDDATETIME": "ERROR_INVALID_DATE_PROPERTY",
    "MISSINGREQUIREDPROPERTY": "MISSING_REQUIRED_PROPERTY",
    "MISSINGCONDITIONALREQUIREDPROPERTY": "MISSING_REQUIRED_PROPERTY",
    "INVALIDLENGTH": "VALUE_TOO_LONG",
    "NUMBEROUTOFRANGE": "VALUE_OUT_OF_RANGE",
}
_RULES: Final = ("INVALID", "MINLENGTH", "MAXLENGTH", "MINNUMBER", "MAXNUMBER", "ALPHANUMERIC", "FORMAT", "REGEX")
"""How the codes of administrators' rules begin. HubSpot documents INVALID_ALPHA alone; the others are the names that
its property validations have for their kinds."""

_BLOCKED: Final = re.compile(r"GDPR")
_TOO_LONG: Final = re.compile(r"\btoo long\b|\b(at most|more than|exceeds?|maximum( length)? of) [\d,]+ characters")
_OWNERS: Final = (re.compile(r"Existing ID: (\d+)\.?$"), re.compile(r"\. (\d+) already has that value\.?$"))
_CONFLICTS: Final = frozenset({"CONFLICT", "OBJECT_ALREADY_EXISTS"})
_COORDINATES: Final = re.compile(r"propertyName=(\w+), value=(.*)} on \d+", re.DOTALL)
_WHOLE_TYPE: Final = (
    (re.compile(r"Unable to perform update/upsert by non-unique \S+ property (\w+)"), "KEY_NOT_UNIQUE"),
    (re.compile(r"Unable to infer object type from()"), "UNKNOWN_OBJECT_TYPE"),
    (re.compile(r"Missing '[^']+' permission()"), "MISSING_SCOPES"),
)
_RECORD: Final = (
    (re.compile(r"required properties were not set"), "MISSING_REQUIRED_PROPERTY"),
    (_BLOCKED, "EMAIL_BLOCKED"),
    (_TOO_LONG, "VALUE_TOO_LONG"),
    (re.compile(r"^The property values provided are invalid"), "VALIDATION_RULE"),
)
_LONGEST_DETAILS: Final = 1000
_LONGEST_ANSWER: Final = 4_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One property's fault inside an error; `code` is HubSpot's."""

    code: str
    message: str
    property_name: str | None

    @property
    def plain_code(self) -> str:
        """The code without underscores: HubSpot spells some codes both ways."""
        return self.code.replace("_", "").upper()


@dataclass(frozen=True, slots=True)
class Judge:
    """Classifies the errors of one object type. `constants`: what the shop file states itself."""

    type: ObjectType
    constants: Constants = frozenset()

    def judge(self, error: Any, sent: Mapping[str, str], answer: Answer) -> Refused | SchemaRefused:
        """What the error means for a record that surely is the one meant; `sent` are its properties as text."""
        found = faults(error)
        for fault in found:
            schema = self._schema_type(fault, sent)
            if schema is not None:
                return SchemaRefused(_refusal(schema, error, answer, fault))
        return _whole(error, answer) or Refused(_value_refusal(error, found, answer))

    def certain(self, error: Any, sent: Mapping[str, str], answer: Answer) -> SchemaRefused | None:
        """The schema fault of a whole batch that surely meets this record too, whoever was meant: it sends the same."""
        for fault in faults(error):
            name = fault.property_name or ""
            schema = self._schema_type(fault, sent) if name in sent and _meets(fault, sent[name]) else None
            if schema is not None:
                return SchemaRefused(_refusal(schema, error, answer, fault))
        return _whole(error, answer)

    def _schema_type(self, fault: Fault, sent: Mapping[str, str]) -> str | None:
        if fault.plain_code != "INVALIDOPTION":
            return _SCHEMA_CODES.get(fault.plain_code)
        name = fault.property_name or ""
        if name in _PIPELINES:
            return "UNKNOWN_PIPELINE"
        if name in _STAGES and self._pipeline_of_the_row(sent):
            return None
        return "MISSING_OPTION" if (self.type, name, sent.get(name, "")) in self.constants else None

    def _pipeline_of_the_row(self, sent: Mapping[str, str]) -> bool:
        """Whether the row chose the pipeline: a stage of the shop file that is not in it is this row's fault alone."""
        chosen = [(self.type, name, sent[name]) for name in _PIPELINES if sent.get(name)]
        return any(choice not in self.constants for choice in chosen)


def faults(error: Any) -> tuple[Fault, ...]:
    """The faults of single properties: from `errors[]`, else from the JSON that HubSpot puts into `message`."""
    listed = tuple(fault for item in items(error, "errors") if (fault := _listed(item)))
    return listed or tuple(fault for item in _quoted(message_of(error)) if (fault := _in_message(item)))


def items(body: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list member; nothing where the body has another shape."""
    value = body.get(name) if isinstance(body, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def context(error: Any, name: str) -> list[str]:
    """The values of one entry of an error's `context`, as text."""
    held = error.get("context") if isinstance(error, dict) else None
    value = held.get(name) if isinstance(held, dict) else None
    if isinstance(value, list):
        return [str(item) for item in value]
    return [] if value is None else [str(value)]


def message_of(error: Any) -> str:
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""


def category(error: Any) -> str | None:
    value = error.get("category") if isinstance(error, dict) else None
    return value if isinstance(value, str) else None


def suspect(error: Any, sent: Mapping[str, str]) -> bool:
    """Whether the error quotes a value that this record sends: a hint where to split a batch, never a verdict."""
    quoted = _COORDINATES.search(message_of(error))
    if quoted is not None:
        return sent.get(quoted[1], "").casefold() == quoted[2].casefold()
    return any(_quotes(fault, sent) for fault in faults(error))


def _quotes(fault: Fault, sent: Mapping[str, str]) -> bool:
    value = sent.get(fault.property_name or "", "")
    return bool(value) and value in fault.message


def correlation_id(error: Any, answer: Answer) -> str | None:
    value = error.get("correlationId") if isinstance(error, dict) else None
    return value if isinstance(value, str) else answer.headers.get("x-hubspot-correlation-id")


def _meets(fault: Fault, value: str) -> bool:
    return fault.plain_code in _SCHEMA_CODES or fault.message.startswith(f"{value} was not one of")


def _whole(error: Any, answer: Answer) -> SchemaRefused | None:
    """A refusal of the type or of our rights, which every record of the type would meet."""
    if category(error) in RIGHTS_OF_ONE_TYPE:
        return SchemaRefused(_refusal("MISSING_SCOPES", error, answer, None))
    for pattern, error_type in _WHOLE_TYPE:
        found = pattern.match(message_of(error))
        if found is not None:
            return SchemaRefused(_refusal(error_type, error, answer, Fault("", "", found[1] or None)))
    return None


def _value_refusal(error: Any, found: tuple[Fault, ...], answer: Answer) -> Refusal:
    if answer.status == 409 or category(error) in _CONFLICTS or (not found and _owner(error)):
        return _refusal(CONFLICT, error, answer, _conflict_property(error))
    for fault in found:
        return _refusal(_value_type(fault), error, answer, fault)
    named = next((name for pattern, name in _RECORD if pattern.search(message_of(error))), "UNKNOWN_ERROR")
    missing = context(error, "properties")
    return _refusal(named, error, answer, Fault("", "", missing[0]) if missing else None)


def _refusal(error_type: str, error: Any, answer: Answer, fault: Fault | None) -> Refusal:
    details = (fault.message if fault else "") or message_of(error) or words(answer)
    return Refusal(
        error_type,
        details[:_LONGEST_DETAILS],
        property_name=fault.property_name if fault else None,
        category=category(error),
        correlation_id=correlation_id(error, answer),
        existing_id=_owner(error) if error_type == CONFLICT else None,
        answer=json.dumps(error, ensure_ascii=False)[:_LONGEST_ANSWER] if error else None,
        status=answer.status,
    )


def _owner(error: Any) -> str | None:
    stated = context(error, "existingId")
    if stated:
        return stated[0]
    return next((found[1] for pattern in _OWNERS if (found := pattern.search(message_of(error)))), None)


def _conflict_property(error: Any) -> Fault | None:
    named = _COORDINATES.search(message_of(error))
    if named is not None:
        return Fault(CONFLICT, "", named[1])
    return Fault(CONFLICT, "", "email") if message_of(error).startswith("Contact already exists") else None


def _value_type(fault: Fault) -> str:
    code = fault.plain_code
    if _BLOCKED.search(fault.message):
        return "EMAIL_BLOCKED"
    if code == "INVALIDOPTION":
        return _OPTION_TYPES.get(fault.property_name or "", "INVALID_ENUM_PROPERTY")
    if code in _VALUE_CODES:
        return _VALUE_CODES[code]
    if code.startswith(_RULES):
        return "VALIDATION_RULE"
    return "VALUE_TOO_LONG" if code.endswith("TOOLONG") or _TOO_LONG.search(fault.message) else "UNKNOWN_ERROR"


def _listed(item: dict[str, Any]) -> Fault | None:
    code = item.get("code")
    names = context(item, "propertyName")
    return Fault(code, message_of(item), names[0] if names else None) if isinstance(code, str) else None


def _in_message(item: dict[str, Any]) -> Fault | None:
    code, name = item.get("error"), item.get("name")
    return Fault(code, message_of(item), name if isinstance(name, str) else None) if isinstance(code, str) else None


def _quoted(message: str) -> list[dict[str, Any]]:
    start = message.find("[{")
    if start < 0:
        return []
    try:
        value, _ = json.JSONDecoder().raw_decode(message[start:])
    except ValueError:
        return []
    return [item for item in value if isinstance(item, dict)]
