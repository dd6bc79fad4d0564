"""Push rules as our homeserver keeps them, where it pushes to, and what it would have told us.

Standards: Matrix v1.19 CS §Push Notifications.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from scop.matrix.api.client_server.notifications import GetNotifications, GetNotificationsResponse
from scop.matrix.api.client_server.pusher import GetPushers, PostPusher, Pusher
from scop.matrix.api.client_server.pushrules import (
    DeletePushRule,
    GetPushRule,
    GetPushRuleActions,
    GetPushRules,
    IsPushRuleEnabled,
    PushCondition,
    PushRule,
    Ruleset,
    SetPushRule,
    SetPushRuleActions,
    SetPushRuleEnabled,
)
from scop.matrix.client.core import Core
from scop.matrix.client.event import Event
from scop.matrix.client.room import Room
from scop.matrix.json_values import JsonObject
from scop.matrix.push_rules import Action
from scop.matrix.steps import Steps, ask

__all__ = ["Alerts", "RuleKind", "WantedRule"]

RuleKind: TypeAlias = Literal["override", "underride", "sender", "room", "content"]


@dataclass(frozen=True, slots=True)
class WantedRule:
    """A push rule of ours: what must hold, and what is to be done then."""

    kind: RuleKind
    rule_id: str
    actions: tuple[str | JsonObject, ...] = ("notify",)
    conditions: tuple[PushCondition, ...] | None = None  # override and underride
    pattern: str | None = None  # content
    before: str | None = None  # the rule that it stands before
    after: str | None = None


class Alerts:
    """Reads and changes push rules; `client.syncing` evaluates them for each event."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def evaluate(self, room: Room, event: Event) -> tuple[Action, ...]:
        """Return what our rules want done about an event of a room."""
        return self._core.push.evaluate(room, event)

    def rules(self) -> Steps[Ruleset]:
        """Return all of our rules."""
        return (yield from ask(GetPushRules())).global_

    def rule(self, kind: RuleKind, rule_id: str) -> Steps[PushRule]:
        """Return one rule."""
        return (yield from ask(GetPushRule(kind=kind, rule_id=rule_id))).rule

    def put(self, wanted: WantedRule) -> Steps[None]:
        """Add a rule, or change one of ours."""
        yield from ask(
            SetPushRule(
                kind=wanted.kind,
                rule_id=wanted.rule_id,
                actions=wanted.actions,
                conditions=wanted.conditions,
                pattern=wanted.pattern,
                before=wanted.before,
                after=wanted.after,
            )
        )

    def delete(self, kind: RuleKind, rule_id: str) -> Steps[None]:
        """Take a rule of ours away."""
        yield from ask(DeletePushRule(kind=kind, rule_id=rule_id))

    def is_enabled(self, kind: RuleKind, rule_id: str) -> Steps[bool]:
        """Tell whether a rule counts."""
        return (yield from ask(IsPushRuleEnabled(kind=kind, rule_id=rule_id))).enabled

    def enable(self, kind: RuleKind, rule_id: str) -> Steps[None]:
        """Let a rule count."""
        yield from ask(SetPushRuleEnabled(kind=kind, rule_id=rule_id, enabled=True))

    def disable(self, kind: RuleKind, rule_id: str) -> Steps[None]:
        """Let a rule count no longer."""
        yield from ask(SetPushRuleEnabled(kind=kind, rule_id=rule_id, enabled=False))

    def actions(self, kind: RuleKind, rule_id: str) -> Steps[tuple[str | JsonObject, ...]]:
        """Return what a rule does."""
        return (yield from ask(GetPushRuleActions(kind=kind, rule_id=rule_id))).actions

    def set_actions(self, kind: RuleKind, rule_id: str, actions: tuple[str | JsonObject, ...]) -> Steps[None]:
        """Say what a rule does."""
        yield from ask(SetPushRuleActions(kind=kind, rule_id=rule_id, actions=actions))

    def mute(self, room_id: str) -> Steps[None]:
        """Be told nothing of a room."""
        # §Push Rules: a room rule whose id is the room, with no actions.
        yield from self.put(WantedRule("room", room_id, ()))

    def unmute(self, room_id: str) -> Steps[None]:
        """Be told of a room as of others."""
        yield from self.delete("room", room_id)

    def pushers(self) -> Steps[tuple[Pusher, ...]]:
        """Return where our homeserver pushes to."""
        return (yield from ask(GetPushers())).pushers or ()

    def set_pusher(self, pusher: PostPusher) -> Steps[None]:
        """Let our homeserver push somewhere; without a kind, no longer."""
        yield from ask(pusher)

    def notifications(
        self, from_token: str | None = None, limit: int = 50, *, highlights_only: bool = False
    ) -> Steps[GetNotificationsResponse]:
        """Return what our homeserver would have told us, newest first."""
        only = "highlight" if highlights_only else None
        return (yield from ask(GetNotifications(from_=from_token, limit=limit, only=only)))
