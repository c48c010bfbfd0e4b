"""Rules that an account's administrators put on values: what must be set, and how a value must look.

Required properties are enforced on /2026-09/ alone, rules on single properties in every version (HubSpot docs). The
kinds of rule are those of HubSpot's property validations guide; the codes of their refusals are documented for
letters-only alone (INVALID_ALPHA), the others are not documented and assumed after its pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connector.sandbox.texts import Pattern, TypeName


class _Rule(BaseModel):
    """A rule on one property of one object type, which may be named as in a path."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    object_type: TypeName
    property: str

    def meets(self, object_type: str, name: str) -> bool:
        return (self.object_type, self.property) == (object_type, name)


class ConditionalRule(_Rule):
    """2026-09: `property` must be set on records whose `controller` has one of `values`."""

    controller: str
    values: tuple[str, ...]


class ValidationRule(_Rule):
    """A rule on a property's values: a pattern to match whole, a length in characters, a range of numbers.

    `code` and `message` are what the refusal says, such as INVALID_ALPHA and "Enter only letters"; without them each
    kind of rule has its own.
    """

    pattern: Pattern | None = None
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=0)
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    code: str | None = None
    message: str | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> ValidationRule:
        asked = (self.pattern, self.min_length, self.max_length, self.minimum, self.maximum)
        if all(part is None for part in asked):
            raise ValueError("a rule needs a pattern, a length or a range")
        return self

    def broken(self, text: str) -> tuple[str, str] | None:
        """Give code and message of what a value breaks; None if it breaks nothing."""
        found = next(self._faults(text), None)
        return None if found is None else (self.code or found[0], self.message or found[1])

    def _faults(self, text: str) -> Iterator[tuple[str, str]]:
        if self.pattern is not None and not re.fullmatch(self.pattern, text):
            yield "INVALID_FORMAT", "Enter a value in the required format"
        if self.min_length is not None and len(text) < self.min_length:
            yield "INVALID_MIN_LENGTH", f"Enter at least {self.min_length} characters"
        if self.max_length is not None and len(text) > self.max_length:
            yield "INVALID_MAX_LENGTH", f"Enter no more than {self.max_length} characters"
        number = _number(text)
        if number is not None and self.minimum is not None and number < self.minimum:
            yield "INVALID_MIN_NUMBER", f"Enter a number that is at least {self.minimum}"
        if number is not None and self.maximum is not None and number > self.maximum:
            yield "INVALID_MAX_NUMBER", f"Enter a number that is at most {self.maximum}"


def _number(text: str) -> Decimal | None:
    """Give the number that a text is; what is none is refused by its property's type and not by a rule."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
