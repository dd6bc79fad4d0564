"""Address lists written and read again: the same values, whatever they are and wherever they come from."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scop.mime import Address, Group, parse_addresses
from scop.mime.fields.addresses import write_addresses

_WRITABLE = st.characters(codec="utf-8", exclude_characters="\r\n\0")
_AWKWARD = st.sampled_from([*'ab .@<>()[]:;,\\"\t=?_é\u00a0\u2028\ufeff\x01\x7f', "=?utf-8?q?x?=", "ß", "𝄞"])
TEXTS = st.lists(st.one_of(_AWKWARD, _WRITABLE), max_size=20).map("".join)

_LABELS = st.text(alphabet="ab1-é_", min_size=1, max_size=8)
_LITERALS = st.sampled_from(["192.0.2.1", "IPv6:2001:db8::1", "a b", "x,y<z>", "", "@", "a\\]b\\,c", "(x)"])
DOMAINS = st.one_of(
    st.lists(_LABELS, min_size=1, max_size=4).map(".".join), _LITERALS.map(lambda inner: f"[{inner}]"), st.just("")
)
ADDRESSES = st.builds(Address, display_name=TEXTS, local_part=TEXTS, domain=DOMAINS)
GROUPS = st.builds(Group, TEXTS, st.lists(ADDRESSES, max_size=3).map(tuple))
VALUES = st.lists(st.one_of(ADDRESSES, GROUPS), max_size=4).map(tuple)

_PIECES = st.sampled_from(
    [
        *("a", "b.test", "a@b.test", "Ada", "<", ">", "<a@b>", ",", ";", ":", "@", ".", " ", "  ", "\t", "\r\n ", "\r"),
        *('"', '"q"', '"a b"', '"\\""', "\\", "(", ")", "(c)", "((n) m)", "(\\))", "(=?utf-8?q?c?=)", "[", "]"),
        *("[192.0.2.1]", "[IPv6:::1]", "[ x\\]y ]", "@r.test,@s:", "g:", "undisclosed:;", "=?utf-8?q?a=2C_b?="),
        *("=?utf-8?b?AA0KAA==?=", "é", "\x00", "\x1c", "\x7f", "\u2028", "\udce9", "=?x?q?"),
    ]
)
ANY_TEXT = st.one_of(st.lists(_PIECES, max_size=14).map("".join), st.text(max_size=40))


@given(VALUES)
def test_addresses_written_and_read_again_are_the_same(value: tuple[Address | Group, ...]) -> None:
    """Parse after writing is the identity on every value: any name, any local part, any sort of domain."""
    assert value == parse_addresses(" ".join(write_addresses(value)))


@given(ANY_TEXT)
@example("<@a,b>")
@example("<@a,b@c>, (x) <>")
@example("a@[b, c@d]")
@example('a@"b\\')
def test_addresses_read_from_anything_can_be_written(text: str) -> None:
    """Whatever a broken field shows can be written into a sound one, and is the same there."""
    value = parse_addresses(text)
    assert value == parse_addresses(" ".join(write_addresses(value)))


@given(VALUES)
def test_addresses_written_hold_no_line_end_and_words_that_fold(value: tuple[Address | Group, ...]) -> None:
    """A field can be folded between the words, and none of them is blank (RFC 5322 §3.2.2)."""
    for word in write_addresses(value):
        assert word.strip()
        assert {"\r", "\n", "\0"}.isdisjoint(word)


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\ud800"])
def test_addresses_with_a_line_end_are_refused(bad: str) -> None:
    """No value can write a field of its own (RFC 5322 §2.2)."""
    for value in (
        Address(f"a{bad}b", "a@b"),
        Address("", local_part=f"a{bad}b", domain="c"),
        Address("", local_part="a", domain=f"b{bad}c"),
        Address("", local_part="a", domain=f"[b{bad}c]"),
        Group(f"g{bad}"),
        Group("g", (Address(f"a{bad}b", "a@b"),)),
    ):
        with pytest.raises(ValueError, match=r"line end|surrogates"):
            write_addresses([value])


@pytest.mark.parametrize("domain", ["b>, <c@d", "b,c", "b;c", "b)(c", "[b", "b@c", "[a  b]", "b c ", "a . b", '"x'])
def test_addresses_that_would_be_read_as_others_are_refused(domain: str) -> None:
    """What stands behind the "@" cannot close the brackets and begin another mailbox."""
    with pytest.raises(ValueError, match="not an address"):
        write_addresses([Address("", local_part="a", domain=domain)])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((), []),
        ((Address("", "a@b.test"),), ["a@b.test"]),
        ((Address("Ada", "a@b.test"), Address("", "c@d")), ["Ada", "<a@b.test>,", "c@d"]),
        ((Address("Doe, J.", "j@x"),), ['"Doe,', 'J."', "<j@x>"]),
        ((Address("Zoë", "z@x"),), ["=?utf-8?", "<z@x>"]),
        ((Address("", "é@bücher.test"),), ["é@bücher.test"]),
        ((Address("", '"a b"@x'),), ['"a b"@x']),
        ((Address("Ada", ""),), ["Ada", "<>"]),
        ((Group("undisclosed-recipients"),), ["undisclosed-recipients:;"]),
        ((Group("G", (Address("", "a@b"), Address("", "c@d"))),), ["G:", "a@b,", "c@d;"]),
        ((Group("Zoë"),), ["=?utf-8?", ":;"]),
        ((Group(""),), ['"":;']),
    ],
)
def test_write_addresses_uses_the_plainest_form(value: tuple[Address | Group, ...], expected: list[str]) -> None:
    """Quotes only at need, encoded words beyond ASCII, an encoded word away from a colon (RFC 2047 §5)."""
    written = write_addresses(value)
    assert expected == ["=?utf-8?" if word.startswith("=?utf-8?") else word for word in written]
