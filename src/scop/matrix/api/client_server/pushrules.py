"""Operations of pushrules."""

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
    "Global",
    "IsPushRuleEnabled",
    "IsPushRuleEnabledResponse",
    "PushCondition",
    "PushRule",
    "Ruleset",
    "SetPushRule",
    "SetPushRuleActions",
    "SetPushRuleActionsResponse",
    "SetPushRuleEnabled",
    "SetPushRuleEnabledResponse",
    "SetPushRuleResponse",
]


class PushCondition(Body, frozen=True, kw_only=True):
    """What is named PushCondition in an answer or a question."""

    kind: str
    key: str | None = None
    pattern: str | None = None
    is_: str | None = msgspec.field(name="is", default=None)
    value: str | int | bool | None = None


class PushRule(Body, frozen=True, kw_only=True):
    """What is named PushRule in an answer or a question."""

    actions: tuple[str | dict[str, object], ...]
    default: bool
    enabled: bool
    rule_id: str
    conditions: tuple[PushCondition, ...] | None = None
    pattern: str | None = None


class Global(Body, frozen=True, kw_only=True):
    """What is named Global in an answer or a question."""

    content: tuple[PushRule, ...] | None = None
    override: tuple[PushRule, ...] | None = None
    room: tuple[PushRule, ...] | None = None
    sender: tuple[PushRule, ...] | None = None
    underride: tuple[PushRule, ...] | None = None


class GetPushRulesResponse(Response, frozen=True, kw_only=True):
    """What answers GetPushRules."""

    global_: Global = msgspec.field(name="global")


class GetPushRules(Request[GetPushRulesResponse], frozen=True, kw_only=True):
    """Ask for getPushRules."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushrules/")


class Ruleset(Body, frozen=True, kw_only=True):
    """What is named Ruleset in an answer or a question."""

    content: tuple[PushRule, ...] | None = None
    override: tuple[PushRule, ...] | None = None
    room: tuple[PushRule, ...] | None = None
    sender: tuple[PushRule, ...] | None = None
    underride: tuple[PushRule, ...] | None = None


class GetPushRulesGlobalResponse(Response, frozen=True, kw_only=True):
    """What answers GetPushRulesGlobal."""

    ruleset: WholeBody[Ruleset]


class GetPushRulesGlobal(Request[GetPushRulesGlobalResponse], frozen=True, kw_only=True):
    """Ask for getPushRulesGlobal."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushrules/global/")


class GetPushRuleResponse(Response, frozen=True, kw_only=True):
    """What answers GetPushRule."""

    rule: WholeBody[PushRule]


class GetPushRule(Request[GetPushRuleResponse], frozen=True, kw_only=True):
    """Ask for getPushRule."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}")

    kind: InPath[Literal["override", "underride", "sender", "room", "content"]]
    rule_id: InPath[str] = msgspec.field(name="ruleId")


class DeletePushRuleResponse(Response, frozen=True, kw_only=True):
    """What answers DeletePushRule."""


class DeletePushRule(Request[DeletePushRuleResponse], frozen=True, kw_only=True):
    """Ask for deletePushRule."""

    endpoint: ClassVar[Endpoint] = Endpoint("DELETE", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}")

    kind: InPath[Literal["override", "underride", "sender", "room", "content"]]
    rule_id: InPath[str] = msgspec.field(name="ruleId")


class SetPushRuleResponse(Response, frozen=True, kw_only=True):
    """What answers SetPushRule."""


class SetPushRule(Request[SetPushRuleResponse], frozen=True, kw_only=True):
    """Ask for setPushRule."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}", is_rate_limited=True
    )

    kind: InPath[Literal["override", "underride", "sender", "room", "content"]]
    rule_id: InPath[str] = msgspec.field(name="ruleId")
    before: InQuery[str | None] = None
    after: InQuery[str | None] = None
    actions: tuple[str | dict[str, object], ...]
    conditions: tuple[PushCondition, ...] | None = None
    pattern: str | None = None


class IsPushRuleEnabledResponse(Response, frozen=True, kw_only=True):
    """What answers IsPushRuleEnabled."""

    enabled: bool


class IsPushRuleEnabled(Request[IsPushRuleEnabledResponse], frozen=True, kw_only=True):
    """Ask for isPushRuleEnabled."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled")

    kind: InPath[Literal["override", "underride", "sender", "room", "content"]]
    rule_id: InPath[str] = msgspec.field(name="ruleId")


class SetPushRuleEnabledResponse(Response, frozen=True, kw_only=True):
    """What answers SetPushRuleEnabled."""


class SetPushRuleEnabled(Request[SetPushRuleEnabledResponse], frozen=True, kw_only=True):
    """Ask for setPushRuleEnabled."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled")

    kind: InPath[Literal["override", "underride", "sender", "room", "content"]]
    rule_id: InPath[str] = msgspec.field(name="ruleId")
    enabled: bool


class GetPushRuleActionsResponse(Response, frozen=True, kw_only=True):
    """What answers GetPushRuleActions."""

    actions: tuple[str | dict[str, object], ...]


class GetPushRuleActions(Request[GetPushRuleActionsResponse], frozen=True, kw_only=True):
    """Ask for getPushRuleActions."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions")

    kind: InPath[Literal["override", "underride", "sender", "room", "content"]]
    rule_id: InPath[str] = msgspec.field(name="ruleId")


class SetPushRuleActionsResponse(Response, frozen=True, kw_only=True):
    """What answers SetPushRuleActions."""


class SetPushRuleActions(Request[SetPushRuleActionsResponse], frozen=True, kw_only=True):
    """Ask for setPushRuleActions."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions")

    kind: InPath[Literal["override", "underride", "sender", "room", "content"]]
    rule_id: InPath[str] = msgspec.field(name="ruleId")
    actions: tuple[str | dict[str, object], ...]
