"""Cases of the authorisation rules: for each clause a room and an event that it decides on, and one that it does not.

Rooms and events are lines of `matrix_scenarios` without names, set apart by semicolons; no line of a room is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fakes.matrix_rooms import Entry, RoomBuilder
from fakes.matrix_scenarios import entry_of
from scop.matrix.auth_rules import Authorisation, Clause, StateKey, authorise, judge_auth_events
from scop.matrix.events import Pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import RoomVersion
from scop.matrix.signing import SigningKey, sign_json

__all__ = ["CASES", "SIGNED", "Case", "Judgement", "P", "invited", "judged", "room_of"]


@dataclass(frozen=True)
class Judgement:
    """A verdict, the event, and what it was measured by: events of state, or the events that it refers to."""

    verdict: Authorisation
    event: Pdu
    by: tuple[Pdu, ...]
    is_by_state: bool = True


_Judge = Callable[[RoomVersion], Judgement]


@dataclass(frozen=True)
class Case:
    """A clause, what it decides, a judgement where it decides so, and a like one where it is another that decides."""

    clause: Clause
    is_allowed: bool
    decides: _Judge
    does_not: _Judge


def room_of(rules: RoomVersion, lines: str) -> RoomBuilder:
    """Return a room of events that come one after the other."""
    room = RoomBuilder(rules, hashed=True)
    previous: tuple[str, ...] = ()
    for number, line in enumerate(lines.split("; ")):
        entry = entry_of(f"e{number} {line}", previous)
        room.add(entry)
        previous = (entry.name,)
    return room


def _entry(room: RoomBuilder, line: str) -> Entry:
    return entry_of(f"judged {line}", (next(reversed(room.named)),))


def _by_state(room: RoomBuilder, entry: Entry, signers: tuple[str, ...] | None = None) -> Judgement:
    state = room.pdus(room.state_before(entry.after))
    event = room.add(entry)
    return Judgement(authorise(event, state, signers=signers), event, tuple(state.values()))


def judged(lines: str, line: str, *, further: JsonObject | None = None) -> _Judge:
    """Return the judgement on an event after the events of a room, by the state there."""

    def judge(rules: RoomVersion) -> Judgement:
        room = room_of(rules, lines)
        return _by_state(room, replace(_entry(room, line), further=further or {}))

    return judge


def _begun(**changes: object) -> _Judge:
    """Return the judgement on an m.room.create with changes to its content; `None` takes a key away."""

    def judge(rules: RoomVersion) -> Judgement:
        content = {"room_version": rules.id, "creator": "@alice:one.test", **changes}
        content = {key: value for key, value in content.items() if value is not None}
        entry = Entry("create", "m.room.create", "@alice:one.test", content, "", is_literal=True)
        return _by_state(RoomBuilder(rules, hashed=True), entry)

    return judge


def _begun_late(rules: RoomVersion) -> Judgement:
    room = room_of(rules, "alice creates")
    event = room.add(entry_of("late alice creates", ("e0",)))
    return Judgement(authorise(event, {}), event, (), is_by_state=False)


def _begun_elsewhere(rules: RoomVersion) -> Judgement:
    entry = replace(entry_of("create alice creates", ()), further={"room_id": "!room:two.test"})
    event = RoomBuilder(rules, hashed=True).add(entry)
    if not rules.is_room_id_of_create:
        event = replace(event, room_id="!room:two.test")
    return Judgement(authorise(event, {}), event, (), is_by_state=False)


_Auths = Callable[[dict[StateKey, Pdu]], list[Pdu]]
_OTHER_TOPIC: StateKey = ("m.room.topic", "")


def _cited(change: _Auths, *, rejects: StateKey | None = None) -> _Judge:
    """Return the judgement on a topic whose auth events are changed from those that it should have."""

    def judge(rules: RoomVersion) -> Judgement:
        room = room_of(rules, P)
        entry = _entry(room, "bob sets m.room.topic {}")
        state = room.pdus(room.state_before(entry.after))
        keys: list[StateKey] = [("m.room.power_levels", ""), ("m.room.member", "@bob:one.test")]
        if not rules.is_room_id_of_create:
            keys.insert(0, ("m.room.create", ""))
        auths = change({**{key: state[key] for key in keys}, _OTHER_TOPIC: state["m.room.join_rules", ""]})
        rejected = [] if rejects is None else [state[rejects].event_id]
        create, event = state["m.room.create", ""], room.draft(entry)
        verdict = judge_auth_events(event, auths, rejected, create=create)
        return Judgement(verdict, event, tuple(auths), is_by_state=False)

    return judge


def _as_they_should(auths: dict[StateKey, Pdu]) -> list[Pdu]:
    return [auth for key, auth in auths.items() if key != _OTHER_TOPIC]


def _without(*kinds: str) -> _Auths:
    return lambda auths: [auth for key, auth in auths.items() if key[0] not in {"m.room.topic", *kinds}]


def _of_other_room(auths: dict[StateKey, Pdu]) -> list[Pdu]:
    return [replace(auth, room_id="!other:one.test") for auth in _as_they_should(auths)]


def _of_other_create(rules: RoomVersion) -> Judgement:
    room = room_of(rules, P)
    event = replace(room.draft(_entry(room, "bob says hello")), room_id="!another")
    return Judgement(authorise(event, room.pdus(room.state_before(("e4",)))), event, (), is_by_state=False)


_KEY = SigningKey(bytes(range(32)), "0")
SIGNED: JsonObject = sign_json({"mxid": "@dave:one.test", "token": "t"}, "identity.test", _KEY)
_UNSIGNED: JsonObject = {key: value for key, value in SIGNED.items() if key != "signatures"}


def invited(signed: object = SIGNED, *, banned: bool = False, keys: str = "public_key", sender: str = "bob") -> _Judge:
    """Return the judgement on an invitation of Dave that goes back to one of a third party."""
    public_key = _KEY.verify_key.to_base64()
    assert "/" in public_key
    content: JsonObject = {"public_key": public_key}
    if keys == "public_keys":
        content = {"public_keys": [{"public_key": public_key.replace("/", "_")}]}

    def judge(rules: RoomVersion) -> Judgement:
        room = room_of(rules, f"{P}; alice bans dave" if banned else P)
        token = Entry(
            "token", "m.room.third_party_invite", "@bob:one.test", content, "t", (next(reversed(room.named)),)
        )
        room.add(token if keys else replace(token, state_key="another"))
        invite: JsonObject = {
            "membership": "invite",
            "third_party_invite": {} if signed is None else {"signed": signed},
        }
        return _by_state(
            room, Entry("judged", "m.room.member", f"@{sender}:one.test", invite, "@dave:one.test", ("token",))
        )

    return judge


def _countersigned(*signers: str) -> _Judge:
    """Return the judgement on a restricted join that Erin of two.test authorises, with the signatures of servers."""

    def judge(rules: RoomVersion) -> Judgement:
        room = room_of(rules, f"{P}; erin@two joins; alice rules restricted")
        entry = _entry(room, 'dave joins {"join_authorised_via_users_server": "<erin@two>"}')
        return _by_state(room, entry, signers)

    return judge


# Alice made the room, Bob is a moderator; without a rule one joins by invitation, here anyone.
P = "alice creates; alice joins; alice levels alice=100 bob=50; alice rules public; bob joins"
_ALONE = 'alice creates {"m.federate": false}; alice joins; alice rules public'
_PRIVATE = f"{P}; alice rules invite"
_RESTRICTED = f"{P}; alice rules restricted"
_KNOCK = f"{P}; alice rules knock"
_ASK_MORE = f"{P}; alice levels alice=100 bob=50 invite=60 ban=60 kick=60"
_BY_BOB = 'dave joins {"join_authorised_via_users_server": "<bob>"}'
_BY_ERIN = 'dave joins {"join_authorised_via_users_server": "<erin>"}'
_LINE = "levels alice=100 bob=50 dave=50 ban=60 m.room.topic=60 m.room.name=40"
_LEVELS = f"alice creates; alice joins; alice {_LINE}; alice rules public; bob joins"
_SAME = f"bob {_LINE}"


def _pair(clause: Clause, decides: tuple[str, str], does_not: tuple[str, str], *, allows: bool = False) -> Case:
    return Case(clause, allows, judged(*decides), judged(*does_not))


CASES: tuple[Case, ...] = (
    Case(Clause.CREATE_IS_FIRST, False, _begun_late, _begun()),
    Case(Clause.CREATE_ROOM_ID, False, _begun_elsewhere, _begun()),
    Case(Clause.CREATE_VERSION, False, _begun(room_version="none"), _begun(room_version=None)),
    Case(Clause.CREATE_CREATOR, False, _begun(creator=None), _begun(creator="@bob:one.test")),
    Case(
        Clause.CREATE_ADDITIONAL, False, _begun(additional_creators=["bob"]), _begun(additional_creators=["@b:c.test"])
    ),
    Case(Clause.CREATE_ADDITIONAL, False, _begun(additional_creators="@b:c.test"), _begun(additional_creators=[])),
    Case(Clause.CREATE_OTHERWISE, True, _begun(), _begun(room_version=12)),
    Case(Clause.ROOM_ID, False, _of_other_create, judged(P, "bob says hello")),
    Case(Clause.AUTH_TWICE, False, _cited(lambda auths: 2 * _as_they_should(auths)), _cited(_as_they_should)),
    Case(Clause.AUTH_UNSELECTED, False, _cited(lambda auths: [*auths.values()]), _cited(_as_they_should)),
    Case(
        Clause.AUTH_REJECTED,
        False,
        _cited(_as_they_should, rejects=("m.room.power_levels", "")),
        _cited(_as_they_should),
    ),
    Case(Clause.AUTH_NO_CREATE, False, _cited(_without("m.room.create")), _cited(_without("m.room.power_levels"))),
    Case(Clause.AUTH_OTHER_ROOM, False, _cited(_of_other_room), _cited(_as_they_should)),
    Case(Clause.AUTH_EVENTS, True, _cited(_as_they_should), _cited(_of_other_room)),
    _pair(
        Clause.FEDERATE,
        (_ALONE, "eve@two joins"),
        ('alice creates {"m.federate": true}; alice joins; alice rules public', "eve@two joins"),
    ),
    _pair(Clause.ALIASES_KEY, (P, "bob sends m.room.aliases {}"), (P, "bob sets m.room.aliases|one.test {}")),
    _pair(
        Clause.ALIASES_SERVER, (P, "bob sets m.room.aliases|two.test {}"), (P, "bob sets m.room.aliases|one.test {}")
    ),
    _pair(
        Clause.ALIASES_OTHERWISE,
        (P, "dave sets m.room.aliases|one.test {}"),
        (P, "dave sets m.room.aliases|two.test {}"),
        allows=True,
    ),
    _pair(Clause.MEMBER_SHAPE, (P, 'bob sends m.room.member {"membership": "join"}'), (P, "bob joins")),
    _pair(Clause.MEMBER_SHAPE, (P, "bob sets m.room.member|<bob> {}"), (P, "bob leaves")),
    Case(Clause.MEMBER_UNSIGNED, False, _countersigned("one.test"), _countersigned("one.test", "two.test")),
    _pair(Clause.JOIN_FIRST, ("alice creates", "alice joins"), ("alice creates", "bob joins"), allows=True),
    _pair(Clause.JOIN_OTHER, (P, 'bob sets m.room.member|<dave> {"membership": "join"}'), (P, "dave joins")),
    _pair(Clause.JOIN_BANNED, (f"{P}; alice bans dave", "dave joins"), (f"{P}; alice kicks dave", "dave joins")),
    _pair(Clause.JOIN_INVITED, (f"{_PRIVATE}; bob invites dave", "dave joins"), (_PRIVATE, "dave joins"), allows=True),
    _pair(Clause.JOIN_INVITED, (_PRIVATE, "bob joins"), (P, "bob joins"), allows=True),
    _pair(Clause.JOIN_RESTRICTED_IN, (_RESTRICTED, "bob joins"), (_RESTRICTED, "dave joins"), allows=True),
    _pair(Clause.JOIN_UNAUTHORISED, (_RESTRICTED, "dave joins"), (_RESTRICTED, _BY_BOB)),
    _pair(Clause.JOIN_UNAUTHORISED, (_RESTRICTED, _BY_ERIN), (f"{_RESTRICTED}; erin joins", _BY_ERIN)),
    _pair(Clause.JOIN_UNAUTHORISED, (f"{_ASK_MORE}; alice rules restricted", _BY_BOB), (_RESTRICTED, _BY_BOB)),
    _pair(Clause.JOIN_AUTHORISED, (_RESTRICTED, _BY_BOB), (_RESTRICTED, _BY_ERIN), allows=True),
    _pair(Clause.JOIN_PUBLIC, (P, "dave joins"), (_PRIVATE, "dave joins"), allows=True),
    _pair(Clause.JOIN_OTHERWISE, (_PRIVATE, "dave joins"), (P, "dave joins")),
    _pair(Clause.JOIN_OTHERWISE, (f"{P}; alice rules private", "bob joins"), (_PRIVATE, "bob joins")),
    Case(Clause.THIRD_PARTY_BANNED, False, invited(banned=True), invited()),
    Case(Clause.THIRD_PARTY_UNSIGNED, False, invited(None), invited()),
    Case(Clause.THIRD_PARTY_SHAPE, False, invited({"mxid": "@dave:one.test"}), invited(_UNSIGNED)),
    Case(Clause.THIRD_PARTY_SHAPE, False, invited({"token": "t"}), invited(_UNSIGNED)),
    Case(Clause.THIRD_PARTY_OTHER, False, invited({**SIGNED, "mxid": "@bob:one.test"}), invited()),
    Case(Clause.THIRD_PARTY_UNKNOWN, False, invited(keys=""), invited()),
    Case(Clause.THIRD_PARTY_SENDER, False, invited(sender="alice"), invited(sender="bob")),
    Case(Clause.THIRD_PARTY_SINGLE, True, invited(), invited(_UNSIGNED)),
    Case(Clause.THIRD_PARTY_LIST, True, invited(keys="public_keys"), invited()),
    Case(Clause.THIRD_PARTY_OTHERWISE, False, invited({**SIGNED, "forged": True}), invited()),
    _pair(Clause.INVITE_OUTSIDER, (P, "dave invites erin"), (P, "bob invites erin")),
    _pair(Clause.INVITE_TARGET, (P, "alice invites bob"), (P, "alice invites dave")),
    _pair(Clause.INVITE_TARGET, (f"{P}; alice bans dave", "bob invites dave"), (P, "bob invites dave")),
    _pair(Clause.INVITE_LEVEL, (P, "bob invites dave"), (_ASK_MORE, "bob invites dave"), allows=True),
    _pair(Clause.INVITE_LEVEL, (_ALONE, "alice invites eve@two"), (_ALONE, "eve@two joins"), allows=True),
    _pair(Clause.INVITE_OTHERWISE, (_ASK_MORE, "bob invites dave"), (P, "bob invites dave")),
    _pair(Clause.LEAVE_SELF, (P, "bob leaves"), (P, "alice kicks bob"), allows=True),
    _pair(Clause.LEAVE_SELF, (f"{P}; bob invites dave", "dave leaves"), (P, "dave leaves"), allows=True),
    _pair(Clause.LEAVE_SELF, (P, "dave leaves"), (P, "bob leaves")),
    _pair(Clause.LEAVE_SELF, (f"{P}; alice bans bob", "bob leaves"), (P, "bob leaves")),
    _pair(Clause.LEAVE_OUTSIDER, (P, "dave kicks bob"), (P, "alice kicks bob")),
    _pair(
        Clause.LEAVE_BANNED,
        (f"{P}; alice levels alice=100 bob=50 ban=60; alice bans dave", "bob kicks dave"),
        (f"{P}; alice levels alice=100 bob=50 ban=50; alice bans dave", "bob kicks dave"),
    ),
    _pair(Clause.LEAVE_KICK, (f"{P}; dave joins", "bob kicks dave"), (P, "bob kicks alice"), allows=True),
    _pair(Clause.LEAVE_OTHERWISE, (P, "bob kicks alice"), (P, "bob kicks dave")),
    _pair(Clause.LEAVE_OTHERWISE, (_ASK_MORE, "bob kicks dave"), (P, "bob kicks dave")),
    _pair(Clause.BAN_OUTSIDER, (P, "dave bans erin"), (P, "bob bans erin")),
    _pair(Clause.BAN_LEVEL, (P, "bob bans dave"), (P, "bob bans alice"), allows=True),
    _pair(Clause.BAN_OTHERWISE, (P, "bob bans alice"), (P, "bob bans dave")),
    _pair(Clause.BAN_OTHERWISE, (_ASK_MORE, "bob bans dave"), (P, "bob bans dave")),
    _pair(Clause.KNOCK_RULE, (_PRIVATE, "dave knocks"), (_KNOCK, "dave knocks")),
    _pair(
        Clause.KNOCK_OTHER, (_KNOCK, 'bob sets m.room.member|<dave> {"membership": "knock"}'), (_KNOCK, "dave knocks")
    ),
    _pair(Clause.KNOCK_OUTSIDER, (_KNOCK, "dave knocks"), (_KNOCK, "bob knocks"), allows=True),
    _pair(Clause.KNOCK_OTHERWISE, (_KNOCK, "bob knocks"), (_KNOCK, "dave knocks")),
    _pair(Clause.KNOCK_OTHERWISE, (f"{_KNOCK}; bob invites dave", "dave knocks"), (_KNOCK, "dave knocks")),
    _pair(Clause.KNOCK_OTHERWISE, (f"{_KNOCK}; alice bans dave", "dave knocks"), (_KNOCK, "dave knocks")),
    _pair(Clause.MEMBER_OTHERWISE, (P, 'bob sets m.room.member|<bob> {"membership": "high"}'), (P, "bob leaves")),
    _pair(Clause.OUTSIDER, (P, "dave says hello"), (P, "bob says hello")),
    _pair(
        Clause.THIRD_PARTY_INVITE_LEVEL,
        (P, "bob sets m.room.third_party_invite|t {}"),
        (P, "bob sets m.room.topic {}"),
        allows=True,
    ),
    _pair(
        Clause.THIRD_PARTY_INVITE_LEVEL,
        (_ASK_MORE, "bob sets m.room.third_party_invite|t {}"),
        (_ASK_MORE, "dave sets m.room.third_party_invite|t {}"),
    ),
    _pair(Clause.REQUIRED_LEVEL, (f"{P}; dave joins", "dave sets m.room.topic {}"), (P, "bob sets m.room.topic {}")),
    _pair(Clause.REQUIRED_LEVEL, (_LEVELS, "bob sets m.room.topic {}"), (_LEVELS, "bob sets m.room.name {}")),
    _pair(Clause.OWN_STATE, (P, "bob sets org.example|<alice> {}"), (P, "bob sets org.example|<bob> {}")),
    _pair(
        Clause.LEVELS_NAMED,
        (P, 'bob sets m.room.power_levels {"ban": "50"}'),
        (P, 'bob sets m.room.power_levels {"ban": 50}'),
    ),
    _pair(
        Clause.LEVELS_ENTRIES,
        (P, 'bob sets m.room.power_levels {"notifications": {"room": "1"}}'),
        (P, 'bob sets m.room.power_levels {"notifications": {"room": 1}}'),
    ),
    _pair(
        Clause.LEVELS_USERS,
        (P, 'bob sets m.room.power_levels {"users": {"dave": 1}}'),
        (P, 'bob sets m.room.power_levels {"users": {"<dave>": 1}}'),
    ),
    _pair(
        Clause.LEVELS_USERS,
        (P, 'bob sets m.room.power_levels {"users": {"<dave>": "high"}}'),
        (P, 'bob sets m.room.power_levels {"users": {"<dave>": 10}}'),
    ),
    _pair(
        Clause.LEVELS_CREATORS,
        (P, 'bob sets m.room.power_levels {"users": {"<alice>": 0}}'),
        (P, 'bob sets m.room.power_levels {"users": {"<bob>": 0}}'),
    ),
    _pair(
        Clause.LEVELS_FIRST,
        ("alice creates; alice joins", "alice levels bob=50"),
        (P, "alice levels alice=100 bob=50"),
        allows=True,
    ),
    _pair(Clause.NAMED_ABOVE, (_LEVELS, _SAME.replace("ban=60", "ban=50")), (_LEVELS, _SAME)),
    _pair(Clause.NAMED_ABOVE, (_LEVELS, _SAME.replace("ban=60", "")), (_LEVELS, _SAME)),
    _pair(Clause.NAMED_TO_ABOVE, (_LEVELS, f"{_SAME} kick=51"), (_LEVELS, f"{_SAME} kick=50")),
    _pair(Clause.ENTRY_LOST_ABOVE, (_LEVELS, _SAME.replace("m.room.topic=60", "")), (_LEVELS, _SAME)),
    _pair(Clause.ENTRY_LOST_ABOVE, (_LEVELS, _SAME.replace("topic=60", "topic=50")), (_LEVELS, _SAME)),
    _pair(Clause.ENTRY_GAINED_ABOVE, (_LEVELS, f"{_SAME} m.sticker=51"), (_LEVELS, f"{_SAME} m.sticker=50")),
    _pair(Clause.ENTRY_GAINED_ABOVE, (_LEVELS, _SAME.replace("name=40", "name=51")), (_LEVELS, _SAME)),
    _pair(
        Clause.USER_LOST_ABOVE, (_LEVELS, _SAME.replace("dave=50", "")), (_LEVELS, _SAME.replace("bob=50", "bob=40"))
    ),
    _pair(Clause.USER_GAINED_ABOVE, (_LEVELS, f"{_SAME} erin=51"), (_LEVELS, f"{_SAME} erin=50")),
    _pair(Clause.LEVELS_OTHERWISE, (_LEVELS, _SAME), (_LEVELS, f"{_SAME} erin=51"), allows=True),
    Case(
        Clause.REDACTION_LEVEL,
        True,
        judged(P, "bob sends m.room.redaction {}"),
        judged(f"{P}; dave joins", "dave sends m.room.redaction {}"),
    ),
    Case(
        Clause.REDACTION_SERVER,
        True,
        judged(f"{P}; dave joins", "dave sends m.room.redaction {}", further={"redacts": "$x:one.test"}),
        judged(P, "bob sends m.room.redaction {}", further={"redacts": "$x:one.test"}),
    ),
    Case(
        Clause.REDACTION_OTHERWISE,
        False,
        judged(f"{P}; dave joins", "dave sends m.room.redaction {}", further={"redacts": "$x:two.test"}),
        judged(f"{P}; dave joins", "dave sends m.room.redaction {}", further={"redacts": "$x:one.test"}),
    ),
    _pair(Clause.OTHERWISE, (P, "bob says hello"), (P, "dave says hello"), allows=True),
)
