"""What can go wrong between us and a peer: worth another try, or not."""

from __future__ import annotations

import os
import re
import socket
import ssl

__all__ = ["PermanentFailure", "TemporaryFailure", "reason_of"]


class TemporaryFailure(Exception):
    """It may work later: a neighbour is down, silent or busy."""


class PermanentFailure(Exception):
    """It will not work the same way again: refused, not granted, not there."""


def reason_of(fault: Exception) -> str:
    """Return why the network failed, in words without numbers and places in the source of Python or OpenSSL."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {fault.verify_message}"
    if isinstance(fault, ssl.SSLError):
        # Without a reason it is such as "[SSL] PEM lib (_ssl.c:3905)".
        return (fault.reason or re.sub(r"\[.*?\] | \(_ssl.*", "", str(fault))).replace("_", " ").lower()
    if isinstance(fault, socket.gaierror):
        return fault.strerror or str(fault)
    if isinstance(fault, OSError) and fault.errno:
        return os.strerror(fault.errno)
    return str(fault)
