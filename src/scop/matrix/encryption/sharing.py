"""Gives the key of a room to the devices that are to read, and tells the others why they get none.

Standards: Matrix v1.19 CS §m.room_key, §Recommended client behaviour, §Reporting that decryption keys are withheld.
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.matrix.encryption.channel import Channel, in_batches
from scop.matrix.encryption.devices import Directory
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.outbound import Outbound, OutboundSession
from scop.matrix.encryption.trust import Recipients, Trust, Trusting
from scop.matrix.encryption.values import MEGOLM, Device, EncryptedRoom
from scop.matrix.encryption.withheld import BLACKLISTED, NO_OLM, UNVERIFIED, withheld_content
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.steps import Steps

__all__ = ["Audience", "Sharing", "audience_of", "is_shared", "policy_for", "share_key", "tell_refused"]

_AT_ONCE = 100
_VERIFICATION = "m.key.verification."


@dataclass(frozen=True, slots=True)
class Audience:
    """Who of a room gets its key, and who does not and by which code."""

    readers: tuple[Device, ...]
    refused: tuple[tuple[Device, str], ...]

    def places(self) -> dict[tuple[str, str], str]:
        """Return the Curve25519 keys of the readers by user id and device id."""
        return {device.place: device.curve25519 for device in self.readers}


@dataclass(frozen=True, slots=True)
class Sharing:
    """What sharing needs of the machine."""

    own: Device
    outbound: Outbound
    channel: Channel
    ledger: Ledger


def policy_for(event_type: str, content: JsonView, usual: Recipients) -> Recipients:
    """Return which devices are to read an event."""
    msgtype = content.get("msgtype") if event_type == "m.room.message" else None
    # Matrix v1.19 CS §Key verification framework: "clients must ensure that all the recipient's unverified devices
    # receive the keys", and others need them to see who answered. What is said next goes by a session without them.
    is_verification = event_type.startswith(_VERIFICATION) or msgtype == f"{_VERIFICATION}request"
    return Recipients.ALL if is_verification else usual


def audience_of(room: EncryptedRoom, directory: Directory, trusting: Trusting, policy: Recipients) -> Audience:
    """Return who gets the key of a room, as the policy has it: never this device itself."""
    readers: list[Device] = []
    refused: list[tuple[Device, str]] = []
    own = directory.own.place
    for user_id in sorted(room.member_ids):
        for device in directory.of(user_id):
            if device.place == own or MEGOLM not in device.algorithms:
                continue
            if (code := _refusal(device, trusting, policy)) is None:
                readers.append(device)
            else:
                refused.append((device, code))
    return Audience(tuple(readers), tuple(refused))


def _refusal(device: Device, trusting: Trusting, policy: Recipients) -> str | None:
    """Return the code by which a device is refused, or None where it gets the key."""
    trust = trusting.trust(device)
    if trust is Trust.BLOCKED:
        return BLACKLISTED
    if policy is Recipients.ALL or trust is Trust.VERIFIED:
        return None
    if policy is Recipients.SIGNED_IF_ABLE and not trusting.has_identity(device.user_id):
        return None
    return None if trust is Trust.SIGNED and policy is not Recipients.VERIFIED else UNVERIFIED


def is_shared(held: OutboundSession, audience: Audience) -> bool:
    """Return whether every reader has the key, and everybody else was told why not."""
    return all(map(held.has, audience.readers)) and all(held.refused(one) == code for one, code in audience.refused)


def share_key(needs: Sharing, held: OutboundSession, readers: tuple[Device, ...]) -> Steps[tuple[Device, ...]]:
    """Give the key, as it is now, to the readers that do not have it; return those that cannot be reached."""
    missing = [device for device in readers if not held.has(device)]
    yield from needs.channel.reach(missing)
    unreached: list[Device] = []
    for batch in in_batches(missing, _AT_ONCE):
        index = held.session.message_index
        content = _room_key(held)
        sealed = [(device, needs.channel.seal(device, "m.room_key", content)) for device in batch]
        unreached += [device for device, message in sealed if message is None]
        messages = [(device, message) for device, message in sealed if message is not None]
        needs.outbound.note_to_be_given(held, [device for device, _ in messages])
        yield from needs.channel.send("m.room.encrypted", messages)
        needs.outbound.note_given(held, [(device, index) for device, _ in messages])
        yield from needs.ledger.flush()
    return tuple(unreached)


def tell_refused(needs: Sharing, held: OutboundSession, refused: tuple[tuple[Device, str], ...]) -> Steps[None]:
    """Tell devices by which code they get no key, each code once a session; m.no_olm once until there is one."""
    untold = [
        (device, code)
        for device, code in refused
        if held.refused(device) != code and not (code == NO_OLM and needs.channel.was_told(device))
    ]
    if not untold:
        return
    contents = [
        (device, withheld_content(needs.own.curve25519, code, held.room_id, held.session_id)) for device, code in untold
    ]
    yield from needs.channel.send("m.room_key.withheld", contents)
    needs.outbound.note_refused(held, untold)
    needs.channel.note_told([device for device, code in untold if code == NO_OLM])
    yield from needs.ledger.flush()


def _room_key(held: OutboundSession) -> JsonObject:
    return {
        "algorithm": MEGOLM,
        "room_id": held.room_id,
        "session_id": held.session_id,
        "session_key": held.session.session_key.to_base64(),
        "shared_history": held.has_shared_history,
    }
