"""The authorisation rules, each by its number in the text of each room version."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fakes.auth_rule_cases import CASES, P, judged
from fakes.shared import shared_path
from scop.matrix.auth_rules import Clause
from scop.matrix.auth_rules.clauses import numbers_of
from scop.matrix.room_versions import ROOM_VERSIONS, RoomVersion

_VERSIONS = pytest.mark.parametrize("rules", ROOM_VERSIONS.values(), ids=lambda rules: f"v{rules.id}")
# What stands above other clauses decides nothing itself.
_HEADINGS = {
    *(Clause.CREATE, Clause.ALIASES, Clause.MEMBER, Clause.MEMBER_AUTHORISER, Clause.JOIN, Clause.JOIN_RESTRICTED),
    *(Clause.INVITE, Clause.THIRD_PARTY, Clause.THIRD_PARTY_SIGNED, Clause.LEAVE, Clause.BAN, Clause.KNOCK),
    *(Clause.THIRD_PARTY_INVITE, Clause.LEVELS, Clause.NAMED_ALTERED, Clause.ENTRY_LOST, Clause.ENTRY_GAINED),
    *(Clause.USER_LOST, Clause.USER_GAINED, Clause.REDACTION),
}


@_VERSIONS
def test_each_rule_decides_by_its_number(rules: RoomVersion) -> None:
    """Rooms v1 to v12 §Authorisation rules: a rule decides on what it is about, and not on what is next to it."""
    numbers = numbers_of(rules)
    for case in CASES:
        if case.clause in numbers:
            decided, other = case.decides(rules).verdict, case.does_not(rules).verdict
            assert (numbers[case.clause], case.is_allowed) == (decided.rule, decided.is_allowed), case.clause
            assert (case.clause, case.is_allowed) != (other.clause, other.is_allowed), case.clause


@_VERSIONS
def test_each_number_is_decided_on(rules: RoomVersion) -> None:
    """No rule of any version is without a case."""
    tested = {case.clause for case in CASES}
    assert set(numbers_of(rules)) - _HEADINGS <= tested


@_VERSIONS
def test_numbers_are_those_of_the_text(rules: RoomVersion) -> None:
    """The clauses of a version bear the numbers that its text has, and all of them."""
    written = _written(shared_path("matrix-spec", "content", "rooms"), rules.id)
    numbers = numbers_of(rules)
    assert list(written) == list(numbers.values())
    for clause, words in _WORDS.items():
        if clause in numbers:
            assert re.search(words, written[numbers[clause]]), (clause, written[numbers[clause]])


def _written(folder: Path, version: str) -> dict[str, str]:
    """Return the rules of a version's text by number, counted as Markdown counts."""
    text = (folder / f"v{version}.md").read_text("utf-8")
    for name in re.findall(r'rver-fragment name="(v\d+-auth-rules)"', text):
        text = (folder / "fragments" / f"{name}.md").read_text("utf-8")
    text = re.split(r"(?:The rules are|The complete list of rules, as of room version 3, is) as follows:", text)[1]
    rules: dict[str, str] = {}
    counted: list[tuple[int, int]] = []  # how far a list is set in, and how far it has counted
    number = ""
    for line in text.split("{{% boxes/note %}}")[0].splitlines():
        if (item := re.match(r"( *)\d+\. +(.*)", line)) is None:
            if number:
                rules[number] += " " + line.strip()
            continue
        indent = len(item[1])
        count = next((count for place, count in counted if place == indent), 0) + 1
        counted = [*(one for one in counted if one[0] < indent), (indent, count)]
        number = ".".join(str(count) for _, count in counted)
        rules[number] = item[2]
    return rules


_WORDS = {
    Clause.CREATE: "type is `m.room.create`",
    Clause.CREATE_VERSION: "not a recognised",
    Clause.CREATE_CREATOR: "no `creator` property",
    Clause.CREATE_ADDITIONAL: "additional_creators",
    Clause.ROOM_ID: "not an event ID for an accepted",
    Clause.AUTH_TWICE: "duplicate entries",
    Clause.AUTH_UNSELECTED: "auth events +selection",
    Clause.AUTH_REJECTED: "themselves rejected",
    Clause.AUTH_NO_CREATE: "no `m.room.create` event among",
    Clause.AUTH_OTHER_ROOM: "`room_id` which does not match",
    Clause.FEDERATE: "m.federate",
    Clause.ALIASES: "m.room.aliases",
    Clause.MEMBER: "type is `m.room.member`",
    Clause.MEMBER_UNSIGNED: "not validly signed",
    Clause.JOIN: "`membership` is `join`",
    Clause.JOIN_FIRST: "only previous event",
    Clause.JOIN_BANNED: "is banned",
    Clause.JOIN_INVITED: "`join_rule` is `invite`",
    Clause.JOIN_RESTRICTED: "`restricted`",
    Clause.JOIN_UNAUTHORISED: "sufficient permission to invite",
    Clause.JOIN_PUBLIC: "`public`",
    Clause.INVITE: "`membership` is `invite`",
    Clause.THIRD_PARTY: "`third_party_invite` property",
    Clause.THIRD_PARTY_OTHER: "`mxid` does not match",
    Clause.THIRD_PARTY_UNKNOWN: "`state_key` matching `token`",
    Clause.THIRD_PARTY_SENDER: "`sender` of the `m.room.third_party_invite`",
    Clause.THIRD_PARTY_SIGNED: "any signature",
    Clause.THIRD_PARTY_SINGLE: "A single public key",
    Clause.THIRD_PARTY_LIST: "A list of public keys",
    Clause.INVITE_TARGET: "`join` or `ban`",
    Clause.INVITE_LEVEL: "the \\*invite level\\*, allow",
    Clause.LEAVE: "`membership` is `leave`",
    Clause.LEAVE_SELF: "allow if and only if",
    Clause.LEAVE_BANNED: "less than the \\*ban level\\*",
    Clause.LEAVE_KICK: "\\*kick level\\*",
    Clause.BAN: "`membership` is `ban`",
    Clause.BAN_LEVEL: "\\*ban level\\*",
    Clause.KNOCK: "`membership` is `knock`",
    Clause.KNOCK_RULE: "anything other than `knock`",
    Clause.KNOCK_OUTSIDER: "not `ban`, `invite`, +or `join`, allow",
    Clause.MEMBER_OTHERWISE: "membership is unknown",
    Clause.OUTSIDER: "current membership state is not `join`",
    Clause.THIRD_PARTY_INVITE: "type is `m.room.third_party_invite`",
    Clause.REQUIRED_LEVEL: "required power level",
    Clause.OWN_STATE: "starts with an `@`",
    Clause.LEVELS: "type is `m.room.power_levels`",
    Clause.LEVELS_NAMED: "not an integer",
    Clause.LEVELS_ENTRIES: "not an object with values",
    Clause.LEVELS_USERS: "valid user IDs",
    Clause.LEVELS_CREATORS: "`sender` of the `m.room.create` event or any",
    Clause.LEVELS_FIRST: "no previous `m.room.power_levels`",
    Clause.NAMED_ALTERED: "`users_default`, `events_default`",
    Clause.NAMED_ABOVE: "current value",
    Clause.NAMED_TO_ABOVE: "new value",
    Clause.ENTRY_LOST: "changed in, or removed from, the `events`",
    Clause.ENTRY_GAINED: "added to, or changed in,? the `events`",
    Clause.USER_LOST: "changed in, or removed from, the `users`",
    Clause.USER_LOST_ABOVE: "greater than or equal to",
    Clause.USER_GAINED: "added to, or changed in, the `users`",
    Clause.REDACTION: "m.room.redaction",
    Clause.REDACTION_SERVER: "domain of the `event_id`",
    Clause.OTHERWISE: "Otherwise, allow",
}


def test_rules_of_old_versions_know_nothing_of_later_ones() -> None:
    """A switch that a version lacks makes its join rules, memberships and levels unknown there."""
    knocked, restricted, both = (f"{P}; alice rules {rule}" for rule in ("knock", "restricted", "knock_restricted"))
    via = 'dave joins {"join_authorised_via_users_server": "<bob>"}'
    for first, room, line in (
        ("7", knocked, "dave knocks"),
        ("7", f"{knocked}; bob invites dave", "dave joins"),
        ("8", restricted, via),
        ("10", both, via),
        ("10", both, "dave knocks"),
    ):
        allowed = [rules.id for rules in ROOM_VERSIONS.values() if judged(room, line)(rules).verdict.is_allowed]
        assert [version for version in ROOM_VERSIONS if int(version) >= int(first)] == allowed
