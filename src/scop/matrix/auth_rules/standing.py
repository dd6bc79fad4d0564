"""A room at one point, as the rules ask about it: memberships, join rule, levels.

Standards: Matrix v1.19, SS §Definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scop.matrix.auth_rules.selection import CREATE, JOIN_RULES, POWER_LEVELS, StateKey
from scop.matrix.events import Pdu
from scop.matrix.power_levels import PowerLevels
from scop.matrix.room_versions import RoomVersion

__all__ = ["Standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """The state that an event is measured by, and the room's m.room.create."""

    rules: RoomVersion
    state: Mapping[StateKey, Pdu]
    create: Pdu
    levels: PowerLevels

    @classmethod
    def of(cls, rules: RoomVersion, state: Mapping[StateKey, Pdu]) -> Standing | None:
        """Return it, or None where there is no m.room.create."""
        create = state.get(CREATE)
        if create is None:
            return None
        power_levels = state.get(POWER_LEVELS)
        content = None if power_levels is None else power_levels.content
        return cls(rules, state, create, PowerLevels(rules, content, create))

    def membership(self, user_id: str) -> str:
        """Return the membership of a user, "leave" where the room has never heard of one."""
        member = self.state.get(("m.room.member", user_id))
        membership = None if member is None else member.content.get("membership")
        return membership if isinstance(membership, str) else "leave"

    def join_rule(self) -> str:
        """Return the join rule; CS §m.room.join_rules: a room without is `invite`."""
        event = self.state.get(JOIN_RULES)
        rule = "invite" if event is None else event.content.get("join_rule", "invite")
        return rule if isinstance(rule, str) else "private"

    def is_federated(self) -> bool:
        """Return whether users of any server may take part."""
        return self.create.content.get("m.federate") is not False

    def level(self, user_id: str) -> int:
        """Return the power level of a user."""
        return self.levels.of_user(user_id)
