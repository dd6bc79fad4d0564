"""Opens a connection to a mail host that is as sure of the host as a demand asks.

Theory of operation. The handshake of PKIX is verified by OpenSSL. That of DANE is not: the certificates that the
host showed are held against its TLSA records before it is told anything but our name. Where the records name the
host's own certificate that is all. Where they name an authority, the host is called once more, with this authority
as the only one that is trusted, so that OpenSSL verifies signatures and dates; the names are compared by us, since
RFC 7672 allows several.

Standards: RFC 7672 §3.1, §3.2, §8.1 (SNI); RFC 8461 §4.2; RFC 3207; RFC 7435 §3; RFC 8460 §4.3.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import cast

from scop.cells.relay.tls_policy import CRYPTOGRAPHIC_FAILURE, Demand, Level, TlsResult
from scop.dane import is_named, match
from scop.net.client_wire import ClientTimeouts
from scop.net.dialer import Dialer
from scop.net.faults import TemporaryFailure
from scop.net.mail_client import MailClient
from scop.net.peer import tls_facts

__all__ = ["Link", "LinkOptions", "NoTls", "TlsFailed", "open_link"]

# OpenSSL's X509_V_ERR_*, which `ssl` gives as numbers only
_EXPIRED = frozenset({9, 10})  # not yet valid, not valid any more
_MISMATCH = frozenset({62, 64})  # of the name, of the address


class TlsFailed(TemporaryFailure):
    """The host could not prove what was demanded; `result` is the word for reports."""

    def __init__(self, result: TlsResult, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.status = f"4.{CRYPTOGRAPHIC_FAILURE}"


class NoTls(TlsFailed):
    """The host does not offer TLS at all, which waiting does not change."""

    def __init__(self) -> None:
        super().__init__(TlsResult.STARTTLS_NOT_SUPPORTED, "the host offers no STARTTLS")


# What the host was proved by, in the words of the log and of `scop trace`.
_PROOFS = {Level.DANE: "proved by DANE", Level.PKIX: "proved by its certificate's name"}


@dataclass(slots=True)
class Link:
    """An open connection, what it was proved to be and how often it was used."""

    client: MailClient
    demand: Demand
    lack: TlsResult = TlsResult.SUCCESS  # why it is in the clear
    reason: str = ""
    transactions: int = 0

    @property
    def tls(self) -> str:
        """Protocol, suite and what proved the host, '' for the clear."""
        facts = tls_facts(self.client.tls)
        proof = _PROOFS.get(self.demand.level, "")
        return f"{facts}, {proof}" if facts and proof else facts


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """How to reach one address."""

    dial: Dialer
    dial_tls: Callable[[str], Dialer]  # the same with TLS from the first octet, by the name to be proved
    name: str  # ours
    trust: ssl.SSLContext
    timeouts: ClientTimeouts

    async def connect(self, dial: Dialer) -> MailClient:
        """Connect, up to the answer to our hello."""
        return await MailClient.open(dial, name=self.name, lmtp=False, timeouts=self.timeouts)


async def open_link(demand: Demand, options: LinkOptions) -> Link:
    """Return a connection that satisfies a demand; raises `TlsFailed`, or `TemporaryFailure`."""
    if demand.level is Level.OPPORTUNISTIC:
        return await _open_opportunistic(demand, options)
    if demand.level is Level.DANE:
        return Link(await _open_dane(demand, options), demand)
    if demand.implicit:
        return Link(await _open_implicit(demand, options), demand)
    context = options.trust if demand.level is Level.PKIX else any_certificate()
    return Link(await _open_starttls(context, demand.server_name, options), demand)


@cache
def any_certificate() -> ssl.SSLContext:
    """Return the context that encrypts and does not verify."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _open_opportunistic(demand: Demand, options: LinkOptions) -> Link:
    client = await options.connect(options.dial)
    if "STARTTLS" not in client.extensions:
        return Link(client, demand, TlsResult.STARTTLS_NOT_SUPPORTED, "the host offers no STARTTLS")
    try:
        # RFC 7435: a certificate that nothing can be held against still keeps passive listeners out, and refusing
        # it would only fall back to the clear.
        await client.start_tls(any_certificate(), "")
    except TemporaryFailure as failure:
        client.close()
        lack = _failed(failure, TlsResult.STARTTLS_NOT_SUPPORTED)
        # RFC 7435 §3: better in the clear than not at all
        return Link(await options.connect(options.dial), demand, lack.result, str(lack))
    except BaseException:
        client.close()
        raise
    return Link(client, demand)


async def _open_starttls(context: ssl.SSLContext, server_name: str, options: LinkOptions) -> MailClient:
    client = await options.connect(options.dial)
    try:
        if "STARTTLS" not in client.extensions:
            raise NoTls
        await client.start_tls(context, server_name)
    except TlsFailed:
        await client.quit()
        raise
    except TemporaryFailure as failure:
        client.close()
        raise _failed(failure, TlsResult.STARTTLS_NOT_SUPPORTED) from failure
    except BaseException:
        client.close()
        raise
    return client


async def _open_implicit(demand: Demand, options: LinkOptions) -> MailClient:
    try:
        return await options.connect(options.dial_tls(demand.server_name))
    except TemporaryFailure as failure:
        if isinstance(failure.__cause__, ssl.SSLError):
            raise _failed(failure, TlsResult.VALIDATION_FAILURE) from failure
        raise


async def _open_dane(demand: Demand, options: LinkOptions) -> MailClient:
    client = await _open_starttls(any_certificate(), demand.server_name, options)
    found = match(demand.tlsa, shown_chain(client.tls))
    if found.is_end_entity:
        return client
    await client.quit()
    if not found.anchors:
        raise TlsFailed(TlsResult.VALIDATION_FAILURE, "no certificate of the host matches its TLSA records")
    client = await _open_starttls(_anchored(found.anchors), demand.server_name, options)
    # RFC 7672 §3.2.3: below a trust anchor the name counts.
    if not is_named(_presented(client.tls), demand.names):
        await client.quit()
        raise TlsFailed(TlsResult.HOST_MISMATCH, "the host's certificate bears none of its names")
    return client


def _anchored(anchors: tuple[bytes, ...]) -> ssl.SSLContext:
    """Return a context that trusts these certificates only, whether they are roots or not (RFC 7671 §5.2)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        for anchor in anchors:
            context.load_verify_locations(cadata=anchor)
    except ssl.SSLError as error:
        raise TlsFailed(TlsResult.TLSA_INVALID, f"a trust anchor that is no certificate: {error}") from error
    return context


def shown_chain(tls: ssl.SSLObject | None) -> tuple[bytes, ...]:
    """Return the DER of the certificates that a host showed, its own first, none of them verified."""
    if tls is None:
        return ()
    if sys.version_info >= (3, 13):
        return tuple(tls.get_unverified_chain())
    # Before Python 3.13 the chain stands behind a private name only; without it there is no DANE-TA.
    inner = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001 - as said
    return tuple(ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in inner.get_unverified_chain() or ())


def _presented(tls: ssl.SSLObject | None) -> tuple[str, ...]:
    certificate = (tls.getpeercert() if tls else None) or {}
    names = cast("tuple[tuple[str, str], ...]", certificate.get("subjectAltName", ()))
    return tuple(name for kind, name in names if kind == "DNS")


def _failed(failure: TemporaryFailure, otherwise: TlsResult) -> TlsFailed:
    """Return a failed handshake in the words of reports; without a cause the host had refused before it began."""
    cause = failure.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TlsFailed(_result_of(cause.verify_code), f"the host's certificate: {cause.verify_message}")
    result = otherwise if cause is None else TlsResult.VALIDATION_FAILURE
    return TlsFailed(result, str(failure))


def _result_of(verify_code: int) -> TlsResult:
    if verify_code in _EXPIRED:
        return TlsResult.EXPIRED
    return TlsResult.HOST_MISMATCH if verify_code in _MISMATCH else TlsResult.NOT_TRUSTED
