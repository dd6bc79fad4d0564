"""The relay's post along the hosts of a route: who is asked next, who has spoken for all, what is shared."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.mail_sessions import Records
from fakes.post_world import HOST, MAIL, SEA, PostWorld, around_post, envelope, mail_host
from fakes.private_ca import authority
from scop.cells.relay.post_links import MAX_TRANSACTIONS
from scop.cells.relay.route import Host, Route
from scop.net.mail_server import MailServer
from scop.smtp import Envelope, ForwardPath, Recipient, ServerOptions, reply
from scop.smtp.extensions import BUILT_IN

LEAF = authority().leaf(HOST)
NOBODY = "127.0.0.9"  # nothing listens there: each fake host binds 127.0.0.1
HERE = "127.0.0.1"


@asynccontextmanager
async def _hosts(state: Path, *, options: ServerOptions | None = None) -> AsyncIterator[tuple[PostWorld, Records]]:
    async with mail_host(LEAF.server(), options) as host, around_post(state, host.port) as world:
        yield world, host.records


async def test_relay_post_goes_on_to_the_next(tmp_path: Path) -> None:
    """RFC 5321 §5.1: what cannot be reached leads to the next address, and to the next host."""
    async with _hosts(tmp_path) as (world, records):
        route = Route(SEA, (Host("mx1.sea.test", (NOBODY,)), Host(HOST, (NOBODY, HERE))))
        carried = await world.office.post.carry(route, envelope(), MAIL)
        assert (HOST, True, [MAIL]) == (carried.host, carried.offers_dsn, records.messages)


async def test_relay_post_tells_why_nobody_answered(tmp_path: Path) -> None:
    """Without an answer the reason names host and address, and the status says that it may work later."""
    async with _hosts(tmp_path) as (world, _records):
        carried = await world.carry(addresses=(NOBODY,))
        assert (None, "4.4.1") == (carried.transaction, carried.status)
        assert carried.reason.startswith(f"{HOST} [{NOBODY}]: ")
        nowhere = await world.office.post.carry(Route(SEA, ()), envelope(), MAIL)
        assert (None, "there is no host") == (nowhere.transaction, nowhere.reason)


async def test_relay_post_takes_a_refusal_as_the_last_word(tmp_path: Path) -> None:
    """RFC 5321 §4.2.1: a host that answers has answered for all of the domain's hosts."""
    async with _hosts(tmp_path) as (world, records):
        records.replies["bob"] = reply(550, "5.1.1", "No such user")
        carried = await world.carry(addresses=(HERE, HERE))
        assert carried.transaction is not None
        assert ([550], 1) == ([each.code for each in carried.transaction.recipients], len(records.mails))


@pytest.mark.parametrize("limits", [b"", b"250-LIMITS RCPTMAX=1\r\n"])
async def test_relay_post_does_not_double_what_may_have_arrived(tmp_path: Path, limits: bytes) -> None:
    """RFC 5321 §4.5.4.1, RFC 1047: a host that is lost with the message in its hands is not followed by the next.

    Nor is one that had told beforehand that it takes fewer recipients (RFC 9422), so that not all were named to it.
    """
    connections = 0
    plain = envelope()
    two = Envelope(plain.mail, (*plain.recipients, Recipient(ForwardPath.parse("<eve@sea.test>"))))

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(b"220 mx.sea.test ESMTP\r\n")
        await reader.readuntil(b"\r\n")
        writer.write(b"250-mx.sea.test\r\n" + limits + b"250-PIPELINING\r\n250 CHUNKING\r\n")
        await reader.readuntil(b"RCPT ")
        writer.write(b"250 Ok\r\n250 Ok\r\n" if limits else b"250 Ok\r\n250 Ok\r\n250 Ok\r\n")
        await reader.readuntil(MAIL)
        writer.close()

    server = await asyncio.start_server(cut, HERE, 0)
    async with around_post(tmp_path, server.sockets[0].getsockname()[1]) as world:
        carried = await world.office.post.carry(Route(SEA, (Host(HOST, (HERE, HERE)),)), two, MAIL)
        assert (None, "4.4.2", 1) == (carried.transaction, carried.status, connections)
    server.close()


async def test_relay_post_ends_a_connection_after_100_mails(tmp_path: Path) -> None:
    """A connection is shared by many mails, and ended after the hundredth."""
    async with _hosts(tmp_path) as (world, records):
        for _ in range(MAX_TRANSACTIONS):
            await world.carry()
        before = records.asked.count("connected")
        await world.carry()
        assert (2, 4) == (before, records.asked.count("connected"))  # each in the clear, and again under TLS


async def test_relay_post_needs_requiretls_of_the_next_host(tmp_path: Path) -> None:
    """RFC 8689 §4.2.1: TLS alone is not enough; 5.7.30 says what is missing."""
    lacking = tuple(each for each in BUILT_IN if each.keyword != "REQUIRETLS")
    options = ServerOptions(HOST, tls_available=True, extensions=lacking)
    async with _hosts(tmp_path, options=options) as (world, records):
        carried = await world.carry(require_tls=True)
        assert (None, "5.7.30", []) == (carried.transaction, carried.status, records.mails)
        later = await world.carry(require_tls=True, addresses=(HERE, NOBODY))
        assert "4.4.1" == later.status  # the other address may offer it, once it answers


async def test_relay_post_asks_no_more_than_a_host_offers(tmp_path: Path) -> None:
    """RFC 1870 §6.1, RFC 6152 §3: a mail that a host cannot take is not offered to it, and that is final."""
    small = ServerOptions(HOST, max_message_octets=65_536)
    async with _hosts(tmp_path, options=small) as (world, records):
        route = Route(SEA, (Host(HOST, (HERE,)),))
        carried = await world.office.post.carry(route, envelope(), MAIL + b"x" * 65_536)
        assert (None, "5.3.4", []) == (carried.transaction, carried.status, records.mails)
    seven = ServerOptions(HOST, extensions=tuple(each for each in BUILT_IN if each.keyword != "8BITMIME"))
    async with _hosts(tmp_path, options=seven) as (world, records):
        plain = envelope()
        eight = replace(plain, mail=replace(plain.mail, body="8BITMIME"))
        carried = await world.office.post.carry(route, eight, MAIL)
        assert (None, "5.6.3", []) == (carried.transaction, carried.status, records.mails)


async def test_relay_post_reaches_ipv6(tmp_path: Path) -> None:
    """RFC 3974 §3: an address of the other family is reached too, from whatever address we have there."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("NO IPv6 HERE: delivery over IPv6 was not tried")
    records = Records()
    server = await asyncio.get_running_loop().create_server(
        lambda: MailServer(ServerOptions(HOST), records.session), "::1", 0
    )
    async with around_post(tmp_path, server.sockets[0].getsockname()[1]) as world:
        assert (await world.carry(addresses=("::1",))).transaction is not None
        assert ["::1"] == [peer.address for peer in records.peers]
    server.close()


async def test_relay_post_leaves_from_its_own_address(tmp_path: Path) -> None:
    """The address that SPF names is the one that mail leaves from."""
    async with _hosts(tmp_path) as (world, records):
        await world.carry()
        assert {"127.0.0.2"} == {peer.address for peer in records.peers}
