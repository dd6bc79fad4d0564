"""The record types' own octets: each class reads what it writes, and nothing but whole records."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.dns import NS, A
from scop.dns.rdata import (
    CAA,
    CDNSKEY,
    CDS,
    CLASSES,
    DNAME,
    DNSKEY,
    DS,
    NSEC,
    NSEC3,
    NSEC3PARAM,
    RRSIG,
    SRV,
    Opaque,
    Rdata,
    read_rdata,
    type_name,
    type_number,
)
from scop.dns.rdata.bitmap import bitmap_of, bitmap_types

VALUES = [
    DNSKEY(257, 3, 13, b"key"),
    CDNSKEY(0, 3, 0, b"\0"),
    DS(60485, 5, 1, bytes(20)),
    CDS(0, 0, 0, b"\0"),
    RRSIG("A", 13, 2, 3600, 1_700_000_000, 1_690_000_000, 7, "example.test", b"signature"),
    RRSIG("TYPE65000", 8, 0, 0, 0xFFFF_FFFF, 0, 0xFFFF, "", b""),
    NSEC.of("host.example.com", ["A", "MX", "RRSIG", "NSEC", "TYPE1234"]),
    NSEC3(1, 1, 12, bytes.fromhex("aabbccdd"), bytes(20), bitmap_of(["A", "RRSIG"])),
    NSEC3(1, 0, 0, b"", bytes(20), b""),
    NSEC3PARAM(1, 0, 0, b""),
    SRV(1, 2, 3, "mail.test"),
    CAA(128, b"issue", b"ca.test"),
    DNAME("other.test"),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.type)
def test_rdata_reads_what_it_writes(value: Rdata) -> None:
    """Each record is the same after its octets."""
    assert value == read_rdata(value.type, value.to_wire())


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.type)
def test_rdata_cut_short_is_another_record_or_none(value: Rdata) -> None:
    """A record that ends early is refused, or is the shorter one that its octets say."""
    for cut in range(1, len(value.to_wire())):
        octets = value.to_wire()[:cut]
        try:
            assert octets == read_rdata(value.type, octets).to_wire()
        except RemoteProtocolError:
            continue


@given(st.sampled_from(sorted(CLASSES)), st.binary(min_size=1, max_size=80))
def test_rdata_readers_let_only_their_fault_escape(number: int, octets: bytes) -> None:
    """Any octets are a record, written back as it came but for the case of names, or a `RemoteProtocolError`."""
    try:
        value = read_rdata(type_name(number), octets)
    except RemoteProtocolError:
        return
    assert value == read_rdata(type_name(number), value.to_wire())


@given(st.frozensets(st.integers(1, 0xFFFF).map(type_name), min_size=1))
def test_bitmap_names_the_types_that_it_was_made_of(types: frozenset[str]) -> None:
    """RFC 4034 §4.1.2: the bitmap is one way to write a set of types."""
    assert types == bitmap_types(bitmap_of(types))


def test_bitmap_is_written_as_in_the_rfc() -> None:
    """RFC 4034 §4.3: A, MX, RRSIG, NSEC and TYPE1234 in two windows."""
    expected = bytes.fromhex("0006 4001 0000 0003 041b") + bytes(26) + b"\x20"
    assert expected == bitmap_of(["A", "MX", "RRSIG", "NSEC", "TYPE1234"])


@pytest.mark.parametrize("text", ["00", "0000", "000240", "00014000", "01014000 0140", "002100", "0021" + "00" * 33])
def test_bitmap_that_is_broken_is_refused(text: str) -> None:
    """RFC 4034 §4.1.2: windows rise, hold 1 to 32 octets, and fill the record."""
    with pytest.raises(RemoteProtocolError):
        NSEC("a.test", bytes.fromhex(text))


def test_key_tag_is_that_of_the_rfc() -> None:
    """RFC 4034 §5.4: the example's key has the tag 60485."""
    key = base64.b64decode(
        "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvx"
        "egXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw=="
    )
    assert 60485 == DNSKEY(256, 3, 5, key).key_tag


def test_key_tag_of_algorithm_1_stands_in_its_modulus() -> None:
    """RFC 4034 appendix B.1: the last octets but one."""
    assert 0x0203 == DNSKEY(256, 3, 1, b"\1\2\3\4").key_tag


def test_key_flags_say_what_a_key_is_for() -> None:
    """RFC 4034 §2.1.1, RFC 5011 §7."""
    keys = [DNSKEY(flags, 3, 13, b"") for flags in (0x0100, 0x0101, 0x0181, 0x0001)]
    assert [True, True, True, False] == [key.is_zone_key for key in keys]
    assert [False, True, True, True] == [key.is_entry_point for key in keys]
    assert [False, False, True, False] == [key.is_revoked for key in keys]


def test_nsec_keeps_the_case_of_its_next_name() -> None:
    """RFC 6840 §5.1: a signature covers the next name as it came, though it compares in lower case."""
    octets = b"\4Host\4TEST\0" + bitmap_of(["A"])
    value = read_rdata("NSEC", octets)
    assert isinstance(value, NSEC)
    assert ("host.test", octets) == (value.next_name, value.to_wire())


def test_rrsig_signs_its_signer_in_lower_case() -> None:
    """RFC 4034 §6.2, RFC 6840 §5.1: what is signed of an RRSIG has its name in lower case."""
    head = bytes.fromhex("0001 0d 01 00000e10 00000002 00000001 0007")
    value = read_rdata("RRSIG", head + b"\4Test\0sig")
    assert isinstance(value, RRSIG)
    assert head + b"\4test\0" == value.signed_head()


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [("RP", b"", b"\1x\0"), ("AFSDB", b"\0\1", b""), ("NAPTR", b"\0\1\0\2\1S\0\0", b""), ("MB", b"", b"")],
)
def test_rdata_of_rare_types_stands_without_its_message(type_: str, before: bytes, after: bytes) -> None:
    """RFC 3597 §4, RFC 4034 §6.2: a compressed name in a type of old is written out, in lower case."""
    message = b"\4Host\4test\0" + before + b"\xc0\0" + after
    start = len(b"\4Host\4test\0")
    expected = Opaque(type_, before + b"\4host\4test\0" + after)
    assert expected == CLASSES[type_number(type_)](message, start, len(message), {})


def test_rdata_of_new_types_is_carried_octet_by_octet() -> None:
    """RFC 3597 §7: a name inside of a type that is not known then keeps its case."""
    octets = b"\0\1\4Host\4test\0"
    assert Opaque("SVCB", octets) == read_rdata("SVCB", octets)


def test_rdata_without_octets_is_opaque() -> None:
    """RFC 2136 §2.4: an UPDATE names a type by an empty record."""
    assert Opaque("A", b"") == read_rdata("A", b"")


def test_rdata_that_exists_is_valid_for_every_type() -> None:
    """Constructors refuse what has no octets."""
    for make in (
        lambda: DNSKEY(0x10000, 3, 13, b""),
        lambda: DNSKEY(0, 3, 256, b""),
        lambda: DS(0x10000, 1, 1, b""),
        lambda: RRSIG("A", 256, 0, 0, 0, 0, 0, "", b""),
        lambda: RRSIG("NOPE", 13, 0, 0, 0, 0, 0, "", b""),
        lambda: NSEC3(1, 0, 0, bytes(256), b"1", b""),
        lambda: NSEC3(1, 0, 0, b"", b"", b""),
        lambda: SRV(-1, 0, 0, ""),
        lambda: CAA(0, bytes(256), b""),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
            make()


def test_rdata_of_one_name_differs_by_its_type() -> None:
    """Records of different types are never equal, whatever they hold."""
    values: set[Rdata] = {DNAME("a.test"), NS("a.test"), A("192.0.2.1"), Opaque("A", b"\xc0\0\2\1")}
    assert 4 == len(values)
