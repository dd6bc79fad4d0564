"""The checks on receipt of a PDU, one after the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.auth_rule_cases import P
from fakes.matrix_rooms import RoomBuilder
from fakes.matrix_scenarios import entry_of
from fakes.receiving_server import POLICY_KEY, ReceivingServer, key_of
from scop.matrix.auth_rules import Reception
from scop.matrix.events import countersign_pdu, sign_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS, RoomVersion

_VERSIONS = pytest.mark.parametrize("rules", ROOM_VERSIONS.values(), ids=lambda rules: f"v{rules.id}")
V12 = ROOM_VERSIONS["12"]
_ALL = ["KeysNeed", "EventsNeed", "StateBeforeNeed", "CurrentStateNeed"]


def _server(rules: RoomVersion, lines: str = P, *, current: str = "") -> ReceivingServer:
    """Return a server that knows a room; its current state may be that after further lines."""
    room = RoomBuilder(rules, hashed=True)
    previous: tuple[str, ...] = ()
    for number, line in enumerate([*lines.split("; "), *filter(None, current.split("; "))]):
        entry = replace(entry_of(f"e{number} {line}", previous))
        room.add(entry)
        previous = (entry.name,)
    before = room.pdus(room.state_after[f"e{len(lines.split('; ')) - 1}"])
    return ReceivingServer(room, before, room.pdus(room.state_after[previous[0]]))


def _sent(server: ReceivingServer, line: str, after: str = "e4") -> JsonObject:
    """Return an event as its sender's server sends it."""
    draft = server.room.add(entry_of(f"sent {line}", (after,)))
    del server.room.events[draft.event_id]
    return sign_pdu(draft.json, server.room.rules, "one.test", key_of("one.test"))


@_VERSIONS
def test_an_event_that_passes_is_accepted(rules: RoomVersion) -> None:
    """SS §Checks performed on receipt of a PDU: all of them are made, and each asks for what it lacks once."""
    server = _server(rules)
    received = server.receive(_sent(server, 'bob sets m.room.topic {"topic": "t"}'))
    assert (Reception.ACCEPTED, _ALL) == (received.outcome, server.asked)
    assert received.event is not None
    assert received.event.content == {"topic": "t"}


def test_what_is_no_event_is_dropped() -> None:
    """Check 1: an event that breaks the format of its room version is dropped, and nothing asked for."""
    server = _server(V12)
    event = _sent(server, "bob says hello")
    del event["sender"]
    received = server.receive(event)
    assert (Reception.DROPPED, None, []) == (received.outcome, received.event, server.asked)


def test_an_event_without_its_signature_is_dropped() -> None:
    """Check 2: an event whose signature fails, or is of another server, is dropped."""
    server = _server(V12)
    event = _sent(server, "bob says hello")
    forged = {**event, "origin_server_ts": 5}
    foreign = countersign_pdu({**event, "signatures": {}}, V12, "two.test", key_of("two.test"))
    for other in (forged, foreign):
        assert server.receive(other).outcome is Reception.DROPPED


def test_an_event_whose_hash_fails_is_redacted() -> None:
    """Check 3: what was changed after hashing goes on as its redacted self."""
    server = _server(V12)
    event = _sent(server, 'bob sets m.room.topic {"topic": "t"}')
    received = server.receive({**event, "content": {"topic": "changed"}})
    assert received.outcome is Reception.ACCEPTED
    assert received.event is not None
    assert received.event.content == {}


@_VERSIONS
def test_an_event_that_its_auth_events_forbid_is_rejected(rules: RoomVersion) -> None:
    """Check 4: rules on auth events and by them; a rejected event keeps its rule's number."""
    server = _server(rules, P.replace("bob=50", "bob=10"))
    received = server.receive(_sent(server, "bob sets m.room.topic {}"))
    assert received.outcome is Reception.REJECTED
    assert received.authorisation is not None
    assert received.authorisation.reason == received.reason
    assert server.asked == ["KeysNeed", "EventsNeed"]


def test_an_event_is_rejected_for_rejected_or_missing_auth_events() -> None:
    """Check 4: nothing stands on what was rejected (rule 3.3) or cannot be had."""
    server = _server(V12)
    event = _sent(server, "bob says hello")
    levels = server.room.named["e2"].event_id
    server.room.rejected.add(levels)
    assert "rejected" in server.receive(event).reason
    server.room.rejected.clear()
    del server.room.events[levels]
    received = server.receive(event)
    assert (Reception.REJECTED, True) == (received.outcome, levels in received.reason)


def test_a_reason_shows_what_it_quotes_and_does_not_obey_it() -> None:
    """What another server names an event by goes to a log, where it must not begin lines of its own."""
    server = _server(V12)
    event = {**_sent(server, "bob says hello"), "auth_events": ["$\nall is well\x1b[2J"]}
    received = server.receive(sign_pdu(event, V12, "one.test", key_of("one.test")))
    assert (Reception.REJECTED, True) == (received.outcome, received.reason.isprintable())


def test_an_event_that_the_state_before_it_forbids_is_rejected() -> None:
    """Check 5: auth events that are out of date do not help; a state that cannot be had does not either."""
    server = _server(V12)
    event = _sent(server, "bob says hello")
    banned = _server(V12, f"{P}; alice bans bob")
    server.before = banned.before
    received = server.receive(event)
    assert (Reception.REJECTED, _ALL[:3]) == (received.outcome, server.asked)
    server.before = None
    assert server.receive(event).outcome is Reception.REJECTED


def test_an_event_that_the_current_state_forbids_fails_softly() -> None:
    """Check 6: who was banned meanwhile may have written before, but nobody is shown it."""
    server = _server(V12, current="alice bans bob")
    received = server.receive(_sent(server, "bob says hello"))
    assert (Reception.SOFT_FAILED, "6") == (received.outcome, received.authorisation and received.authorisation.rule)


def _with_policy(via: str = "policy.test", further: str = "@watch:policy.test joins") -> ReceivingServer:
    key = POLICY_KEY.verify_key.to_base64()
    policy = f'alice sets m.room.policy {{"via": "{via}", "public_keys": {{"ed25519": "{key}"}}}}'
    return _server(V12, current=f"{further}; {policy}" if further else policy)


def test_a_policy_server_is_asked_where_it_has_not_signed() -> None:
    """Check 7 and SS §Validating Policy Server signatures: without its signature, also when asked, softly failed."""
    server = _with_policy()
    event = _sent(server, "bob says hello")
    assert server.receive(event).outcome is Reception.SOFT_FAILED
    assert server.asked == [*_ALL, "PolicySignatureNeed"]
    server.will_policy_server_sign = True
    received = server.receive(event)
    assert received.outcome is Reception.ACCEPTED
    assert received.event is not None
    assert "policy.test" in str(received.event.json["signatures"])


def test_a_policy_server_takes_no_signature_away() -> None:
    """Ibid.: the server of the sender may be the room's policy server too, and its other signature stays."""
    server = _with_policy("one.test")
    server.will_policy_server_sign = True
    event = _sent(server, "bob says hello")
    received = server.receive(event)
    assert received.event is not None
    assert server.asked == [*_ALL, "PolicySignatureNeed"]
    both = countersign_pdu(event, V12, "one.test", POLICY_KEY)["signatures"]
    assert (Reception.ACCEPTED, both) == (received.outcome, received.event.json["signatures"])
    server.answers_nothing = True
    received = server.receive(event)
    assert received.event is not None
    assert (Reception.SOFT_FAILED, event) == (received.outcome, received.event.json)


def test_a_policy_server_that_signed_is_not_asked() -> None:
    """SS §Validating Policy Server signatures: a valid one recommends the event; one by another key does not."""
    server = _with_policy()
    event = _sent(server, "bob says hello")
    assert server.receive(countersign_pdu(event, V12, "policy.test", POLICY_KEY)).outcome is Reception.ACCEPTED
    assert server.asked == _ALL
    assert server.receive(countersign_pdu(event, V12, "policy.test", key_of("policy.test"))).outcome is not (
        Reception.ACCEPTED
    )


def test_a_policy_server_counts_only_where_it_has_joined() -> None:
    """SS §Determining if a Policy Server is enabled: a joined user of it, and m.room.policy itself needs no word."""
    server = _with_policy(further="")
    assert server.receive(_sent(server, "bob says hello")).outcome is Reception.ACCEPTED
    server = _with_policy()
    assert server.receive(_sent(server, "bob sets m.room.policy {}")).outcome is Reception.ACCEPTED


@_VERSIONS
def test_the_create_event_needs_no_state(rules: RoomVersion) -> None:
    """A room begins with what has no state before it: rule 1 alone decides."""
    server = _server(rules, "alice creates")
    json = {key: value for key, value in server.room.named["e0"].json.items() if key != "signatures"}
    received = server.receive(sign_pdu(json, rules, "one.test", key_of("one.test")))
    assert (Reception.ACCEPTED, ["KeysNeed"]) == (received.outcome, server.asked)
