"""The statements that capture needs, as a script for an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from connector.capture.plan import CapturePlan

PASSWORD_PLACE: Final = "choose-a-password"  # noqa: S105 - stands where an administrator writes one


def without_password(plan: CapturePlan) -> CapturePlan:
    """The plan with `PASSWORD_PLACE` for its password."""
    return replace(plan, address=replace(plan.address, password=PASSWORD_PLACE))


def script(plan: CapturePlan, statements: Sequence[str], *, run_as: str, account: str, scheme: str, path: str) -> str:
    """The statements of a plan without password, with what to do before and after.

    `run_as` ends "To be run as"; `account` is the server's word for a user; `scheme` and `path` are those of the
    address that the shop file takes.
    """
    text = "\n".join(f"{statement};" for statement in statements)
    head = f"-- What shopbridge needs to capture {', '.join(plan.tables)}.\n-- To be run as {run_as}."
    address = f"{scheme}://{plan.address.user}:{PASSWORD_PLACE}@{plan.address.host}:{plan.address.port}/{path}"
    note = (
        f"\n-- Then write the {account} and its password into the shop file:\n--   capture: {{url: {address}}}"
        if PASSWORD_PLACE in text
        else ""
    )
    return f"{head}\n{text}{note}\n"
