"""Datagrams to any address of this machine, answered from where they were sent to."""

from __future__ import annotations

import asyncio
import socket

import pytest

from fakes.loops import LOOPS, run_under
from scop.net.dns_every_address import is_every_address
from scop.net.dns_public import PublicDns, PublicSockets
from scop.net.dns_server import DnsTransport
from scop.net.peer import Peer


def echo(query: bytes, peer: Peer, _transport: DnsTransport) -> bytes:
    """Say who asked."""
    return query + peer.address.encode()


def bound_to(address: str) -> socket.socket:
    """Return a socket of datagrams."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 0))
    return made


async def asked(port: int, address: str) -> tuple[bytes, str]:
    """Ask from a socket that takes an answer from anywhere; return it, and where it came from."""
    with bound_to("::1" if ":" in address else "127.0.0.1") as asking:
        asking.settimeout(10)
        asking.sendto(b"who am I? ", (address, port))
        octets, place = await asyncio.to_thread(asking.recvfrom, 100)
        return octets, str(place[0])


def serve(loop: str, address: str, *asking: str) -> list[tuple[bytes, str]]:
    """Serve at an address and ask at others."""
    found: list[tuple[bytes, str]] = []

    async def run() -> None:
        bound = bound_to(address)
        port = bound.getsockname()[1]
        serving = PublicDns(echo)
        await serving.open(PublicSockets([bound]))
        found.extend([await asked(port, each) for each in asking])
        await serving.drain(1)
        assert bound.fileno() == -1

    run_under(loop, run)
    return found


@pytest.mark.parametrize("loop", LOOPS)
def test_datagrams_are_answered_from_where_they_were_sent_to(loop: str) -> None:
    """An asker drops what comes from another place than it asked (RFC 2181 §4.1)."""
    expected = [(b"who am I? 127.0.0.1", "127.0.0.9"), (b"who am I? 127.0.0.1", "127.1.2.3")]
    assert expected == serve(loop, "0.0.0.0", "127.0.0.9", "127.1.2.3")


@pytest.mark.parametrize("loop", LOOPS)
def test_datagrams_of_both_families_are_answered(loop: str) -> None:
    """A socket of IPv6 that is bound to everything hears IPv4 too."""
    expected = [(b"who am I? ::ffff:127.0.0.1", "127.0.0.9"), (b"who am I? ::1", "::1")]
    assert expected == serve(loop, "::", "127.0.0.9", "::1")


@pytest.mark.parametrize("address", ["127.0.0.9", "::1"])
def test_datagrams_of_one_address_take_the_usual_way(address: str) -> None:
    """Only who is bound to no address in particular has to look where a datagram went."""
    with bound_to(address) as bound:
        assert not is_every_address(bound)
    one, other = socket.socketpair()
    with one, other:
        assert not is_every_address(one)
