"""Address lists in every form that mail has shown."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime import Address, DefectKind, Group, Limits, parse, parse_addresses
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
        ("MAILER-DAEMON (Mail System)", (Address("Mail System", "MAILER-DAEMON"),)),
        ("John Doe", (Address("John Doe", ""),)),  # a name without an address
        ('"  two  spaces " <a@b>', (Address("  two  spaces ", "a@b"),)),
        ('"Joe" (x) "(B)"\t Blow <a@b>', (Address("Joe (B) Blow", "a@b"),)),
        ("pete(his account)@silly.test(his host)", (Address("his account", "pete@silly.test"),)),
        ("(\\)=?utf-8?q?J=C3=BC?=) <a@b>", (Address(")Jü", "a@b"),)),
        ('"a".b . "c d"@e', (Address("", '"a.b.c d"@e'),)),  # RFC 5322 §4.4: obs-local-part
        ("a@[ IPv6:2001:db8::1 ]", (Address("", "a@[IPv6:2001:db8::1]"),)),
        ("a@[x \\] \t<y>] , b@c", (Address("", "a@[x \\] \\<y\\>]"), Address("", "b@c"))),
        ("<@r.test , , @s.test : x@y.test>", (Address("", "x@y.test"),)),
        ("<a@b> <c@d>", (Address("", "a@b"), Address("", "c@d"))),  # the comma is missing
        ("<a@b, c@d", (Address("", "a@b"), Address("", "c@d"))),
        ("g: h: a@b;, c@d", (Group("g", (Address("", "a@b"),)), Address("", "c@d"))),  # groups do not nest
        ("<a b@c>", (Address("", '"a b"@c'),)),
        ("a@b\x00.test", (Address("", "a@b\ufffd.test"),)),
        ('a@[x, "y', (Address("", "a@[x]"), Address("", '"y"'))),  # never closed
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


@pytest.mark.parametrize(
    "text",
    [
        *("a@b", " Ada <a@b> ", "J. Q. P <a@b>", '"J" Q <a@b>', "<a@b>(c)", "(c)a@b(d)", "a(c)@(d)b", "é <é@é.é>"),
        *('"a\x01\\\x00b"@c', '""@c', "a . b@c . d", '"a".b@c', "a@[b\\]c d]", "a@[]", "<@a,,@b:c@d>", "<, @a:c@d>"),
        *("g:;", "g: a@b, c <d@e>;", "g: , ,;, a@b", ", a@b, ,", ",", "", "(c)", "x:\r\n ;", "=?utf-8?q?a?= <a@b>"),
    ],
)
def test_addresses_of_the_grammar_have_no_defect(text: str) -> None:
    """All that RFC 5322 §3.4 and §4.4 have is right, the obsolete half too; a NUL is, and cannot be kept."""
    defects: list[DefectKind] = []
    parse_addresses(text, defects=defects)
    assert ([DefectKind.INVALID_ADDRESS] if "\0" in text else []) == defects


@pytest.mark.parametrize(
    "text",
    [
        *("a", "<>", "Ada", "A B", "a@", "@b", "<a>", "a@b c", "c a@b", "a@b@c", "a b@c", "<a b@c>", "a..b@c", ".a@b"),
        *("a.@b", "a@.b", "a@b.", "a@b..c", "a\\@b", "a@b]", "a@b)", "a)@b", "a@[b", 'a@"b"', "a@b[c]", "a\x7f@b"),
        *(
            "<a@b",
            "a@b>",
            "<<a@b>>",
            "<a@b>x",
            "<a@b> <c@d>",
            "a:b@c",
            "x <b:c@d>",
            "<@a.b>",
            "<@a c:d@e>",
            "<a@b,c@d>",
        ),
        *(";", "a@b;", "a@b; c@d", "g:", "g: a@b", ":;", "g:h:;;", "g:; a@b", "g:;g:;", ". <a@b>", "@ <a@b>"),
        *('"a@b', "(a@b", "a@b (c", "a@b\r", "a@b\x00", "a@b (\x00)"),
    ],
)
def test_addresses_beside_the_grammar_have_one_defect(text: str) -> None:
    """What is read by guess says so, once a field (RFC 5322 §3.4)."""
    defects: list[DefectKind] = []
    parse_addresses(text, defects=defects)
    assert [DefectKind.INVALID_ADDRESS] == defects


_PLAIN = st.lists(
    st.sampled_from([*"aZ1-_ .@<>\"'#=\\:;()é", "a@b", "<a.b@c.d>", "Ada ", '"q r" ', " J. "]), max_size=9
).map("".join)


@given(_PLAIN)
def test_addresses_behind_an_empty_comment_are_the_same(text: str) -> None:
    """A comment means nothing; it keeps the reader from its short way, so both ways read alike (RFC 5322 §3.2.2)."""
    short: list[DefectKind] = []
    long: list[DefectKind] = []
    assert parse_addresses(f"(){text}", defects=long) == parse_addresses(text, defects=short)
    assert long == short


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("=?utf-8?q?=FF?=", [DefectKind.UNDECODABLE_TEXT]),
        ("=?no-such?q?a?=", [DefectKind.UNKNOWN_CHARSET]),
        ("=?utf-8?q?a?= =?utf-8?q?b?= =?utf-8?q?c?=", [DefectKind.TOO_MANY_ENCODED_WORDS]),
    ],
)
def test_addresses_tell_what_is_wrong_with_encoded_words(name: str, expected: list[DefectKind]) -> None:
    """In a display name, in a comment that stands for one, and in the name of a group (RFC 2047 §5 (3))."""
    for text in (f"{name} <a@b>", f"{name}: a@b;", f'"{name}" <a@b>'):
        defects: list[DefectKind] = []
        parse_addresses(text, limits=Limits(encoded_words=2), defects=defects)
        assert expected == defects


@pytest.mark.parametrize(("depth", "expected"), [(100, []), (101, [DefectKind.COMMENT_TOO_DEEP])])
def test_addresses_with_deep_comments_are_read_up_to_the_limit(depth: int, expected: list[DefectKind]) -> None:
    """Beyond the limit the rest of the field counts as comment."""
    defects: list[DefectKind] = []
    found = parse_addresses(f"a@b {'(' * depth}{')' * depth}, c@d", defects=defects)
    assert ([], 2) == (defects, len(found)) if depth == 100 else (1, expected) == (len(found), defects[:1])


@pytest.mark.parametrize(
    "flood",
    [
        *(
            "a@b,",
            "<",
            ">",
            "@",
            "(",
            ")",
            '"',
            '"\\',
            "\\",
            "(\\)",
            "()",
            "[",
            "[\\[",
            "[,",
            ":",
            ";",
            "g:;",
            ".",
            "a ",
        ),
        *("<@", "<@,", "<@:", "<a@b>", "a@b c@d ", "=?", "=?utf-8?q?a?= ", "A. <", '"" ', "\0", "\r\n "),
    ],
)
def test_addresses_of_a_flood_take_time_linear_in_it(flood: str) -> None:
    """No text makes the reader look at any stretch of it again and again."""

    def seconds(octets: int) -> float:
        text = flood * (octets // len(flood))
        start = time.process_time()
        parse_addresses(text)
        return time.process_time() - start

    short = min(seconds(4_000) for _ in range(3))
    assert min(seconds(64_000) for _ in range(2)) < 16 * max(short, 0.001) * 5


@pytest.mark.parametrize("count", [DEFAULT_LIMITS.addresses, DEFAULT_LIMITS.addresses + 1])
def test_parse_addresses_reads_a_bounded_number(count: int) -> None:
    """Groups count by their members; what lies beyond the bound stays unread."""
    assert DEFAULT_LIMITS.addresses == len(parse_addresses("a@b," * count))
    defects: list[DefectKind] = []
    (group,) = parse_addresses(f"g: {'a@b,' * count};", defects=defects)
    assert ([DefectKind.TOO_MANY_ADDRESSES] if count > DEFAULT_LIMITS.addresses else []) == defects
    assert isinstance(group, Group)
    assert DEFAULT_LIMITS.addresses == len(group.members)


@pytest.mark.parametrize(
    ("text", "count"), [("a@b, c@d", 1), ("g:;, h:;", 1), ("g:; a@b", 1), ("a@b", 0), ("g: a@b;", 0)]
)
def test_parse_addresses_stops_at_any_limit(text: str, count: int) -> None:
    """A group that names nobody counts as one address."""
    defects: list[DefectKind] = []
    assert count == len(parse_addresses(text, limits=Limits(addresses=count), defects=defects))
    assert DefectKind.TOO_MANY_ADDRESSES in defects


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
