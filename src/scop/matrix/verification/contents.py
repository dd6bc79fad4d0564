"""The messages of verifications, as far as they are read: contents of `m.key.verification.*`.

Standards: Matrix v1.19 CS §Key verification framework, §Verification messages specific to SAS, … to QR codes.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from scop.matrix.json_values import JsonObject
from scop.matrix.verification.cancel_codes import CancelCode, VerificationRefused

__all__ = [
    "PREFIX",
    "Accept",
    "Ask",
    "Cancel",
    "Key",
    "Mac",
    "Ready",
    "ReciprocateStart",
    "SasStart",
    "Start",
    "read_content",
]

PREFIX = "m.key.verification."


class Ask(msgspec.Struct, frozen=True):
    """A request, to devices (`timestamp`) or in a room (`to`)."""

    from_device: str
    methods: tuple[str, ...]
    timestamp: int | None = None
    to: str | None = None


class Ready(msgspec.Struct, frozen=True):
    """A request is accepted."""

    from_device: str
    methods: tuple[str, ...]


class Start(msgspec.Struct, frozen=True):
    """What every beginning of a method has."""

    from_device: str
    method: str


class SasStart(msgspec.Struct, frozen=True):
    """What m.sas.v1 may be done by."""

    key_agreement_protocols: tuple[str, ...]
    hashes: tuple[str, ...]
    message_authentication_codes: tuple[str, ...]
    short_authentication_string: tuple[str, ...]


class ReciprocateStart(msgspec.Struct, frozen=True):
    """Our QR code was scanned."""

    secret: str


class Accept(msgspec.Struct, frozen=True):
    """What m.sas.v1 is done by, and the hash of a key to come."""

    key_agreement_protocol: str
    hash: str
    message_authentication_code: str
    short_authentication_string: tuple[str, ...]
    commitment: str


class Key(msgspec.Struct, frozen=True):
    """An ephemeral public key."""

    key: str


class Mac(msgspec.Struct, frozen=True):
    """MACs of keys, and of the list of their ids."""

    mac: dict[str, str]
    keys: str


class Cancel(msgspec.Struct, frozen=True):
    """It is over."""

    code: str = CancelCode.USER
    reason: str = ""


_Content = TypeVar("_Content", bound=msgspec.Struct)


def read_content(content: JsonObject, kind: type[_Content]) -> _Content:
    """Return what a message says; raises `VerificationRefused` (m.invalid_message)."""
    try:
        return msgspec.convert(content, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise VerificationRefused(CancelCode.INVALID_MESSAGE, f"not a message of its type: {error}") from error
