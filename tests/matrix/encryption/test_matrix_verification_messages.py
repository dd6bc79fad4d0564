"""Messages by which users verify each other, in encrypted rooms: devices read them that read nothing else."""

from __future__ import annotations

import pytest

from fakes.encrypted_world import BOB, ROOM, EncryptedWorld
from scop.matrix.encryption import Decrypted, Newcomer, Obstacle, Options, Recipients, Trust
from scop.matrix.json_values import JsonObject

_REQUEST: JsonObject = {"msgtype": "m.key.verification.request", "body": "…", "to": BOB}
_MESSAGES: list[tuple[str, JsonObject]] = [
    ("m.room.message", _REQUEST),
    ("m.key.verification.start", {"m.relates_to": {"rel_type": "m.reference", "event_id": "$request"}}),
]


class _OnlyOneSigned(Newcomer):
    """All users have cross-signing keys, which signed one device."""

    def has_identity(self, user_id: str) -> bool:
        """Return that they have."""
        return bool(user_id)


def _world(policy: Recipients = Recipients.SIGNED_IF_ABLE) -> EncryptedWorld:
    world = EncryptedWorld(Options(recipients=policy))
    world.ann.machine.trusting = _OnlyOneSigned({(BOB, "BOB"): Trust.VERIFIED})
    return world


def _sent(world: EncryptedWorld, event_type: str, content: JsonObject) -> JsonObject:
    return world.ann.event(world.ann.do(world.ann.machine.encrypt(ROOM, event_type, content)))


@pytest.mark.parametrize("policy", [Recipients.SIGNED_IF_ABLE, Recipients.SIGNED, Recipients.VERIFIED])
@pytest.mark.parametrize("message", _MESSAGES)
def test_verification_messages_are_read_by_unsigned_devices(
    message: tuple[str, JsonObject], policy: Recipients
) -> None:
    """Matrix v1.19 CS §Key verification framework: encryption must not hinder the verification."""
    world = _world(policy)
    before, event, after = world.ann.send(ROOM, "before"), _sent(world, *message), world.ann.send(ROOM, "after")
    world.sync()
    for phone in (world.bob, world.tab):
        opened = phone.read(ROOM, event)
        assert isinstance(opened, Decrypted)
        assert message[0] == opened.type
    assert ["before", "after"] == [world.bob.body(ROOM, one) for one in (before, after)]
    # What is no such message stays closed to them: the session that they were given is not used for more.
    assert {Obstacle.UNKNOWN_INDEX, Obstacle.WITHHELD} == {world.tab.body(ROOM, one) for one in (before, after)}


def test_verification_messages_are_not_read_by_blocked_devices() -> None:
    """Whom our user shut out stays out."""
    world = _world()
    world.ann.machine.trusting = _OnlyOneSigned({(BOB, "BOB"): Trust.VERIFIED, (BOB, "TAB"): Trust.BLOCKED})
    event = _sent(world, *_MESSAGES[0])
    world.sync()
    assert isinstance(world.bob.read(ROOM, event), Decrypted)
    assert not isinstance(world.tab.read(ROOM, event), Decrypted)


def test_verification_messages_by_one_session_while_nothing_else_is_said() -> None:
    """A verification is half a dozen messages, and one key."""
    world = _world()
    events = [_sent(world, *message)["content"] for message in (*_MESSAGES, *_MESSAGES)]
    assert 1 == len({content["session_id"] for content in events if isinstance(content, dict)})
