"""Verification by a QR code: one device shows whose keys it believes in, the other scans and says that it may.

Standards: Matrix v1.19 CS §QR codes.
"""

from __future__ import annotations

import hmac

from scop.base import RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Chance
from scop.matrix.verification.cancel_codes import CancelCode, VerificationRefused
from scop.matrix.verification.contents import ReciprocateStart, read_content
from scop.matrix.verification.parties import FlowId, Side, VerifiedKeys
from scop.matrix.verification.qr_code import FRAME_OCTETS, MAX_OCTETS, QrCode, QrMode

__all__ = ["RECIPROCATE", "SCAN", "SHOW", "check_reciprocation", "check_scanned", "make_code", "verified_by_showing"]

SHOW = "m.qr_code.show.v1"
SCAN = "m.qr_code.scan.v1"
RECIPROCATE = "m.reciprocate.v1"
_SECRET_OCTETS = 16
_MAX_ID_OCTETS = MAX_OCTETS - FRAME_OCTETS - _SECRET_OCTETS


def make_code(flow_id: FlowId, ours: Side, theirs: Side, chance: Chance) -> QrCode | None:
    """Return the code that our device shows, or None where keys are not known, or the id is too long for one."""
    # Whoever asks names the verification, as long as they like.
    if ours.master_key is None or theirs.is_ambiguous or len(flow_id.text.encode()) > _MAX_ID_OCTETS:
        return None
    # Matrix v1.19 CS §QR code format: which keys, by mode.
    if ours.user_id != theirs.user_id:
        if theirs.master_key is None or not ours.trusts_master:
            return None
        mode, keys = QrMode.OTHER_USER, (ours.master_key, theirs.master_key)
    elif ours.trusts_master:
        mode, keys = QrMode.SELF_TRUSTING, (ours.master_key, theirs.device_key)
    else:
        mode, keys = QrMode.SELF_UNTRUSTING, (ours.device_key, ours.master_key)
    first, second = (unpadded_base64.decode(key) for key in keys)
    return QrCode(mode, flow_id.text, first, second, chance(_SECRET_OCTETS))


def verified_by_showing(code: QrCode, theirs: Side) -> VerifiedKeys:
    """Return what is verified of the other side once it says that our code is right."""
    key = unpadded_base64.encode(code.second_key)
    if code.mode is QrMode.SELF_TRUSTING:
        return VerifiedKeys(theirs.user_id, theirs.device_id, device_key=key)
    return VerifiedKeys(theirs.user_id, theirs.device_id, master_key=key)


def check_reciprocation(code: QrCode, start: JsonObject) -> None:
    """Raise `VerificationRefused` unless the other device knows the secret of our code."""
    # Matrix v1.19 CS §QR codes step 9.
    try:
        secret = unpadded_base64.decode(read_content(start, ReciprocateStart).secret)
    except RemoteProtocolError as error:
        raise VerificationRefused(CancelCode.INVALID_MESSAGE, "a secret that is not base64") from error
    if not hmac.compare_digest(secret, code.secret):
        raise VerificationRefused(CancelCode.KEY_MISMATCH, "the secret is not that of our QR code: an attack")


def check_scanned(code: QrCode, flow_id: FlowId, ours: Side, theirs: Side) -> VerifiedKeys:
    """Return what a code that we scanned verifies; raises `VerificationRefused` where it says other keys."""
    if code.flow_id != flow_id.text:
        raise VerificationRefused(CancelCode.KEY_MISMATCH, "the QR code of another verification")
    if (code.mode is QrMode.OTHER_USER) != (ours.user_id != theirs.user_id):
        raise VerificationRefused(CancelCode.USER_MISMATCH, "a QR code for verifying someone else")
    if theirs.is_ambiguous:
        raise VerificationRefused(CancelCode.KEY_MISMATCH, "a device has the id of a cross-signing key")
    # Matrix v1.19 CS §QR codes step 6, by mode: what they say is theirs, and what they believe is ours.
    wanted: tuple[str | None, str | None]
    if code.mode is QrMode.OTHER_USER:
        wanted, found = (
            (theirs.master_key, ours.master_key),
            VerifiedKeys(theirs.user_id, theirs.device_id, master_key=theirs.master_key),
        )
    elif code.mode is QrMode.SELF_TRUSTING:
        wanted, found = (
            (theirs.master_key, ours.device_key),
            VerifiedKeys(theirs.user_id, theirs.device_id, master_key=theirs.master_key),
        )
    else:
        if not ours.trusts_master:
            raise VerificationRefused(CancelCode.KEY_MISMATCH, "neither device trusts the master key")
        wanted, found = (
            (theirs.device_key, ours.master_key),
            VerifiedKeys(theirs.user_id, theirs.device_id, device_key=theirs.device_key),
        )
    if tuple(map(unpadded_base64.encode, (code.first_key, code.second_key))) != wanted:
        raise VerificationRefused(CancelCode.KEY_MISMATCH, "the QR code says other keys")
    return found
