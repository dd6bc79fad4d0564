"""What is inside of an Olm message: who sends it to whom, and the checks that hold a receiver to that.

Standards: Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2, §Validation of incoming decrypted events.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.encryption.devices import Directory, read_device
from scop.matrix.encryption.shapes import object_at, text_at
from scop.matrix.encryption.values import Device
from scop.matrix.json_values import JsonObject, JsonView

__all__ = ["Opened", "read_payload", "write_payload"]


@dataclass(frozen=True, slots=True)
class Opened:
    """An Olm message that passed the checks."""

    sender: str
    sender_key: str
    sender_ed25519: str
    type: str
    content: JsonObject
    device: Device | None  # None where nobody told yet that the sender has this device
    states_device: bool = False  # the message bears the keys of its device


def write_payload(own: Device, recipient: Device, event_type: str, content: JsonView) -> bytes:
    """Return the plaintext of a message to a device."""
    return msgspec.json.encode(
        {
            "type": event_type,
            "content": content,
            "sender": own.user_id,
            "recipient": recipient.user_id,
            "recipient_keys": {"ed25519": recipient.ed25519},
            "keys": {"ed25519": own.ed25519},
            "sender_device_keys": own.keys,
        }
    )


def read_payload(plaintext: bytes, sender: str, sender_key: str, directory: Directory) -> Opened:
    """Return what a decrypted message says; raises `RemoteProtocolError` where it is not from or to whom it claims."""
    try:
        json = msgspec.json.decode(plaintext, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError("the Olm message holds no JSON") from error
    event_type, ed25519 = text_at(json, "type"), text_at(object_at(json, "keys"), "ed25519")
    content = json.get("content")
    if event_type is None or ed25519 is None or not isinstance(content, dict):
        raise RemoteProtocolError("the Olm message lacks what it must have")
    # Matrix v1.19 CS §Validation of incoming decrypted events, check 1.
    if json.get("sender") != sender:
        raise RemoteProtocolError("the Olm message names another sender")
    # Checks 3 and 4.
    if json.get("recipient") != directory.own.user_id:
        raise RemoteProtocolError("the Olm message is for another user")
    if text_at(object_at(json, "recipient_keys"), "ed25519") != directory.own.ed25519:
        raise RemoteProtocolError("the Olm message is for another device")
    # Check 2, as far as the device is known; whoever shows the sender asks the directory again.
    known = directory.by_curve25519(sender, sender_key)
    stated = _check_stated(json, sender, sender_key, ed25519)
    if known is not None and known.ed25519 != ed25519:
        raise RemoteProtocolError("the Olm message names another key than its device has")
    return Opened(sender, sender_key, ed25519, event_type, content, known or stated, stated is not None)


def _check_stated(json: JsonView, sender: str, sender_key: str, ed25519: str) -> Device | None:
    """Return the sending device by the keys it sent along, if it did; raises where they are not its own."""
    if (given := json.get("sender_device_keys")) is None:
        return None
    # Check 5: its user, its keys, its own signature.
    stated = read_device(sender, text_at(given, "device_id") or "", given)
    if stated is None or (stated.curve25519, stated.ed25519) != (sender_key, ed25519):
        raise RemoteProtocolError("the Olm message bears device keys that are not its sender's")
    return stated
