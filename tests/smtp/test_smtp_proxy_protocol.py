"""The PROXY header, version 2: read whole, bounded, and nothing else in its place."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import LimitExceeded, RemoteProtocolError
from scop.smtp.proxy_protocol import MAX_BLOCK_OCTETS, ProxyHeader, crc32c, read_proxy_header

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")  # §2.2
TCP4 = bytes([192, 0, 2, 7, 198, 51, 100, 1]) + struct.pack("!HH", 40000, 25)
TCP6 = bytes.fromhex("20010db8000000000000000000000007") + bytes(15) + b"\1" + struct.pack("!HH", 40000, 25)
MAPPED = bytes(10) + b"\xff\xff" + TCP4[:4] + bytes(15) + b"\1" + TCP4[8:]
CLIENT4 = ProxyHeader("192.0.2.7", 40000)


def _header(block: bytes, *, command: int = 0x21, family: int = 0x11) -> bytes:
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(block)) + block


def _tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def _with_sum(*tlvs: bytes) -> bytes:
    block = TCP4 + b"".join(tlvs)
    summed = crc32c(_header(block + _tlv(3, bytes(4))))
    return _header(block + _tlv(3, summed.to_bytes(4)))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (_header(TCP4), CLIENT4),
        (_header(TCP6, family=0x21), ProxyHeader("2001:db8::7", 40000)),
        (_header(MAPPED, family=0x21), CLIENT4),
        (_header(TCP4 + _tlv(4, b"\0" * 9) + _tlv(2, b"mx.harbor.test")), CLIENT4),
        (_with_sum(), CLIENT4),
        (_with_sum(_tlv(4, b"padding")), CLIENT4),
        (_header(b"", command=0x20, family=0), ProxyHeader()),
        (_header(b"whatever it is", command=0x20, family=0x11), ProxyHeader()),
    ],
)
def test_header_names_the_client(header: bytes, expected: ProxyHeader) -> None:
    """§2.2: source address and port of TCP over IPv4 and IPv6; nobody where the proxy speaks for itself."""
    assert (expected, b"EHLO x\r\n") == read_proxy_header(header + b"EHLO x\r\n")


@pytest.mark.parametrize("header", [_header(TCP4), _with_sum(_tlv(4, b"x")), _header(b"", command=0x20, family=0)])
def test_header_is_awaited_octet_by_octet(header: bytes) -> None:
    """Every beginning of a header wants more, and nothing is decided before."""
    assert [None] * len(header) == [read_proxy_header(header[:count]) for count in range(len(header))]


@pytest.mark.parametrize(
    "octets",
    [
        b"EHLO x\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n",
        b"\r\n\r\n\0\r\nQUIX",
        _header(TCP4, command=0x11),
        _header(TCP4, command=0x22),
        _header(TCP4, family=0x12),
        _header(TCP4, family=0x00),
        _header(bytes(216), family=0x31),
        _header(TCP4[:-1]),
        _header(TCP4, family=0x21),
        _header(TCP4 + b"\4\0"),
        _header(TCP4 + b"\4\0\5xxxx"),
        _header(TCP4 + _tlv(3, b"\0\0\0\0")),
        _header(TCP4 + _tlv(3, b"")),
    ],
)
def test_what_is_no_such_header_is_a_fault(octets: bytes) -> None:
    """Version 1, other families, short blocks, broken TLVs and wrong sums raise, before anything is believed."""
    with pytest.raises(RemoteProtocolError):
        read_proxy_header(octets)


def test_block_is_bounded() -> None:
    """A block of the limit is read, one octet more is refused before it came."""
    room = MAX_BLOCK_OCTETS - len(TCP4) - 3
    assert (CLIENT4, b"") == read_proxy_header(_header(TCP4 + _tlv(4, bytes(room))))
    with pytest.raises(LimitExceeded):
        read_proxy_header(_header(TCP4 + _tlv(4, bytes(room + 1)))[:16])


def test_checksum_is_castagnolis() -> None:
    """RFC 3720 appendix B.4: 32 octets of zero, 32 of ones, and the check value of the nine digits."""
    assert [0x8A9136AA, 0x62A8AB43, 0xE3069283] == [
        crc32c(octets) for octets in (bytes(32), b"\xff" * 32, b"123456789")
    ]


@given(st.binary(max_size=80))
def test_only_remote_protocol_errors_escape(octets: bytes) -> None:
    """Whatever follows the signature, it is a header, a part of one, or the peer's fault."""
    try:
        read_proxy_header(SIGNATURE + octets)
    except RemoteProtocolError:
        return
