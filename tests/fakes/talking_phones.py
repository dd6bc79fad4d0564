"""Two phones that know each other, and talk by Olm."""

from __future__ import annotations

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone, room_of
from scop.matrix.api.client_server.keys import ClaimKeys
from scop.matrix.encryption import Device

__all__ = ["ANN", "BOB", "ROOM", "claims_of", "olm_types", "tell", "two_phones", "words_for"]

ANN, BOB = "@ann:a.test", "@bob:b.test"
ROOM = room_of(ANN, BOB)


def two_phones() -> tuple[Phone, Phone]:
    """Return two that follow each other's devices."""
    server, clock = KeyServer(), JumpingClock()
    ann, bob = Phone.of(server, clock, ANN, "ANN"), Phone.of(server, clock, BOB, "BOB")
    for phone in (ann, bob):
        phone.do(phone.machine.track([ANN, BOB]))
        phone.sync()
    return ann, bob


def tell(phone: Phone, other: Phone, word: str) -> tuple[Device, ...]:
    """Send a message by Olm; return the devices that could not be reached."""
    devices = phone.machine.devices.of(other.place[0])
    return phone.do(phone.machine.send_to_devices(devices, "test.word", {"word": word}))


def words_for(phone: Phone) -> list[object]:
    """Return the words that a sync brings."""
    return [one.content["word"] for one in phone.sync() if one.was_encrypted]


def claims_of(phone: Phone) -> int:
    """Return how often a phone claimed keys."""
    return sum(isinstance(one, ClaimKeys) and name == phone.place[1] for name, one in phone.server.asked)


def olm_types(phone: Phone, other: Phone) -> list[object]:
    """Return the Olm types of the messages that wait for a device."""
    key = other.machine.own_device.curve25519
    contents = [event.content for event in phone.server.of(other.place).mailbox]
    return [content["ciphertext"][key]["type"] for content in contents if isinstance(content["ciphertext"], dict)]
