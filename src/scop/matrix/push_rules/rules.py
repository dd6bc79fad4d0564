"""The rules of a user in the order in which they are asked, and what the first that holds wants done.

Standards: Matrix v1.19, Client-Server API §Push Rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.push_rules.conditions import Circumstances, Condition, in_body, never, parse_condition

__all__ = ["Action", "PushRules", "notifies", "tweaks_of"]

Action: TypeAlias = str | JsonObject

_HISTORICAL = frozenset(["dont_notify", "coalesce"])  # "Clients and homeservers MUST ignore these actions"

# Lenient: Matrix v1.17 CS took these away, homeservers have them still; v1.16 disables them where mentions are said.
_LOOK_FOR_NAMES = frozenset([".m.rule.contains_display_name", ".m.rule.contains_user_name", ".m.rule.roomnotif"])


@dataclass(frozen=True, slots=True)
class _Rule:
    rule_id: str
    holds: Condition
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class PushRules:
    """The rules of a user that are enabled, in their order."""

    _rules: tuple[_Rule, ...]

    @classmethod
    def parse(cls, content: object) -> PushRules:
        """Return the rules that `m.push_rules` holds; rules that are written wrongly never hold."""
        ruleset = content.get("global") if isinstance(content, dict) else None
        if not isinstance(ruleset, dict):
            return cls(())
        # Matrix v1.19 CS: "The different kinds of rule, in the order that they are checked".
        return cls(tuple(rule for kind in _KINDS for rule in _rules_of(kind, ruleset.get(kind))))

    def evaluate(self, event: JsonView, where: Circumstances) -> tuple[Action, ...]:
        """Return the actions of the first rule that holds of an event, if any; a user's own events do nothing."""
        rule = self._first(event, where)
        return () if rule is None else rule.actions

    def rule_for(self, event: JsonView, where: Circumstances) -> str | None:
        """Return the id of the rule that decides about an event."""
        rule = self._first(event, where)
        return None if rule is None else rule.rule_id

    def _first(self, event: JsonView, where: Circumstances) -> _Rule | None:
        # Matrix v1.19 CS: not "for events that the user has sent themselves".
        if event.get("sender") == where.user_id:
            return None
        whole = event if "room_id" in event else {**event, "room_id": where.room_id}  # /sync leaves it out
        return next((rule for rule in self._rules if rule.holds(whole, where)), None)


def notifies(actions: tuple[Action, ...]) -> bool:
    """Return whether the user is to be told."""
    return "notify" in actions


def tweaks_of(actions: tuple[Action, ...]) -> JsonObject:
    """Return how the user is to be told: `sound`, `highlight` and what else was agreed on."""
    tweaks: JsonObject = {"highlight": False}
    for action in actions:
        if isinstance(action, dict) and isinstance(name := action.get("set_tweak"), str):
            # Matrix v1.19 CS: "If a highlight tweak is given with no value, its value is defined to be true".
            tweaks[name] = action.get("value", True) if name == "highlight" else action.get("value")
    return tweaks


def _rules_of(kind: str, written: object) -> Iterator[_Rule]:
    for rule in written if isinstance(written, list) else ():
        if isinstance(rule, dict) and rule.get("enabled", True) is True:
            rule_id, holds = str(rule.get("rule_id")), _KINDS[kind](rule)
            yield _Rule(
                rule_id,
                _without_mentions(holds) if rule_id in _LOOK_FOR_NAMES else holds,
                _actions(rule.get("actions")),
            )


def _without_mentions(holds: Condition) -> Condition:
    def holds_too(event: JsonView, where: Circumstances) -> bool:
        content = event.get("content")
        return not (isinstance(content, dict) and "m.mentions" in content) and holds(event, where)

    return holds_too


def _actions(written: object) -> tuple[Action, ...]:
    found = written if isinstance(written, list) else []
    return tuple(one for one in found if isinstance(one, dict) or (isinstance(one, str) and one not in _HISTORICAL))


def _by_conditions(rule: JsonView) -> Condition:
    written = rule.get("conditions")
    if not isinstance(written, list | None):
        return never
    conditions = tuple(parse_condition(one) for one in written or ())
    return conditions[0] if len(conditions) == 1 else _all_of(conditions)


def _all_of(conditions: tuple[Condition, ...]) -> Condition:
    def hold(event: JsonView, where: Circumstances) -> bool:
        for holds in conditions:  # noqa: SIM110 – all() would make a generator for each rule and event
            if not holds(event, where):
                return False
        return True

    return hold


def _by_pattern(rule: JsonView) -> Condition:
    pattern = rule.get("pattern")
    return in_body(pattern) if isinstance(pattern, str) else never


def _by_room(rule: JsonView) -> Condition:
    return lambda event, _where: event.get("room_id") == rule.get("rule_id")


def _by_sender(rule: JsonView) -> Condition:
    return lambda event, _where: event.get("sender") == rule.get("rule_id")


_KINDS: dict[str, Callable[[JsonView], Condition]] = {
    "override": _by_conditions,
    "content": _by_pattern,
    "room": _by_room,
    "sender": _by_sender,
    "underride": _by_conditions,
}
