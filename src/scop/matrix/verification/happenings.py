"""What people are told of verifications and identities: frozen values, in the order in which things happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from scop.matrix.verification.sas_emoji import Emoji

__all__ = [
    "CodeScanned",
    "IdentityChanged",
    "IdentityHappening",
    "SecretReceived",
    "StringsShown",
    "VerificationAsked",
    "VerificationCancelled",
    "VerificationDone",
    "VerificationReady",
]


@dataclass(frozen=True, slots=True)
class VerificationAsked:
    """Another device, of another user or our own, wants to verify: `accept(flow_id)` or `cancel(flow_id)`.

    `methods` are those that both know; where there is none, another device of ours may know one.
    """

    flow_id: str
    user_id: str
    device_id: str
    methods: tuple[str, ...]
    room_id: str | None = None


@dataclass(frozen=True, slots=True)
class VerificationReady:
    """Both sides agreed to verify: `start_sas(flow_id)`, show `qr_code(flow_id)`, or `scan(flow_id, octets)`."""

    flow_id: str
    user_id: str
    device_id: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StringsShown:
    """People compare what both devices show: `confirm(flow_id)` or `mismatch(flow_id)`."""

    flow_id: str
    user_id: str
    device_id: str
    decimals: tuple[int, ...]
    emoji: tuple[Emoji, ...]


@dataclass(frozen=True, slots=True)
class CodeScanned:
    """The other device says that it scanned our code and found it right: `confirm(flow_id)` where it shows so."""

    flow_id: str
    user_id: str
    device_id: str


@dataclass(frozen=True, slots=True)
class VerificationDone:
    """The keys of the other side are what we believe them to be; which of them, is said by those that are not None."""

    flow_id: str
    user_id: str
    device_id: str
    device_key: str | None
    master_key: str | None


@dataclass(frozen=True, slots=True)
class VerificationCancelled:
    """It ended without a result; `m.accepted` is no fault: another device of ours took it."""

    flow_id: str
    user_id: str
    code: str
    reason: str
    is_by_us: bool = False


@dataclass(frozen=True, slots=True)
class IdentityChanged:
    """A user has another master key than before: someone else may be speaking (or they began anew).

    `Identity.acknowledge(user_id)` goes on all the same; verifying them settles it. For our own user it is an alarm.
    """

    user_id: str
    was_verified: bool
    old_master_key: str
    new_master_key: str


@dataclass(frozen=True, slots=True)
class SecretReceived:
    """A verified device of ours gave us a secret that we asked for, and it is what it should be."""

    name: str
    device_id: str


IdentityHappening: TypeAlias = (
    VerificationAsked
    | VerificationReady
    | StringsShown
    | CodeScanned
    | VerificationDone
    | VerificationCancelled
    | IdentityChanged
    | SecretReceived
)
