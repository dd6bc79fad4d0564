"""What is in a QR code of a verification: whose keys the device that shows it believes in, and a shared secret.

Standards: Matrix v1.19 CS §QR code format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from scop.base import Cursor, RemoteProtocolError

__all__ = ["FRAME_OCTETS", "MAX_OCTETS", "QrCode", "QrMode", "parse_qr_code"]

_PREFIX = b"MATRIX"
_VERSION = 2
_KEY_OCTETS = 32
_MIN_SECRET_OCTETS = 8  # Matrix v1.19 CS §QR code format: "about 8 bytes long"
FRAME_OCTETS = len(_PREFIX) + 4 + 2 * _KEY_OCTETS  # all but the id and the secret
MAX_OCTETS = 2953  # what a QR code holds in byte mode (ISO/IEC 18004)


class QrMode(IntEnum):
    """Who verifies whom."""

    OTHER_USER = 0
    SELF_TRUSTING = 1  # the device that shows it trusts the master key
    SELF_UNTRUSTING = 2  # it does not yet


@dataclass(frozen=True, slots=True)
class QrCode:
    """The octets of a code, apart; the keys are Ed25519 public keys."""

    mode: QrMode
    flow_id: str  # event id or transaction id of the request
    first_key: bytes
    second_key: bytes
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.first_key) != _KEY_OCTETS or len(self.second_key) != _KEY_OCTETS:
            raise RemoteProtocolError("a key in a QR code has 32 octets")
        if len(self.secret) < _MIN_SECRET_OCTETS:
            raise RemoteProtocolError("the secret of a QR code is too short")

    def to_octets(self) -> bytes:
        """Return what the one segment of the code, in byte mode, holds."""
        flow_id = self.flow_id.encode()
        head = _PREFIX + bytes([_VERSION, self.mode]) + len(flow_id).to_bytes(2, "big") + flow_id
        return head + self.first_key + self.second_key + self.secret


def parse_qr_code(octets: bytes) -> QrCode:
    """Return what was scanned; raises `RemoteProtocolError`."""
    if len(octets) > MAX_OCTETS:
        raise RemoteProtocolError("more octets than a QR code holds")
    cursor = Cursor(octets)
    if cursor.take(len(_PREFIX)) != _PREFIX:
        raise RemoteProtocolError("this QR code is not one of Matrix")
    if (version := cursor.u8()) != _VERSION:
        raise RemoteProtocolError(f"a QR code of version {version}")
    try:
        mode = QrMode(cursor.u8())
        flow_id = cursor.take(cursor.u16()).decode()
    except ValueError as error:  # also of UnicodeDecodeError
        raise RemoteProtocolError(f"a QR code that is broken: {error}") from error
    return QrCode(mode, flow_id, cursor.take(_KEY_OCTETS), cursor.take(_KEY_OCTETS), cursor.rest())
