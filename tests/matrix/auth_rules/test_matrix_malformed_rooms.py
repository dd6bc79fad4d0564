"""Malformed content: whatever stands in events, rules decide and nothing breaks."""

from __future__ import annotations

from dataclasses import replace
from sys import getrefcount

from hypothesis import given
from hypothesis import strategies as st

from fakes.auth_rule_cases import SIGNED, P, invited, judged, room_of
from fakes.examples import drawn
from scop.matrix.auth_rules import Clause, StateKey, auth_event_keys, authorise, judge_auth_events
from scop.matrix.auth_rules.levels import is_user_id
from scop.matrix.auth_rules.third_party import MAX_CHECKED_SIGNATURES
from scop.matrix.canonical_json import MAX_DEPTH
from scop.matrix.events import Pdu
from scop.matrix.ids import MAX_ID_OCTETS
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS, RoomVersion

_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["@bob:one.test", "50"])
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
_KEYS = st.sampled_from(
    [
        *("membership", "third_party_invite", "join_authorised_via_users_server", "join_rule", "users", "events"),
        *("notifications", "ban", "users_default", "creator", "additional_creators", "room_version", "m.federate"),
    ]
)
_CONTENTS = st.dictionaries(_KEYS, _VALUES | st.sampled_from(["join", "invite", "ban", "leave", "knock"]))
_INVITES = st.fixed_dictionaries(
    {
        "membership": st.just("invite"),
        "third_party_invite": st.dictionaries(
            st.just("signed"), st.dictionaries(st.sampled_from(["mxid", "token", "signatures"]), _VALUES)
        ),
    }
)
_TYPES = st.sampled_from(
    ["m.room.create", "m.room.member", "m.room.power_levels", "m.room.join_rules", "m.room.aliases", "m.room.redaction"]
)
_STATE_KEYS = st.sampled_from([None, "", "@bob:one.test", "@dave:one.test"])
_VERSIONS = st.sampled_from([*ROOM_VERSIONS.values()])


@drawn(150)
@given(_VERSIONS, _TYPES, _STATE_KEYS, _CONTENTS | _INVITES, st.lists(st.tuples(_TYPES, _CONTENTS), max_size=3))
def test_rules_decide_on_any_content(
    rules: RoomVersion,
    kind: str,
    state_key: str | None,
    content: dict[str, object],
    state: list[tuple[str, dict[str, object]]],
) -> None:
    """Neither an event nor the state that it is measured by can make the rules fail."""
    room = room_of(rules, P)
    known = room.pdus(room.state_before(["e4"]))
    for changed, instead in state:
        key = (changed, "@bob:one.test" if changed == "m.room.member" else "")
        if key in known:
            known[key] = replace(known[key], content=instead)
    event = replace(_event(room.named["e4"]), type=kind, state_key=state_key, content=content)
    verdict = authorise(event, known)
    assert verdict.rule
    assert verdict.reason
    judge_auth_events(event, [*known.values()])
    keys = auth_event_keys(event)
    assert len(keys) == len(set(keys))


def _event(like: Pdu) -> Pdu:
    return replace(like, event_id="$malformed")


def test_levels_that_are_none_are_not_set_in_old_rooms() -> None:
    """Stricter than Rooms v1 to v9, which do not say what such a level is worth; those there already may stay."""
    bad = 'alice sets m.room.power_levels {"ban": "many", "users": {"<alice>": 100, "<bob>": 50}}'
    for version in ("1", "5", "6", "9"):
        rules = ROOM_VERSIONS[version]
        assert judged(P, bad)(rules).verdict.clause is Clause.NAMED_TO_ABOVE
        assert judged(f"{P}; {bad}", bad)(rules).verdict.clause is Clause.LEVELS_OTHERWISE
        worse = bad.replace('"ban": "many"', '"events": {"m.x": "many"}')
        assert judged(P, worse)(rules).verdict.clause is Clause.ENTRY_GAINED_ABOVE


def test_entries_that_are_no_object_are_not_set_in_old_rooms() -> None:
    """Stricter than Rooms v1 to v9, which say nothing of them: no server of the network lets them pass."""
    bad = 'alice sets m.room.power_levels {"events": "x", "users": {"<alice>": 100, "<bob>": 50}}'
    null = bad.replace('"x"', "null")
    for version in ("1", "5", "6", "9"):
        rules = ROOM_VERSIONS[version]
        assert judged(P, bad)(rules).verdict.clause is Clause.ENTRY_GAINED_ABOVE
        assert judged(P, null)(rules).verdict.clause is Clause.ENTRY_GAINED_ABOVE
        assert judged(P, bad.replace("events", "other"))(rules).verdict.clause is Clause.LEVELS_OTHERWISE
        assert judged("alice creates; alice joins; " + bad, bad)(rules).verdict.clause is Clause.LEVELS_OTHERWISE


def test_members_are_of_servers() -> None:
    """Stricter than rule 4.1 (v1 to v12): no server of the network takes members whose ids name none."""
    for rules in ROOM_VERSIONS.values():
        room = room_of(rules, P)
        state = room.pdus(room.state_before(["e4"]))
        for target, is_member in (("@dave:two.test", True), ("dave", False), ("", False)):
            event = replace(room.named["e4"], content={"membership": "invite"}, state_key=target, type="m.room.member")
            assert is_member is authorise(event, state).is_allowed
            assert is_member is (authorise(event, state).clause is not Clause.MEMBER_SHAPE)


def test_levels_that_are_none_are_not_what_python_takes_them_for() -> None:
    """Rooms v1 to v9: `false` is no 0 and `true` no 1, so that setting them is setting another level."""
    before = 'alice sets m.room.power_levels {"kick": 0, "events": {"m.x": 1}, "users": {"<alice>": 100, "<bob>": 50}}'
    for version in ("1", "5", "6", "9"):
        rules = ROOM_VERSIONS[version]
        named = before.replace('"kick": 0', '"kick": false')
        assert judged(f"{P}; {before}", named)(rules).verdict.clause is Clause.NAMED_TO_ABOVE
        entry = before.replace('"m.x": 1', '"m.x": true')
        assert judged(f"{P}; {before}", entry)(rules).verdict.clause is Clause.ENTRY_GAINED_ABOVE


def test_levels_nested_as_deep_as_events_may_be_are_compared() -> None:
    """What the format lets in does not break a rule, however deep in the stack it is asked."""
    rules = ROOM_VERSIONS["9"]
    before, after = (_event_of_deep_level(name, rules) for name in ("one", "two"))
    room = room_of(rules, P)
    state = {**room.pdus(room.state_before(["e4"])), ("m.room.power_levels", ""): before}
    assert authorise(after, state).clause is Clause.LEVELS_OTHERWISE


def _event_of_deep_level(name: str, rules: RoomVersion) -> Pdu:
    level: object = 1
    for _ in range(MAX_DEPTH - 2):
        level = [level]
    content: JsonObject = {"ban": level, "users": {"@alice:one.test": 100}, "name": name}
    like = room_of(rules, P).named["e2"]
    return replace(like, event_id=f"${name}", content=content)


def test_texts_longer_than_user_ids_are_not_kept() -> None:
    """What is remembered of attackers' texts is bounded in octets, not only in their number."""
    for size, is_one in ((MAX_ID_OCTETS, True), (MAX_ID_OCTETS + 1, False), (60_000, False)):
        text = "@" + "a" * (size - len("@:one.test")) + ":one.test"
        before = getrefcount(text)
        assert is_user_id(text) is is_one
        assert (getrefcount(text) > before) is is_one


def test_notifications_are_not_looked_at_before_version_6() -> None:
    """Rooms v6: "now include a notifications property under content"."""
    raised = "bob levels alice=100 bob=50 room=60"
    allowed = [rules.id for rules in ROOM_VERSIONS.values() if judged(P, raised)(rules).verdict.is_allowed]
    assert ["1", "2", "3", "4", "5"] == allowed


def test_a_room_without_create_allows_nothing() -> None:
    """Rooms v1 rule 2.4, v12 rule 2: an event that stands on no m.room.create is refused."""
    for rules in ROOM_VERSIONS.values():
        room = room_of(rules, P)
        state = room.pdus(room.state_before(["e4"]))
        del state["m.room.create", ""]
        verdict = authorise(room.named["e4"], state)
        expected = Clause.ROOM_ID if rules.is_room_id_of_create else Clause.AUTH_NO_CREATE
        assert (False, expected) == (verdict.is_allowed, verdict.clause)


def test_auth_events_of_members_are_selected() -> None:
    """SS §Auth events selection: the target, the join rules, the token of an invitation, the authorising user."""
    rules = ROOM_VERSIONS["11"]
    room = room_of(rules, P)
    member = room.named["e4"]
    base = {("m.room.create", ""), ("m.room.power_levels", ""), ("m.room.member", "@bob:one.test")}
    target = ("m.room.member", "@dave:one.test")
    rule = ("m.room.join_rules", "")
    invite: JsonObject = {"membership": "invite", "third_party_invite": {"signed": {"token": "t"}}}
    via: JsonObject = {"membership": "join", "join_authorised_via_users_server": "@erin:one.test"}
    cases: tuple[tuple[JsonObject, set[StateKey]], ...] = (
        ({"membership": "ban"}, {target}),
        ({"membership": "invite"}, {target, rule}),
        (invite, {target, rule, ("m.room.third_party_invite", "t")}),
        (via, {target, rule, ("m.room.member", "@erin:one.test")}),
    )
    for content, further in cases:
        event = replace(member, content=content, state_key="@dave:one.test")
        assert base | further == set(auth_event_keys(event))
    assert auth_event_keys(room.named["e0"]) == ()
    in_v12 = room_of(ROOM_VERSIONS["12"], P).named["e4"]
    assert ("m.room.create", "") not in auth_event_keys(in_v12)
    in_v7 = replace(member, content=via, rules=ROOM_VERSIONS["7"])
    assert ("m.room.member", "@erin:one.test") not in auth_event_keys(in_v7)


def test_signatures_of_invitations_are_checked_up_to_a_limit() -> None:
    """The 64th pair of key and signature still lets an invitation pass, the 65th is not looked at."""
    signatures = SIGNED["signatures"]
    assert isinstance(signatures, dict)
    ((signer, right),) = signatures.items()
    for wrong, is_allowed in ((MAX_CHECKED_SIGNATURES - 1, True), (MAX_CHECKED_SIGNATURES, False)):
        others = {f"ed25519:wrong{number}": "A" * 86 for number in range(wrong)}
        signed: JsonObject = {**SIGNED, "signatures": {signer: {**others, **right}}}
        assert invited(signed)(ROOM_VERSIONS["11"]).verdict.is_allowed is is_allowed
