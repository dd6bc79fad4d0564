"""What the rules say of one event: allowed or not, by which rule of the room version's text."""

from __future__ import annotations

from dataclasses import dataclass

from scop.matrix.auth_rules.clauses import Clause, numbers_of
from scop.matrix.room_versions import RoomVersion

__all__ = ["Authorisation", "allow", "refuse"]


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Whether an event is allowed, the number of the rule that decided, and what that rule is about."""

    is_allowed: bool
    rule: str
    reason: str
    clause: Clause


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """All outcomes of a version, made once."""

    rules: RoomVersion
    allowed: dict[Clause, Authorisation]
    refused: dict[Clause, Authorisation]


_OUTCOMES: dict[str, _Outcomes] = {}


def _outcomes(rules: RoomVersion) -> _Outcomes:
    known = _OUTCOMES.get(rules.id)
    if known is None or known.rules is not rules:
        numbers = numbers_of(rules).items()
        known = _OUTCOMES[rules.id] = _Outcomes(
            rules,
            {clause: Authorisation(True, number, clause.value, clause) for clause, number in numbers},
            {clause: Authorisation(False, number, clause.value, clause) for clause, number in numbers},
        )
    return known


def allow(rules: RoomVersion, clause: Clause) -> Authorisation:
    """Return that the clause lets an event pass."""
    return _outcomes(rules).allowed[clause]


def refuse(rules: RoomVersion, clause: Clause) -> Authorisation:
    """Return that the clause is against an event."""
    return _outcomes(rules).refused[clause]
