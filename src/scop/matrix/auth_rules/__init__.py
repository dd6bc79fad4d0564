"""Whether an event may stand: the authorisation rules, numbered as the room versions number them.

`authorise` judges by a state of the room, `judge_auth_events` by what an event refers to; both return an
`Authorisation` that names the rule which decided. `auth_event_keys` is the auth events selection. `receive_pdu` goes
through all checks of an event that came from another server, and asks for what it lacks.

Standards: Matrix v1.19, Room Versions 1 to 12 §Authorisation rules; SS §Checks performed on receipt of a PDU.
"""

from scop.matrix.auth_rules.authorisation import Authorisation
from scop.matrix.auth_rules.clauses import Clause
from scop.matrix.auth_rules.receipt import (
    CurrentStateNeed,
    EventsNeed,
    KeysNeed,
    KnownEvents,
    Need,
    PolicySignatureNeed,
    Receipt,
    Received,
    Reception,
    StateBeforeNeed,
    receive_pdu,
)
from scop.matrix.auth_rules.rules import authorise, judge_auth_events
from scop.matrix.auth_rules.selection import StateKey, auth_event_keys

__all__ = [
    "Authorisation",
    "Clause",
    "CurrentStateNeed",
    "EventsNeed",
    "KeysNeed",
    "KnownEvents",
    "Need",
    "PolicySignatureNeed",
    "Receipt",
    "Received",
    "Reception",
    "StateBeforeNeed",
    "StateKey",
    "auth_event_keys",
    "authorise",
    "judge_auth_events",
    "receive_pdu",
]
