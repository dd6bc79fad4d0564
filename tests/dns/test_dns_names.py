"""Domain names."""

import dns.exception
import dns.name
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scop.base import LimitExceeded, RemoteProtocolError
from scop.dns.names import (
    is_askable,
    is_at_or_below,
    name_from_labels,
    name_labels,
    name_to_wire,
    normal_name,
    parent_name,
    read_name,
    reverse_name,
)

LABELS = st.lists(st.binary(min_size=1, max_size=63), max_size=4).map(tuple).filter(lambda ls: sum(map(len, ls)) < 250)


@settings(max_examples=60)
@given(LABELS)
def test_dns_names_have_one_text_for_each_name_of_the_wire(labels: tuple[bytes, ...]) -> None:
    """Wire to text to wire is the identity but for ASCII case, and agrees with dnspython."""
    folded = tuple(label.lower() for label in labels)
    text = name_from_labels(labels)
    assert folded == name_labels(text)
    assert text == normal_name(text)
    peer = dns.name.Name((*labels, b""))
    assert peer.canonicalize().to_wire() == name_to_wire(text)
    assert (text, len(peer.to_wire() or b"")) == read_name(peer.to_wire() or b"", 0, {})


@given(st.text(max_size=80))
def test_dns_normal_name_refuses_or_normalises_any_text(text: str) -> None:
    """Only `ValueError` escapes, and what is normal stays as it is."""
    try:
        normal = normal_name(text)
    except ValueError:
        return
    assert normal == normal_name(normal)
    assert normal.isascii()


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("MX.Example.TEST.", "mx.example.test"),
        (".", ""),
        ("", ""),
        (r"a\.b.test", r"a\.b.test"),
        (r"a\046b.test", r"a\.b.test"),
        (r"\097.test", "a.test"),
        ("_dmarc.example.test", "_dmarc.example.test"),
        ("\u212a.test", r"\226\132\170.test"),  # KELVIN SIGN folds to k everywhere but in the DNS
    ],
)
def test_dns_normal_name_is_lower_case_without_a_trailing_dot(text: str, normal: str) -> None:
    """RFC 4343 §3: only ASCII letters fold; RFC 1035 §5.1: escapes."""
    assert normal == normal_name(text)


@pytest.mark.parametrize("text", ["a..b", ".a", "..", "a" * 64, "a\\", "\\999.test", ".".join(["a" * 49] * 6)])
def test_dns_normal_name_refuses_what_is_no_name(text: str) -> None:
    """Empty and long labels, long names and broken escapes are no names."""
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        normal_name(text)


@pytest.mark.parametrize(
    ("labels", "fits"), [((b"a" * 63, b"b" * 63, b"c" * 63, b"d" * 61), True), ((b"a" * 63,) * 4, False)]
)
def test_dns_names_of_255_octets_fit_and_longer_ones_do_not(labels: tuple[bytes, ...], fits: bool) -> None:
    """RFC 1035 §2.3.4, with the text and on the wire."""
    wire = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    text = ".".join(label.decode() for label in labels)
    if fits:
        assert (text, 255) == read_name(wire, 0, {})
        assert text == normal_name(text)
        return
    with pytest.raises(RemoteProtocolError, match="longer than 255"):
        read_name(wire, 0, {})
    with pytest.raises(ValueError, match="longer than 255"):
        normal_name(text)


def test_dns_name_longer_than_255_octets_by_pointers_is_refused() -> None:
    """The limit holds for the whole name, also where part of it was read before."""
    long = b"\x3f" + b"a" * 63
    octets = long * 3 + b"\0" + long + b"\xc0\x00"
    known: dict[int, str] = {}
    read_name(octets, 0, known)
    for seen in (known, {}):
        with pytest.raises(RemoteProtocolError, match="longer than 255"):
            read_name(octets, 193, seen)


@pytest.mark.parametrize(
    "octets",
    [b"\xc0\x00", b"\x01a\xc0\x00", b"\x01a\xc0\x05\x00\x00", b"\xc0\x02\xc0\x00", b"\x41a\x00", b"\x80\x00"],
)
def test_dns_compression_pointers_lead_backwards(octets: bytes) -> None:
    """RFC 1035 §4.1.4: to a prior occurrence, so loops cannot be; other label kinds are unknown."""
    with pytest.raises(RemoteProtocolError):
        read_name(octets, 0, {})


def test_dns_pointer_into_the_labels_before_it_is_refused() -> None:
    """Label, pointer to the label, and so on for ever: each pointer must lead to before what it ends."""
    octets = b"\x01a\x01b\xc0\x00"
    assert ("a", 3) == read_name(b"\x01a\x00", 0, {})
    with pytest.raises(RemoteProtocolError, match="backwards"):
        read_name(octets, 0, {})
    with pytest.raises(RemoteProtocolError, match="backwards"):
        read_name(octets, 2, {})


@settings(max_examples=60)
@given(LABELS, LABELS)
def test_dns_is_at_or_below_agrees_with_dnspython(labels: tuple[bytes, ...], apex: tuple[bytes, ...]) -> None:
    """Below is decided by labels, not by characters."""
    name, top = dns.name.Name((*labels, b"")), dns.name.Name((*apex, b""))
    assert name.is_subdomain(top) == is_at_or_below(name_from_labels(labels), name_from_labels(apex))
    try:
        joined = name.relativize(dns.name.root).concatenate(top)
    except dns.exception.DNSException:
        return
    assert is_at_or_below(name_from_labels(joined.labels[:-1]), name_from_labels(apex))


def test_dns_escaped_dot_does_not_make_a_child() -> None:
    r"""`a\.b` is one label and stands beside `b`."""
    assert not is_at_or_below(r"a\.b", "b")
    assert is_at_or_below(r"a\\.b", "b")
    assert "test" == parent_name(r"a\.b.test")


@pytest.mark.parametrize(
    ("name", "askable"),
    [
        ("a.test", True), ("_dmarc.a.test", True), ("a" * 63 + ".test", True),
        (".".join(["a" * 49] * 5 + ["bcd"]), True),
        ("", False), ("a..test", False), ("a.test.", False), ("a" * 64 + ".test", False), ("h\u00e4fen.test", False),
        ("a\\046b.test", False), (".".join(["a" * 49] * 5 + ["bcde"]), False),
    ],
)  # fmt: skip
def test_dns_text_of_others_is_askable_only_as_it_stands(name: str, askable: bool) -> None:
    """A name built of foreign words is never read as escapes, nor passes the limits of RFC 1035 §2.3.4."""
    assert askable is is_askable(name)


def test_dns_reverse_names_of_both_families() -> None:
    """RFC 1035 §3.5, RFC 3596 §2.5."""
    assert "1.2.0.192.in-addr.arpa" == reverse_name("192.0.2.1")
    assert "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa" == reverse_name("2001:db8::1")


@pytest.mark.parametrize(("pointers", "fits"), [(126, True), (127, False)])
def test_dns_name_of_many_pointers_is_refused(pointers: int, fits: bool) -> None:
    """A chain of pointers that lead to pointers is work without octets: an honest one ends a label each time."""
    chain = b"\1a\0" + b"".join((0xC000 | max(0, 3 + 2 * number - 2)).to_bytes(2, "big") for number in range(pointers))
    chain = chain.replace(b"\xc0\1", b"\xc0\0", 1)  # the first leads to the name
    if fits:
        assert ("a", len(chain)) == read_name(chain, len(chain) - 2, {})
    else:
        with pytest.raises(LimitExceeded, match="pointers"):
            read_name(chain, len(chain) - 2, {})


def test_dns_name_that_was_pointed_at_is_remembered() -> None:
    """What many names end in is read once, also where it began in the middle of another."""
    known: dict[int, str] = {}
    octets = b"\1w\7example\0" + b"\1x\xc0\2"
    assert ("x.example", len(octets)) == read_name(octets, 11, known)
    assert {2: "example", 11: "x.example"} == known


def test_dns_names_that_are_strung_together_are_each_read_once() -> None:
    """Every place that a pointer led to is remembered, whatever labels stand before it."""
    known: dict[int, str] = {}
    octets = b"\1a\0" + b"\1b\xc0\0" + b"\xc0\3" + b"\1c\xc0\7"
    assert ("c.b.a", len(octets)) == read_name(octets, 9, known)
    assert {0: "a", 3: "b.a", 7: "b.a", 9: "c.b.a"} == known
