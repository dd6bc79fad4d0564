"""Pipes: who is let in, who is not, and what is spoken with whom; under both event loops."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from fakes.loops import LOOPS, run_under
from fakes.mesh import DOMAIN, ClockAt, KeptLog, identity_of, loopback_listener
from fakes.talk import Ear, Echo
from scop.mesh.authority import Authority
from scop.mesh.identity import Leaf
from scop.mesh.pipes import PipeIdentity, PipeInlet, PipeLimits, pipe_dialer
from scop.mesh.protocol import PipeProtocol
from scop.net.faults import TemporaryFailure
from scop.net.peer import Peer

GRANTS = {"relay": PipeProtocol.CALL, "signer": PipeProtocol.SMTP, "filter": PipeProtocol.LMTP}

pytestmark = pytest.mark.parametrize("loop_name", LOOPS)


@dataclass
class House:
    """A keeper that listens, and what it saw."""

    authority: Authority
    identity: PipeIdentity
    port: int
    kept: KeptLog
    visitors: list[Peer]

    async def visit(self, identity: PipeIdentity, *, expect: str = "keeper") -> tuple[asyncio.Transport, Ear]:
        """Open a pipe to the keeper."""
        return await pipe_dialer(identity, expect, "127.0.0.1", self.port)(Ear)

    async def refused(self, identity: PipeIdentity) -> str:
        """Visit, learn of the refusal at the first read; return the reason in the log."""
        try:
            _, ear = await self.visit(identity)
        except TemporaryFailure:  # the alert came before the dialer was done
            pass
        else:
            assert b"" == await ear.heard(1)
        assert [] == self.visitors
        (reason,) = self.kept.reasons("pipe.refused")
        return reason


@asynccontextmanager
async def house(limits: PipeLimits | None = None) -> AsyncIterator[House]:
    """Run a keeper: relay hears its words again, signer is greeted; with filter nobody can speak."""
    authority, kept, visitors, rooms = Authority(DOMAIN), KeptLog(), list[Peer](), list[Ear]()
    identity = identity_of(authority, "keeper")
    listener = loopback_listener()

    def speak(peer: Peer) -> asyncio.Protocol:
        visitors.append(peer)
        rooms.append(Echo() if peer.cell == "relay" else Ear(b"220 keeper\r\n"))
        return rooms[-1]

    inlet = PipeInlet(listener, identity, GRANTS, kept.log(), limits)
    await inlet.serve({PipeProtocol.CALL: speak, PipeProtocol.SMTP: speak})
    yield House(authority, identity, listener.getsockname()[1], kept, visitors)
    await inlet.close()
    for room in rooms:  # an open transport that a loop finds at its end is a warning, and so a failure
        await room.over


def test_pipe_carries_what_the_edge_of_the_peer_grants(loop_name: str) -> None:
    """The peer's name decides the protocol, and the protocol is told the name and the TLS facts."""

    async def main() -> None:
        async with house() as keeper:
            transport, ear = await keeper.visit(identity_of(keeper.authority, "relay"))
            transport.write(b"again")
            assert b"again" == await ear.heard(5)
            other, greeted = await keeper.visit(identity_of(keeper.authority, "signer"))
            assert b"220 keeper\r\n" == await greeted.heard(12)
            assert ["relay", "signer"] == [peer.cell for peer in keeper.visitors]
            assert {"TLS1.3"} == {peer.tls.split()[0] for peer in keeper.visitors}
            assert [] == keeper.kept.lines
            transport.abort()
            other.abort()

    run_under(loop_name, main)


def test_pipe_keeps_what_a_client_says_before_it_is_known(loop_name: str) -> None:
    """DNS clients speak first: what they send with the end of the handshake reaches the protocol, whole."""

    async def main() -> None:
        async with house() as keeper:
            relay = identity_of(keeper.authority, "relay")
            plain = socket.create_connection(("127.0.0.1", keeper.port))
            said = await asyncio.to_thread(_speak_at_once, relay.client_context, plain)
            assert b"early, later" == said

    run_under(loop_name, main)


def _speak_at_once(context: ssl.SSLContext, plain: socket.socket) -> bytes:
    """Send the end of the handshake and the first words in one piece; return what comes back."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing)
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            plain.sendall(outgoing.read())
            incoming.write(plain.recv(65536))
    tls.write(b"early, ")
    tls.write(b"later")
    plain.sendall(outgoing.read())
    said = b""
    while len(said) < 12:
        try:
            said += tls.read(64)
        except ssl.SSLWantReadError:
            incoming.write(plain.recv(65536))
    plain.close()
    return said


def test_pipe_refuses_another_authority(loop_name: str) -> None:
    """A certificate of the right name, signed by another authority of the same domain, is refused."""

    async def main() -> None:
        async with house() as keeper:
            foreign = Authority(DOMAIN).leaf("relay")
            stranger = PipeIdentity(DOMAIN, "relay", _believing(keeper.authority, foreign))
            assert "certificate verify failed" in (await keeper.refused(stranger)).lower()

    run_under(loop_name, main)


def test_pipe_refuses_another_trust_domain(loop_name: str) -> None:
    """The authority of lagoon does not get anybody into harbor."""

    async def main() -> None:
        async with house() as keeper:
            leaf = _believing(keeper.authority, Authority("lagoon.test").leaf("relay"))
            assert "certificate verify failed" in (await keeper.refused(PipeIdentity(DOMAIN, "relay", leaf))).lower()

    run_under(loop_name, main)


@pytest.mark.parametrize(
    ("uris", "reason"),
    [
        (("spiffe://lagoon.test/cell/relay",), "permitted subtree violation"),
        (("spiffe://harbor.test/cell/relay", "spiffe://harbor.test/cell/signer"), "2 URI names"),
        ((), "0 URI names"),
    ],
)
def test_pipe_refuses_names_that_the_authority_should_not_have_signed(
    loop_name: str, uris: tuple[str, ...], reason: str
) -> None:
    """Its constraint forbids other domains; two names, or none, are refused by us."""

    async def main() -> None:
        async with house() as keeper:
            stranger = PipeIdentity(DOMAIN, "relay", _forged(keeper.authority, uris))
            assert reason in await keeper.refused(stranger)

    run_under(loop_name, main)


def test_pipe_refuses_an_expired_certificate(loop_name: str) -> None:
    """A leaf of yesterday is refused."""

    async def main() -> None:
        async with house() as keeper:
            now = keeper.authority._clock
            keeper.authority._clock = ClockAt(time.time() - 90_000)
            yesterday = keeper.authority.leaf("relay")
            keeper.authority._clock = now
            assert "expired" in await keeper.refused(PipeIdentity(DOMAIN, "relay", yesterday))

    run_under(loop_name, main)


def test_pipe_refuses_a_cell_without_an_edge(loop_name: str) -> None:
    """A cell of our own mesh that no edge names is refused."""

    async def main() -> None:
        async with house() as keeper:
            reason = await keeper.refused(identity_of(keeper.authority, "mailbox"))
            assert "no pipe is granted to spiffe://harbor.test/cell/mailbox" == reason

    run_under(loop_name, main)


def test_pipe_refuses_a_protocol_that_nobody_speaks(loop_name: str) -> None:
    """An edge whose protocol the cell does not serve is refused, not guessed."""

    async def main() -> None:
        async with house() as keeper:
            assert "nobody here speaks lmtp with filter" == await keeper.refused(
                identity_of(keeper.authority, "filter")
            )

    run_under(loop_name, main)


def test_pipe_refuses_who_shows_no_certificate(loop_name: str) -> None:
    """A client that only checks us is not let in."""

    async def main() -> None:
        async with house() as keeper:
            nobody = identity_of(keeper.authority, "relay")
            nobody.client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            nobody.client_context.check_hostname = False
            nobody.client_context.load_verify_locations(cadata=keeper.authority.certificate_pem)
            assert "did not return a certificate" in await keeper.refused(nobody)

    run_under(loop_name, main)


def test_pipe_refuses_older_tls_and_clear_text(loop_name: str) -> None:
    """TLS 1.2 and plain words end at the door."""

    async def main() -> None:
        async with house() as keeper:
            old = identity_of(keeper.authority, "relay")
            old.client_context.minimum_version = ssl.TLSVersion.TLSv1_2
            old.client_context.maximum_version = ssl.TLSVersion.TLSv1_2
            with pytest.raises(TemporaryFailure):
                await keeper.visit(old)
            reader, writer = await asyncio.open_connection("127.0.0.1", keeper.port)
            writer.write(b"EHLO forger.test\r\n")
            with suppress(ConnectionError):  # an end is an end, orderly or not
                await reader.read(1)
            writer.close()
            assert [] == keeper.visitors
            assert 2 == len(keeper.kept.reasons("pipe.refused"))

    run_under(loop_name, main)


def test_dialer_refuses_a_cell_that_is_not_the_named_one(loop_name: str) -> None:
    """Who sits on a neighbour's port without being that neighbour hears nothing from us."""

    async def main() -> None:
        async with house() as keeper:
            with pytest.raises(TemporaryFailure, match=r"no pipe is granted to spiffe://harbor\.test/cell/keeper"):
                await keeper.visit(identity_of(keeper.authority, "relay"), expect="signer")

    run_under(loop_name, main)


def test_dialer_says_that_nobody_listens(loop_name: str) -> None:
    """A neighbour that is down is a temporary failure."""

    async def main() -> None:
        with loopback_listener() as gone:
            port = gone.getsockname()[1]
        relay = identity_of(Authority(DOMAIN), "relay")
        with pytest.raises(TemporaryFailure, match="no pipe to keeper"):
            await pipe_dialer(relay, "keeper", "127.0.0.1", port)(Ear)

    run_under(loop_name, main)


def test_rotation_changes_new_pipes_and_keeps_open_ones(loop_name: str) -> None:
    """While a pipe is open both ends show new leaves to the next one."""

    async def main() -> None:
        async with house() as keeper:
            relay = identity_of(keeper.authority, "relay")
            first, ear = await keeper.visit(relay)
            keeper.identity.rotate(keeper.authority.leaf("keeper"))
            relay.rotate(keeper.authority.leaf("relay"))
            second, other = await keeper.visit(relay)
            serials = {way.get_extra_info("peercert")["serialNumber"] for way in (first, second)}
            assert 2 == len(serials)
            first.write(b"old")
            second.write(b"new")
            assert (b"old", b"new") == (await ear.heard(3), await other.heard(3))
            first.abort()
            second.abort()

    run_under(loop_name, main)


def test_door_ends_a_handshake_that_takes_too_long(loop_name: str) -> None:
    """Who connects and says nothing is sent away."""

    async def main() -> None:
        async with house(PipeLimits(handshake_seconds=0.05)) as keeper:
            reader, writer = await asyncio.open_connection("127.0.0.1", keeper.port)
            with suppress(ConnectionError):  # an end is an end, orderly or not
                assert b"" == await reader.read()
            writer.close()
            assert 1 == len(keeper.kept.reasons("pipe.refused"))

    run_under(loop_name, main)


def test_door_holds_its_limits(loop_name: str) -> None:
    """One more stranger, or one more pipe of a cell, than the limit is refused; another cell still gets in."""

    async def main() -> None:
        async with house(PipeLimits(max_strangers=2, max_pipes_per_cell=1)) as keeper:
            relay = identity_of(keeper.authority, "relay")
            first, ear = await keeper.visit(relay)
            first.write(b"x")
            await ear.heard(1)
            _, second = await keeper.visit(relay)
            assert b"" == await second.heard(1)
            third, other = await keeper.visit(identity_of(keeper.authority, "signer"))
            assert b"220 keeper\r\n" == await other.heard(12)
            assert ["relay has 1 pipes open"] == keeper.kept.reasons("pipe.refused")
            strangers = [await asyncio.open_connection("127.0.0.1", keeper.port) for _ in range(3)]
            with suppress(ConnectionError):  # an end is an end, orderly or not
                await strangers[2][0].read()
            assert "more than 2 handshakes at once" == keeper.kept.reasons("pipe.refused")[1]
            for _, writer in strangers:
                writer.close()
            first.abort()
            third.abort()

    run_under(loop_name, main)


def _believing(authority: Authority, leaf: Leaf) -> Leaf:
    """Return a leaf whose holder believes `authority`, whoever signed it."""
    return Leaf(leaf.certificate_pem, leaf.key_pem, authority.certificate_pem, leaf.not_after_unix)


def _forged(authority: Authority, uris: tuple[str, ...]) -> Leaf:
    """Return a leaf of the authority with any URIs, as if it had been made to sign them."""
    honest = authority.leaf("relay")
    model = x509.load_pem_x509_certificate(honest.certificate_pem.encode("ascii"))
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri) for uri in uris]
    forged = (
        x509.CertificateBuilder()
        .subject_name(model.subject)
        .issuer_name(model.issuer)
        .public_key(model.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(model.not_valid_before_utc)
        .not_valid_after(model.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName(names or [x509.DNSName("relay")]), critical=True)
    )
    for extension in model.extensions:
        if not isinstance(extension.value, x509.SubjectAlternativeName):
            forged = forged.add_extension(extension.value, extension.critical)
    signed = forged.sign(authority._key, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM).decode("ascii")
    return Leaf(pem, honest.key_pem, honest.authority_pem, honest.not_after_unix)
