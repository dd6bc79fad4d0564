"""PROXY protocol, version 2: the first octets of a connection, in which a load balancer says for whom it speaks.

Whoever takes it from a stranger lets strangers choose their address: it is read only where the
listener trusts the proxy, and there nothing else may come first. Version 1 is not read.

Standards: The PROXY protocol (HAProxy, doc/proxy-protocol.txt) §2.2; RFC 3720 §12.1 (CRC32C).
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from scop.base import Cursor, LimitExceeded, RemoteProtocolError
from scop.base.sources import unmapped

__all__ = ["ProxyHeader", "read_proxy_header"]

# The format allows 65,535. What is read are 36 octets of addresses; TLVs with a certificate's name are some hundred.
MAX_BLOCK_OCTETS = 4096

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = struct.Struct("!12sBBH")  # signature, version and command, family and protocol, length of the rest
_ADDRESS_OCTETS = {0x11: 4, 0x21: 16}  # TCP over IPv4, over IPv6
_LOCAL, _PROXY = 0x20, 0x21
_CRC32C = 0x03
_CASTAGNOLI = 0x82F63B78  # the polynomial, bits reversed


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """Who the client is; address '' and port 0 where the proxy speaks for itself (LOCAL: a health check)."""

    address: str = ""
    port: int = 0


def read_proxy_header(octets: bytes) -> tuple[ProxyHeader, bytes] | None:
    """Return the header and what follows it, None until it is whole; raises `RemoteProtocolError`."""
    if not octets.startswith(_SIGNATURE[: len(octets)]):
        raise RemoteProtocolError("the connection begins with something else than a PROXY header of version 2")
    if len(octets) < _FIXED.size:
        return None
    _, command, family, length = _FIXED.unpack_from(octets)
    if command not in (_LOCAL, _PROXY):
        raise RemoteProtocolError(f"a PROXY header with version and command {command:#04x}")
    if length > MAX_BLOCK_OCTETS:
        raise LimitExceeded(f"a PROXY header of more than {MAX_BLOCK_OCTETS} octets")
    end = _FIXED.size + length
    if len(octets) < end:
        return None
    return _read_block(command, family, octets[:end]), octets[end:]


def _read_block(command: int, family: int, header: bytes) -> ProxyHeader:
    if command == _LOCAL:  # §2.2: the addresses, whatever they are, are to be discarded
        return ProxyHeader()
    address_octets = _ADDRESS_OCTETS.get(family)
    if address_octets is None:
        # Stricter than §2.2, which lets us take UNSPEC for the proxy's own address: all would share its limits.
        raise RemoteProtocolError(f"a PROXY header for family and protocol {family:#04x}")
    cursor = Cursor(header, _FIXED.size)
    source = ipaddress.ip_address(cursor.take(address_octets))
    # An IPv4 client of a dual-stack proxy (RFC 4291 §2.5.5.2): limits and lists know it by its own address.
    client = unmapped(source)
    cursor.take(address_octets)  # ours
    port = cursor.u16()
    cursor.u16()
    _check_additions(cursor)
    return ProxyHeader(str(client), port)


def _check_additions(cursor: Cursor) -> None:
    """Walk over the type-length-values; of these only the checksum concerns us."""
    while cursor.remaining:
        kind, length = cursor.u8(), cursor.u16()
        place = cursor.position
        value = cursor.take(length)
        if kind == _CRC32C:
            # §2.2.3: computed over the whole header with the four octets of the checksum itself set to zero.
            header = cursor.octets[:place] + bytes(length) + cursor.octets[place + length :]
            if length != 4 or crc32c(header) != int.from_bytes(value):
                raise RemoteProtocolError("a PROXY header whose checksum is wrong")


def crc32c(octets: bytes) -> int:
    """Return the CRC32C; bit by bit, for it is computed once a connection over some dozen octets."""
    rest = 0xFFFFFFFF
    for octet in octets:
        rest ^= octet
        for _ in range(8):
            rest = rest >> 1 ^ (_CASTAGNOLI if rest & 1 else 0)
    return rest ^ 0xFFFFFFFF
