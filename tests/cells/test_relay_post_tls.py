"""The relay's post before mail hosts with real certificates: whom it hands mail to, and whom it does not."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from fakes.mail_sessions import Records, listen
from fakes.post_world import HOST, MAIL, SEA, MailHost, PostWorld, around_post, mail_host
from fakes.private_ca import Leaf, authority
from scop.dns import TLSA, Security
from scop.mesh.config import Smarthost
from scop.net.mail_server import Entrance, MailServer
from scop.smtp import ServerOptions

LEAF = authority().leaf(HOST)
STRANGER = authority("another").leaf(HOST)
MISNAMED = authority().leaf("other.test")
OLD = authority().leaf(HOST, expired=True)


def _digest(der: bytes) -> bytes:
    return hashlib.sha256(der).digest()


@asynccontextmanager
async def _world(state: Path, leaf: Leaf | None) -> AsyncIterator[tuple[PostWorld, MailHost]]:
    async with mail_host(leaf.server() if leaf else None) as host, around_post(state, host.port) as world:
        yield world, host


def _publish(world: PostWorld, port: int, *records: TLSA, security: Security = Security.SECURE) -> None:
    world.names.zone[f"_{port}._tcp.{HOST}", "TLSA"] = records
    world.names.security[SEA] = security


async def test_relay_post_goes_opportunistic(tmp_path: Path) -> None:
    """RFC 7435: without a policy any certificate will do, and so does none; both are counted."""
    async with _world(tmp_path / "a", STRANGER) as (world, host):
        carried = await world.carry()
        assert carried.transaction is not None
        assert carried.tls.startswith("TLS1.3 ")
        assert [("no-policy-found", 1, {})] == await world.counted()
    async with _world(tmp_path / "b", None) as (world, host):
        carried = await world.carry()
        assert ([MAIL], "") == (host.records.messages, carried.tls)
        assert [("no-policy-found", 0, {"starttls-not-supported": 1})] == await world.counted()


@pytest.mark.parametrize("leaf", [LEAF, STRANGER, MISNAMED, OLD])
async def test_relay_post_believes_a_pinned_key(tmp_path: Path, leaf: Leaf) -> None:
    """RFC 7672 §3.1.1: DANE-EE asks for neither authority, name nor date."""
    async with _world(tmp_path, leaf) as (world, host):
        _publish(world, host.port, TLSA(3, 0, 1, _digest(leaf.chain[0])))
        carried = await world.carry()
        assert (True, True) == (carried.transaction is not None, carried.tls.endswith(", proved by DANE"))
        assert [("tlsa", 1, {})] == await world.counted()


async def test_relay_post_refuses_another_key(tmp_path: Path) -> None:
    """RFC 7672 §2.2: a certificate that no record names gets no mail, not even over TLS."""
    async with _world(tmp_path, LEAF) as (world, host):
        _publish(world, host.port, TLSA(3, 0, 1, _digest(STRANGER.chain[0])))
        carried = await world.carry()
        assert (None, "4.7.5", []) == (carried.transaction, carried.status, host.records.mails)
        assert [("tlsa", 0, {"validation-failure": 1})] == await world.counted()


async def test_relay_post_refuses_to_be_stripped(tmp_path: Path) -> None:
    """RFC 7672 §2.2: records mean TLS, so a host without STARTTLS is an attack or a mistake, and gets no mail."""
    async with _world(tmp_path, None) as (world, host):
        _publish(world, host.port, TLSA(3, 0, 1, bytes(32)))
        carried = await world.carry()
        assert (None, "4.7.5", []) == (carried.transaction, carried.status, host.records.mails)
        assert [("tlsa", 0, {"starttls-not-supported": 1})] == await world.counted()


async def test_relay_post_believes_insecure_records_nothing(tmp_path: Path) -> None:
    """RFC 7672 §2.2: without DNSSEC, of the records or of the MX, there is no DANE."""
    async with _world(tmp_path, LEAF) as (world, host):
        _publish(world, host.port, TLSA(3, 0, 1, bytes(32)), security=Security.INSECURE)
        assert (await world.carry()).transaction is not None
        _publish(world, host.port, TLSA(3, 0, 1, bytes(32)))
        assert (await world.carry(secure=False)).transaction is not None


async def test_relay_post_waits_where_records_are_kept_back(tmp_path: Path) -> None:
    """RFC 7672 §2.1.1: a bogus answer defers the mail."""
    async with _world(tmp_path, LEAF) as (world, host):
        _publish(world, host.port, TLSA(3, 0, 1, bytes(32)), security=Security.BOGUS)
        carried = await world.carry()
        assert (None, "4.7.5", []) == (carried.transaction, carried.status, host.records.mails)
        assert [("tlsa", 0, {"dnssec-invalid": 1})] == await world.counted()


async def test_relay_post_encrypts_for_unusable_records(tmp_path: Path) -> None:
    """RFC 7672 §2.2: records that cannot be used ask for TLS with any certificate, and are counted."""
    async with _world(tmp_path / "a", STRANGER) as (world, host):
        _publish(world, host.port, TLSA(1, 0, 1, bytes(32)))
        assert (await world.carry()).transaction is not None
        assert [("tlsa", 0, {"tlsa-invalid": 1})] == await world.counted()
    async with _world(tmp_path / "b", None) as (world, host):
        _publish(world, host.port, TLSA(1, 0, 1, bytes(32)))
        assert (await world.carry()).transaction is None


@pytest.mark.parametrize(
    ("leaf", "anchor", "failure"),
    [
        (STRANGER, STRANGER, ""),
        (MISNAMED, MISNAMED, "certificate-host-mismatch"),
        (OLD, OLD, "certificate-expired"),
        (LEAF, STRANGER, "validation-failure"),
    ],
)
@pytest.mark.parametrize("matching_type", [0, 1])
async def test_relay_post_follows_a_trust_anchor(
    tmp_path: Path, leaf: Leaf, anchor: Leaf, failure: str, matching_type: int
) -> None:
    """RFC 7672 §3.1.2: DANE-TA asks for a path to the anchor, a name and a date."""
    der = anchor.chain[1]
    async with _world(tmp_path, leaf) as (world, host):
        _publish(world, host.port, TLSA(2, 0, matching_type, der if matching_type == 0 else _digest(der)))
        carried = await world.carry()
        if leaf is not anchor and matching_type == 0:
            failure = "certificate-not-trusted"  # the anchor is known from the DNS, and the path is not there
        assert (failure == "") == (carried.transaction is not None)
        assert [("tlsa", int(not failure), {failure: 1} if failure else {})] == await world.counted()


async def test_relay_post_accepts_the_domain_s_name_below_an_anchor(tmp_path: Path) -> None:
    """RFC 7672 §3.2.3: the certificate may bear the recipient's domain instead of the host's name."""
    leaf = authority("another").leaf(SEA)
    async with _world(tmp_path, leaf) as (world, host):
        _publish(world, host.port, TLSA(2, 0, 1, _digest(leaf.chain[1])))
        assert (await world.carry()).transaction is not None


async def test_relay_post_shares_only_equal_connections(tmp_path: Path) -> None:
    """A connection that was opened for less is never used for more, nor for other records."""
    async with _world(tmp_path, LEAF) as (world, host):
        await world.carry(secure=False)
        await world.carry(secure=False)
        assert 1 == host.records.asked.count("hello EHLO mx.lagoon.test") // 2
        _publish(world, host.port, TLSA(3, 0, 1, _digest(LEAF.chain[0])))
        await world.carry()
        await world.carry()
        assert 2 == host.records.asked.count("hello EHLO mx.lagoon.test") // 2
        _publish(world, host.port, TLSA(3, 0, 1, bytes(32)))
        assert (await world.carry()).transaction is None


async def test_relay_post_sets_policies_aside_where_the_author_says_so(tmp_path: Path) -> None:
    """RFC 8689 §4.2.2: `TLS-Required: No` delivers what DANE would hold back."""
    async with _world(tmp_path, LEAF) as (world, host):
        _publish(world, host.port, TLSA(3, 0, 1, bytes(32)))
        assert (await world.carry(tls_optional=True)).transaction is not None


async def test_relay_post_never_lowers_requiretls(tmp_path: Path) -> None:
    """RFC 8689 §4.2.1: a host without STARTTLS, or without a proof, gets no mail that requires TLS; that is final."""
    async with _world(tmp_path / "a", None) as (world, host):
        _publish(world, host.port, TLSA(3, 0, 1, bytes(32)))
        carried = await world.carry(require_tls=True, tls_optional=True)
        assert (None, "5.7.10", []) == (carried.transaction, carried.status, host.records.mails)
    async with _world(tmp_path / "b", LEAF) as (world, host):
        carried = await world.carry(secure=False, require_tls=True)
        assert (None, "5.7.30", []) == (carried.transaction, carried.status, host.records.mails)


async def test_relay_post_waits_for_a_host_that_cannot_begin_tls_now(tmp_path: Path) -> None:
    """RFC 3207 §4: 454 is for the moment, so a mail that requires TLS waits; the offer being gone is final."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = {b"EHLO": b"250-mx.sea.test\r\n250 STARTTLS\r\n", b"STAR": b"454 4.7.0 No entropy\r\n"}
        writer.write(b"220 mx.sea.test ESMTP\r\n")
        while line := await reader.readline():
            writer.write(answers.get(line[:4].upper(), b"221 Bye\r\n"))
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with around_post(tmp_path, server.sockets[0].getsockname()[1]) as world:
        world.names.security[SEA] = Security.SECURE
        carried = await world.carry(require_tls=True)
        assert (None, "4.7.5") == (carried.transaction, carried.status)
        assert [("no-policy-found", 0, {"starttls-not-supported": 1})] == await world.counted()
    server.close()


async def test_relay_post_hands_requiretls_on(tmp_path: Path) -> None:
    """RFC 8689 §4.2.1: the next host must offer REQUIRETLS, over proved TLS, and is told."""
    async with _world(tmp_path, LEAF) as (world, host):
        carried = await world.carry(require_tls=True)
        assert carried.transaction is not None, carried.reason
        assert [True] == [mail.require_tls for mail in host.records.mails]


def _smarthost(port: int, tls: Literal["implicit", "starttls"]) -> Smarthost:
    return Smarthost(HOST, port=port, tls=tls, login="lagoon", password_file="file")


@pytest.mark.parametrize(
    ("leaf", "password", "is_carried"),
    [(LEAF, "secret", True), (LEAF, "wrong", False), (STRANGER, "secret", False), (MISNAMED, "secret", False)],
)
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_relay_post_logs_in_at_a_proved_smarthost(
    tmp_path: Path, leaf: Leaf, password: str, is_carried: bool, tls: Literal["implicit", "starttls"]
) -> None:
    """A smarthost is proved by the web's authorities before it hears the password; a wrong one only defers."""
    records = Records()
    options = ServerOptions(HOST, auth_mechanisms=("PLAIN",), tls_active=tls == "implicit", tls_available=True)
    context, entrance = leaf.server(), Entrance(implicit_tls=tls == "implicit")
    async with (
        listen(lambda: MailServer(options, records.session, tls=context, entrance=entrance)) as listening,
        around_post(tmp_path, 1, passwords={"file": password}) as world,
    ):
        carried = await world.carry(smarthost=_smarthost(listening.port, tls))
        assert is_carried == (carried.transaction is not None), carried.reason
        assert carried.transaction or carried.status.startswith("4.")
        assert (leaf is LEAF) == ("authenticate lagoon" in records.asked)


async def test_relay_post_counts_a_broken_handshake(tmp_path: Path) -> None:
    """RFC 7435 §3, RFC 8460 §4.3: a host whose TLS breaks is served in the clear, and counted as what it is."""
    attempts = 0
    answers = {b"EHLO": b"250-mx.sea.test\r\n250 STARTTLS\r\n", b"STAR": b"220 Go on\r\n", b"DATA": b"354 Go on\r\n"}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal attempts
        attempts += 1
        writer.write(b"220 mx.sea.test ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            writer.write(answers.get(verb, b"250 Ok\r\n"))
            if verb == b"STAR":
                await reader.read(1)  # the handshake begins
                writer.write(b"no TLS at all\r\n")
                break
            if verb == b"DATA":
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 Ok\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with around_post(tmp_path, server.sockets[0].getsockname()[1]) as world:
        carried = await world.carry()
        assert (True, "", 2) == (carried.transaction is not None, carried.tls, attempts)
        ((_type, successes, failures),) = await world.counted()
        assert (0, {"validation-failure": 1}) == (successes, failures)
    server.close()
