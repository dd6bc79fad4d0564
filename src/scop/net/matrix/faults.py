"""What can go wrong between us and a homeserver, each in one sentence."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from scop.base import ProtocolError, printable
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.discovery import DiscoveryFailed
from scop.matrix.oauth import OAuthError
from scop.net.faults import PermanentFailure, TemporaryFailure, reason_of

__all__ = [
    "BrokenOff",
    "Busy",
    "NoSuchHost",
    "NotLoggedIn",
    "Refused",
    "SessionEnded",
    "Unreached",
    "fault_of_network",
    "fault_of_refusal",
]


class NotLoggedIn(PermanentFailure):
    """There is no session that could be asked for."""


class Unreached(TemporaryFailure):
    """Nothing was asked: no connection came about. Whatever it was, it may be asked again."""


class NoSuchHost(Unreached):
    """The name has no address, or the names cannot be asked; it does not pass within seconds."""


class BrokenOff(TemporaryFailure):
    """It was asked and no whole answer came: it may be done, or not."""


class Busy(TemporaryFailure):
    """The server is busy, broken, or has had enough of us, for longer than we wait."""

    def __init__(self, error: MatrixError) -> None:
        super().__init__(_sentence(error))
        self.error = error


class Refused(PermanentFailure):
    """The server does not do it; `errcode` says why (M_FORBIDDEN …)."""

    def __init__(self, error: MatrixError) -> None:
        super().__init__(_sentence(error))
        self.error = error

    @property
    def errcode(self) -> str:
        """The word of the specification."""
        return self.error.errcode


class SessionEnded(Refused):
    """The server takes our tokens no longer: a login as the same user goes on with the keys that are kept."""

    @property
    def is_soft(self) -> bool:
        """Whether the device is there still; otherwise another of our clients, or an administrator, ended it."""
        # Matrix v1.19 CS §Soft logout.
        return self.error.is_soft_logout


@contextmanager
def sentences() -> Iterator[None]:
    """Raise what a library says of the server as faults of ours."""
    try:
        yield
    except MatrixError as refusal:
        raise fault_of_refusal(refusal) from refusal
    except (ProtocolError, DiscoveryFailed) as fault:
        raise PermanentFailure(str(fault)) from fault


def fault_of_refusal(error: MatrixError) -> Busy | Refused:
    """Return what a refusal is for whoever asked."""
    # Matrix v1.19 CS §Account locking: go on asking, to detect when the lock has been lifted.
    if error.may_pass or not error.is_of_homeserver or error.errcode == "M_USER_LOCKED":
        return Busy(error)
    return SessionEnded(error) if error.errcode == "M_UNKNOWN_TOKEN" else Refused(error)


def fault_of_network(fault: Exception, host: str) -> TemporaryFailure | PermanentFailure:
    """Return what a fault of aiohttp is."""
    if isinstance(fault, aiohttp.ClientConnectorCertificateError):
        why = fault.certificate_error
        words = why.verify_message if isinstance(why, ssl.SSLCertVerificationError) else str(why)
        return PermanentFailure(f"{host} does not prove that it is {host}: {words}")
    if isinstance(fault, aiohttp.ClientConnectorDNSError):
        return NoSuchHost(f"{host} has no address: {_reason(fault)}")
    if isinstance(fault, aiohttp.ConnectionTimeoutError):
        return Unreached(f"{host} cannot be reached: no answer")
    if isinstance(fault, aiohttp.ClientConnectorError):
        return Unreached(f"{host} cannot be reached: {_reason(fault)}")
    if isinstance(fault, asyncio.TimeoutError):
        return BrokenOff(f"{host} does not answer")
    if isinstance(fault, aiohttp.InvalidURL):
        return PermanentFailure(f"{host} is no place to ask")
    return BrokenOff(f"{host} broke off: {_reason(fault)}")


def _reason(fault: Exception) -> str:
    if isinstance(fault, aiohttp.ClientConnectorError):
        inner = fault.os_error
        return (inner.strerror or str(inner)) if isinstance(inner, socket.gaierror) else reason_of(inner)
    return printable(reason_of(fault) or type(fault).__name__)


def _sentence(error: MatrixError) -> str:
    if not error.is_of_homeserver:
        return f"what stands before the homeserver answers {error.status}"
    if isinstance(error, OAuthError):
        return f"the authorization server says {printable(error.errcode)}: {printable(error.error)}"
    if error.errcode == "M_UNKNOWN_TOKEN":
        return "the homeserver ended this session: log in again as the same user, to go on with its keys"
    return f"the homeserver says {error.errcode}: {printable(error.error)}"
