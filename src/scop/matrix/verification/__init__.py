"""Whose devices these are: cross-signing, verification by pictures and QR codes, secrets, key backup, key files.

`Identity` joins it all for a client; the parts serve alone too.

Standards: Matrix v1.19 CS §End-to-End Encryption (verification, cross-signing, key backup, key exports), §Secrets.
"""

from scop.matrix.verification.cancel_codes import CancelCode
from scop.matrix.verification.happenings import (
    CodeScanned,
    IdentityChanged,
    IdentityHappening,
    SecretReceived,
    StringsShown,
    VerificationAsked,
    VerificationCancelled,
    VerificationDone,
    VerificationReady,
)
from scop.matrix.verification.identity import Identity
from scop.matrix.verification.sas import SasOptions
from scop.matrix.verification.secret_storage import StorageKey, WrongKey
from scop.matrix.verification.turns import FlowOptions
from scop.matrix.verification.verifications import RoomMessage

__all__ = [
    "CancelCode",
    "CodeScanned",
    "FlowOptions",
    "Identity",
    "IdentityChanged",
    "IdentityHappening",
    "RoomMessage",
    "SasOptions",
    "SecretReceived",
    "StorageKey",
    "StringsShown",
    "VerificationAsked",
    "VerificationCancelled",
    "VerificationDone",
    "VerificationReady",
    "WrongKey",
]
