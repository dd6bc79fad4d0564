"""Mailboxes and paths (RFC 5321 §4.1.2)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.shared import shared_path
from fakes.smtp_values import MAILBOXES
from scop.smtp import ForwardPath, Mailbox, ReversePath


@given(MAILBOXES)
def test_mailbox_written_and_read_is_the_same(mailbox: Mailbox) -> None:
    """Parse undoes str, quotes included."""
    assert mailbox == Mailbox.parse(str(mailbox))


@given(st.one_of(st.none(), MAILBOXES))
def test_paths_written_and_read_are_the_same(mailbox: Mailbox | None) -> None:
    """Parse undoes str; None is the null path and the bare postmaster."""
    assert ReversePath(mailbox) == ReversePath.parse(str(ReversePath(mailbox)))
    assert ForwardPath(mailbox) == ForwardPath.parse(str(ForwardPath(mailbox)))


@given(st.text(max_size=80))
def test_paths_raise_nothing_but_value_error(text: str) -> None:
    """Whatever the text, the outcome is a value or a ValueError."""
    for parse in (Mailbox.parse, ReversePath.parse, ForwardPath.parse):
        try:
            parse(text)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("text", "local_part", "domain"),
    [
        ("a@b.test", "a", "b.test"),
        ('"a b"@b.test', "a b", "b.test"),
        (r'"a\"b\\c"@b.test', r'a"b\c', "b.test"),
        ('"plain"@b.test', "plain", "b.test"),
        ('""@b.test', "", "b.test"),
        ("grüße@bücher.test", "grüße", "bücher.test"),
        ("a@[192.0.2.1]", "a", "[192.0.2.1]"),
        ("a@[IPv6:2001:db8::1]", "a", "[IPv6:2001:db8::1]"),
        ("a+b/c=d@b.test", "a+b/c=d", "b.test"),
    ],
)
def test_mailbox_parse_keeps_the_meaning(text: str, local_part: str, domain: str) -> None:
    """Quotes are syntax, the rest is kept as given."""
    assert Mailbox(local_part, domain) == Mailbox.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "@b.test", "a@", "a@b..test", "a@-b.test", "a@b-.test", ".a@b.test", "a.@b.test", "a..b@b.test",
        "a b@b.test", "a@b test", 'a"b@b.test', "a@[192.0.2.256]", "a@[1.2.3]", "a@[IPv6:1::2::3]",
        "a@[IPv6:fe80::1%eth0]", "a@[IPv6:1:2:3:4:5:6::8]", "a@[IPv6:1:2:3:4:5::192.0.2.1]", "a@[tag:x]",
        "a@b.test\r\n", "a\0@b.test", "a@b_c.test", "a@b.test.", '"a\r\n"@b.test', "a@b@c.test",
    ],
)  # fmt: skip
def test_mailbox_parse_refuses_what_is_none(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"."):
        Mailbox.parse(text)


def test_mailbox_limits_hold_at_n_and_n_plus_1() -> None:
    """RFC 5321 §4.5.3.1: 64 octets of local part as written, 63 of a label, 256 of a path, so 254 of an address."""
    Mailbox.parse("a" * 64 + "@b.test")
    Mailbox.parse("a@" + "b" * 63 + ".test")
    Mailbox.parse('"' + "a" * 60 + '\\a"@b.test')
    long = "a@" + ".".join(["b" * 49] * 5 + ["c" * 2])
    assert 254 == len(long)
    Mailbox.parse(long)
    escaped = '"' + "a" * 61 + '\\a"@b.test'
    for text in ("a" * 65 + "@b.test", escaped, "a@" + "b" * 64 + ".test", long + "c"):
        with pytest.raises(ValueError, match=r"longer|not a domain"):
            Mailbox.parse(text)
    path = f"<{'a' * 64}@{'.'.join(['b' * 47] * 4 + ['c' * 197])[:189]}>"
    assert 256 == len(path.encode())
    ReversePath.parse(path)
    with pytest.raises(ValueError, match="256"):
        ReversePath.parse(path.replace("@b", "@bb"))


def test_domain_key_compares_what_is_the_same_domain() -> None:
    """Case and the form of an internationalised name do not matter."""
    assert Mailbox.parse("a@BÜCHER.test").domain_key == Mailbox.parse("b@xn--bcher-kva.TEST").domain_key
    assert "b.test" == Mailbox.parse("a@B.Test").domain_key
    assert Mailbox.parse("a@ß.test").is_ascii is False


def test_source_routes_are_dropped() -> None:
    """RFC 5321 §4.1.2: a source route is accepted and ignored."""
    assert "<a@b.test>" == str(ForwardPath.parse("<@x.test,@y.test:a@b.test>"))
    assert "<>" == str(ReversePath.parse("<>"))
    assert "<Postmaster>" == str(ForwardPath.parse("<postMASTER>"))


def test_mailbox_agrees_with_the_isemail_suite() -> None:
    """What the suite calls valid for SMTP is read, all else (errors, obsolete and over-long forms, comments) is not."""
    cases = json.loads(shared_path("vectors", "address", "isemail_tests.json").read_text())
    wrong = []
    for case in cases:
        address = "".join(chr(ord(c) - 0x2400) if 0x2400 <= ord(c) < 0x2420 else c for c in case["address"])
        expected = case["category"] in ("ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321")
        try:
            found = bool(Mailbox.parse(address))
        except ValueError:
            found = False
        if found is not expected:
            wrong.append((address, case["diagnosis"]))
    assert [] == wrong
