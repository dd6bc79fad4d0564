"""Datagrams of a socket that is bound to every address of this machine: each is answered from where it was sent to.

Left to itself the kernel answers from the address that it likes best on the way back, and askers drop what comes from
a place that they did not ask: a second address, or a temporary one of IPv6, would seem dead.

Standards: RFC 1123 §6.1.3.2 and RFC 2181 §4.1 (the source of a response); RFC 3542 §6 (IPV6_PKTINFO), Linux ip(7).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
from typing import NamedTuple

__all__ = ["EveryAddress", "is_every_address"]

RECEIVED_AT_ONCE = 64  # then others have their turn
_MAX_OCTETS = 65_535
_IP_PKTINFO = 8  # Python has no name for it before 3.14
_IPV4_INFO = struct.Struct("@i4s4s")  # interface, our address, the address that was sent to
_IPV6_INFO = struct.Struct("@16si")
_ROOM_OCTETS = socket.CMSG_SPACE(_IPV4_INFO.size) + socket.CMSG_SPACE(_IPV6_INFO.size)


class _Asker(NamedTuple):
    """Who asked, as a socket has it, and from where it wants to be answered."""

    host: str
    port: int
    place: tuple[str | int, ...]
    told: tuple[tuple[int, int, bytes], ...]  # what the kernel is told of the way back


def is_every_address(bound: socket.socket) -> bool:
    """Say whether a socket of the Internet is bound to no address in particular."""
    if bound.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    return ipaddress.ip_address(str(bound.getsockname()[0]).partition("%")[0]).is_unspecified


class EveryAddress(asyncio.DatagramTransport):
    """Carries the datagrams of such a socket; call `open` in the loop that it is to run in."""

    def __init__(self, bound: socket.socket, protocol: asyncio.DatagramProtocol) -> None:
        super().__init__({"socket": bound, "sockname": bound.getsockname()})
        self._socket = bound
        self._protocol = protocol
        self._is_closing = False

    def open(self) -> None:
        """Begin to receive."""
        self._loop = asyncio.get_running_loop()
        self._socket.setblocking(False)
        if self._socket.family == socket.AF_INET:
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        else:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        self._loop.add_reader(self._socket.fileno(), self._receive)
        self._protocol.connection_made(self)

    def sendto(self, data: object, addr: object = None) -> None:
        """Answer an asker; where there is no room the datagram is lost, as on any way."""
        assert isinstance(data, bytes)
        assert isinstance(addr, _Asker)
        try:
            self._socket.sendmsg([data], addr.told, 0, addr.place)
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                self._protocol.error_received(error)

    def is_closing(self) -> bool:
        """Say whether it is closed, or about to be."""
        return self._is_closing

    def close(self) -> None:
        """Receive no more."""
        if self._is_closing:
            return
        self._is_closing = True
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """Close."""
        self.close()

    def _receive(self) -> None:
        for _ in range(RECEIVED_AT_ONCE):
            if self._is_closing:
                return
            try:
                data, told, _flags, place = self._socket.recvmsg(_MAX_OCTETS, _ROOM_OCTETS)
            except BlockingIOError:
                return
            except OSError as error:  # what an earlier answer met on its way
                self._protocol.error_received(error)
                return
            back = tuple(way for level, kind, octets in told for way in _way_back(level, kind, octets))
            asker = _Asker(str(place[0]), int(place[1]), place, back)
            self._protocol.datagram_received(data, asker)


def _way_back(level: int, kind: int, octets: bytes) -> tuple[tuple[int, int, bytes], ...]:
    """Return what lets an answer leave from the address that a datagram came to."""
    if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
        _, ours, _ = _IPV4_INFO.unpack_from(octets)
        return ((level, kind, _IPV4_INFO.pack(0, ours, bytes(4))),)  # by whatever interface leads there
    if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
        ours, interface = _IPV6_INFO.unpack_from(octets)
        is_local = ipaddress.IPv6Address(ours).is_link_local  # the same address may be on every interface
        return ((level, kind, _IPV6_INFO.pack(ours, interface if is_local else 0)),)
    return ()
