"""What contacts of an account are written by, tried for whoever waits at a terminal."""

from __future__ import annotations

from connector.message import ObjectType
from connector.operations.portal import Finding, Wanted
from connector.outcome import Archived, Found, Missing, Outcome, Refused, SchemaRefused, Written
from connector.sender.calls import Answer
from connector.sender.contact_key import REMOVE, ContactKey, Trial, says
from connector.sender.crm import new_request_id
from connector.sender.exchange import Transport
from connector.sender.refusals import Judge
from connector.sender.verbs import Dialect


async def try_contact_key(http: Transport, wanted: Wanted) -> list[Finding]:
    """Write a contact of our own by our key and remove it again: not every account lets a custom property be a key.

    The first finding says what contacts are written by. Raises Unanswered where HubSpot is away.
    """
    key = ContactKey()
    dialect = Dialect(wanted.paths, wanted.key, new_request_id)
    outcome = await _carried_out(http, key.trial(dialect, Judge(ObjectType.CONTACT)))
    if key.by is None:
        remedy = "mend what HubSpot says, then run `shopbridge setup` again"
        return [Finding(ok=False, what=f"CONTACT: cannot try {wanted.key} as key: {_words(outcome)}", remedy=remedy)]
    said = Finding(ok=True, what=f"CONTACT: {says(key.by)}")
    left = f"CONTACT: the contact written for trial, id {key.left}, could not be removed"
    return [said] if key.left is None else [said, Finding(ok=False, what=left, remedy=REMOVE)]


async def _carried_out(http: Transport, trial: Trial) -> Outcome:
    try:
        call = next(trial)
        while True:
            answer = await http.request(call.method, call.path, json=call.json)
            call = trial.send(Answer(answer.status, answer.headers, answer.body))
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome


def _words(outcome: Outcome) -> str:
    match outcome:
        case Refused(refusal) | SchemaRefused(refusal):
            return refusal.details
        case Written() | Archived() | Found() | Missing():
            return "it was not understood"
        case _:
            return outcome.details
