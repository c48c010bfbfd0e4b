"""The switches described: what each decides, which values it takes, where it stands, which open question it answers.

`GET /sandbox/switches`, the sandbox's first page and the command's help all show this list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.sandbox.settings import Switches

QUESTIONS = {
    1: "Does an upsert with trace ids turn a uniqueness conflict into one item of a 207?",
    2: "What is a partial upsert by e-mail?",
    3: "Can a unique property of one's own be the key of contacts?",
    4: "Do results echo the trace id?",
    5: "What does one dead id do to a batch of associations?",
    6: "Which of HubSpot's own number properties are unique?",
    7: "What does an upsert by the key of an archived record do?",
    8: "What does a pipeline id do that exists already?",
}
"""What HubSpot's documentation leaves open and only a real account could answer."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch. `allowed` lists its values, or says in a word what it takes; `question` is None for a nuisance."""

    name: str
    value: Any
    default: Any
    allowed: list[Any] | str
    question: int | None
    about: str

    @property
    def flipped(self) -> bool:
        return bool(self.value != self.default)

    def body(self) -> dict[str, Any]:
        """Give the form that the control plane shows."""
        return {
            "value": self.value,
            "default": self.default,
            "allowed": self.allowed,
            "question": self.question,
            "about": self.about,
        }


def described(switches: Switches) -> list[Switch]:
    """Describe every switch as it stands, in order."""
    values, usual = switches.model_dump(mode="json"), Switches().model_dump(mode="json")
    schema = Switches.model_json_schema()["properties"]
    return [_switch(name, values[name], usual[name], schema[name]) for name in values]


def _switch(name: str, value: Any, default: Any, schema: dict[str, Any]) -> Switch:
    return Switch(name, value, default, _allowed(schema), schema.get("question"), schema["description"])


def _allowed(schema: dict[str, Any]) -> list[Any] | str:
    if "enum" in schema:
        return list(schema["enum"])
    if schema.get("type") == "boolean":
        return [False, True]
    return in_words(schema)


def in_words(schema: dict[str, Any]) -> str:
    """Say in few words which values a part of a JSON schema takes."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    items, values = schema.get("items"), schema.get("additionalProperties")
    if isinstance(items, dict):
        return f"list of {in_words(items)}"
    return f"object of {in_words(values)}" if isinstance(values, dict) else str(schema.get("type", "value"))


def as_help() -> str:
    """Write the open questions and the switches that answer them, as plain text."""
    lines = []
    for number, question in QUESTIONS.items():
        lines.append(f"{number}. {question}")
        for switch in described(Switches()):
            if switch.question == number:
                values = [_shown(value) for value in switch.allowed]
                lines.append(f"   {switch.name}: {' | '.join(values)} (default {_shown(switch.default)})")
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
