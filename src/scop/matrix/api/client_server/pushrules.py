"""Rules by which events notify.

Standards: Matrix v1.19, Client-Server API §Push Rules.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.endpoint import Body, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "DeletePushRule",
    "DeletePushRuleResponse",
    "GetPushRule",
    "GetPushRuleActions",
    "GetPushRuleActionsResponse",
    "GetPushRuleResponse",
    "GetPushRules",
    "GetPushRulesGlobal",
    "GetPushRulesGlobalResponse",
    "GetPushRulesResponse",
    "IsPushRuleEnabled",
    "IsPushRuleEnabledResponse",
    "PushCondition",
    "PushRule",
    "RuleAddress",
    "Ruleset",
    "SetPushRule",
    "SetPushRuleActions",
    "SetPushRuleActionsResponse",
    "SetPushRuleEnabled",
    "SetPushRuleEnabledResponse",
    "SetPushRuleResponse",
]


class PushCondition(Body, frozen=True, kw_only=True):
    """What must hold of an event for a rule to apply."""

    kind: str
    key: str | None = None
    pattern: str | None = None
    is_: str | None = msgspec.field(name="is", default=None)
    value: str | int | bool | None = None


class PushRule(Body, frozen=True, kw_only=True):
    """One rule: its conditions and what it does."""

    actions: tuple[str | dict[str, object], ...]
    default: bool
    enabled: bool
    rule_id: str
    conditions: tuple[PushCondition, ...] | None = None
    pattern: str | None = None


class Ruleset(Body, frozen=True, kw_only=True):
    """All rules of a user, by kind."""

    content: tuple[PushRule, ...] | None = None
    override: tuple[PushRule, ...] | None = None
    room: tuple[PushRule, ...] | None = None
    sender: tuple[PushRule, ...] | None = None
    underride: tuple[PushRule, ...] | None = None


class GetPushRulesResponse(Response, frozen=True, kw_only=True):
    """What answers `GetPushRules`."""

    global_: Ruleset = msgspec.field(name="global")


class GetPushRules(Request[GetPushRulesResponse], frozen=True, kw_only=True):
    """Read all push rules."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushrules/")


class GetPushRulesGlobalResponse(Response, frozen=True, kw_only=True):
    """What answers `GetPushRulesGlobal`."""

    ruleset: WholeBody[Ruleset]


class GetPushRulesGlobal(Request[GetPushRulesGlobalResponse], frozen=True, kw_only=True):
    """Read all push rules, without the level that names their scope."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushrules/global/")


class RuleAddress(Body, frozen=True, kw_only=True):
    """Which push rule is meant."""

    kind: InPath[Literal["override", "underride", "sender", "room", "content"]]
    rule_id: InPath[str] = msgspec.field(name="ruleId")


class GetPushRuleResponse(Response, frozen=True, kw_only=True):
    """What answers `GetPushRule`."""

    rule: WholeBody[PushRule]


class GetPushRule(RuleAddress, Request[GetPushRuleResponse], frozen=True, kw_only=True):
    """Read one push rule."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}")


class DeletePushRuleResponse(Response, frozen=True, kw_only=True):
    """What answers `DeletePushRule`."""


class DeletePushRule(RuleAddress, Request[DeletePushRuleResponse], frozen=True, kw_only=True):
    """Delete one push rule."""

    endpoint: ClassVar[Endpoint] = Endpoint("DELETE", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}")


class SetPushRuleResponse(Response, frozen=True, kw_only=True):
    """What answers `SetPushRule`."""


class SetPushRule(RuleAddress, Request[SetPushRuleResponse], frozen=True, kw_only=True):
    """Add or replace one push rule."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}", is_rate_limited=True
    )

    before: InQuery[str | None] = None
    after: InQuery[str | None] = None
    actions: tuple[str | dict[str, object], ...]
    conditions: tuple[PushCondition, ...] | None = None
    pattern: str | None = None


class IsPushRuleEnabledResponse(Response, frozen=True, kw_only=True):
    """What answers `IsPushRuleEnabled`."""

    enabled: bool


class IsPushRuleEnabled(RuleAddress, Request[IsPushRuleEnabledResponse], frozen=True, kw_only=True):
    """Ask whether a push rule is on."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled")


class SetPushRuleEnabledResponse(Response, frozen=True, kw_only=True):
    """What answers `SetPushRuleEnabled`."""


class SetPushRuleEnabled(RuleAddress, Request[SetPushRuleEnabledResponse], frozen=True, kw_only=True):
    """Turn a push rule on or off."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled")

    enabled: bool


class GetPushRuleActionsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetPushRuleActions`."""

    actions: tuple[str | dict[str, object], ...]


class GetPushRuleActions(RuleAddress, Request[GetPushRuleActionsResponse], frozen=True, kw_only=True):
    """Read what a push rule does."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions")


class SetPushRuleActionsResponse(Response, frozen=True, kw_only=True):
    """What answers `SetPushRuleActions`."""


class SetPushRuleActions(RuleAddress, Request[SetPushRuleActionsResponse], frozen=True, kw_only=True):
    """Change what a push rule does."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions")

    actions: tuple[str | dict[str, object], ...]
