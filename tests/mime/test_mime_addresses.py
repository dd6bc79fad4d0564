"""Address lists in every form that mail has shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime import Address, Group, parse, parse_addresses
from scop.mime.limits import DEFAULT_LIMITS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@b.test", (Address("", "a@b.test"),)),
        ("Ada <a@b.test>", (Address("Ada", "a@b.test"),)),
        ('"Doe, J." <j@x.test>, k@y.test', (Address("Doe, J.", "j@x.test"), Address("", "k@y.test"))),
        ("John Q. Public <jq@p.test>", (Address("John Q. Public", "jq@p.test"),)),
        ("joe@x.test (Joe (B) Blow)", (Address("Joe (B) Blow", "joe@x.test"),)),
        ("a . b @ c . d", (Address("", "a.b@c.d"),)),  # RFC 5322 §4.4
        ("<@r.test,@s.test:x@y.test>", (Address("", "x@y.test"),)),  # an obsolete route
        ('"a b"@x.test', (Address("", '"a b"@x.test', "a b", "x.test"),)),
        ("a@[192.0.2.1]", (Address("", "a@[192.0.2.1]"),)),
        (
            "G: a@b.test, C <c@d.test>;, e@f.test",
            (Group("G", (Address("", "a@b.test"), Address("C", "c@d.test"))), Address("", "e@f.test")),
        ),
        ("undisclosed-recipients:;", (Group("undisclosed-recipients", ()),)),
        ("=?utf-8?q?a=2Cb?= <a@b.test>", (Address("a,b", "a@b.test"),)),  # RFC 2047 §6.2: decoded after the cut
        ("Jürgen <jürgen@bücher.test>", (Address("Jürgen", "jürgen@bücher.test"),)),  # RFC 6532
        ("ceo@bank.test <x@evil.test>", (Address("ceo@bank.test", "x@evil.test"),)),
        ("John Doe joe@x.test", (Address("John Doe", "joe@x.test"),)),
        ("Foo <a@b.test", (Address("Foo", "a@b.test"),)),
        ("a@b.test; c@d.test", (Address("", "a@b.test"), Address("", "c@d.test"))),
        ("postmaster", (Address("", "postmaster"),)),
        (", ,", ()),
        ("", ()),
    ],
)
def test_parse_addresses_reads_the_form(text: str, expected: tuple[Address | Group, ...]) -> None:
    """Names, comments, groups, quotes, obsolete and broken forms (RFC 5322 §3.4, §4.4)."""
    assert expected == parse_addresses(text)


def test_address_parts_follow_from_the_addr_spec() -> None:
    """`local_part` has its quotes opened, `domain` is as written."""
    address = Address("x", '"a\\"b"@c.test')
    assert (address.local_part, address.domain) == ('a"b', "c.test")
    assert '"Doe, J." <j@x.test>' == str(Address("Doe, J.", "j@x.test"))
    assert "j@x.test" == str(Address("", "j@x.test"))


def test_address_addr_spec_follows_from_its_parts() -> None:
    """Whoever has the parts need not write the quotes; both ways give equal values."""
    assert Address("x", '"a b"@c.test') == Address("x", local_part="a b", domain="c.test")
    assert Address(addr_spec="j") == Address(local_part="j")


def test_message_addresses_join_every_field_of_the_name() -> None:
    """Two From fields show all their authors: whoever judges a mail must see them."""
    message = parse(b"From: a@b.test\r\nTo: x@y.test\r\nFrom: c@d.test\r\n\r\n")
    assert (Address("", "a@b.test"), Address("", "c@d.test")) == message.addresses("FROM")
    assert () == message.addresses("cc")


@given(st.text(alphabet='abc@.,;:<>()[]" \\=?é', max_size=60))
def test_parse_addresses_never_raises(text: str) -> None:
    """Any text yields addresses, which are written and read alike."""
    for found in parse_addresses(text):
        assert isinstance(found, Address | Group)


@pytest.mark.parametrize("count", [DEFAULT_LIMITS.addresses, DEFAULT_LIMITS.addresses + 1])
def test_parse_addresses_reads_a_bounded_number(count: int) -> None:
    """Groups count by their members; what lies beyond the bound stays unread."""
    assert DEFAULT_LIMITS.addresses == len(parse_addresses("a@b," * count))
    (group,) = parse_addresses(f"g: {'a@b,' * count};")
    assert isinstance(group, Group)
    assert DEFAULT_LIMITS.addresses == len(group.members)


PLAIN_DOMAIN = re.compile(r"[ab.é]+")


@given(st.text(alphabet='a@b."\\ ()<>,:;é\r\n\t[]=?', max_size=40))
def test_address_read_from_anything_is_the_same_when_written(text: str) -> None:
    """What was seen in a broken field can be shown or copied into another, and names the same mailbox there."""
    for found in parse_addresses(text):
        if isinstance(found, Address) and found.local_part and PLAIN_DOMAIN.fullmatch(found.domain):
            assert (found,) == parse_addresses(str(found))


@given(st.text(alphabet="abcdé .\"'(,", max_size=20), st.text(alphabet='abc .@"\\', min_size=1, max_size=12))
def test_address_written_and_read_again_is_the_same(name: str, local_part: str) -> None:
    """Parse after writing is the identity on addresses whose names have single inner spaces."""
    written = parse_addresses(f'"{local_part.translate({34: chr(92) + chr(34), 92: chr(92) * 2})}"@x.test')
    assert [local_part] == [address.local_part for address in written if isinstance(address, Address)]
    address = Address(" ".join(name.split()), "a@x.test")
    assert (address,) == parse_addresses(str(address))
