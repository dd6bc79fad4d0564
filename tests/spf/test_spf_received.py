"""The Received-SPF field, written and read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import LimitExceeded, RemoteProtocolError
from scop.dns import StaticNames, run
from scop.spf import (
    ReceivedSpf,
    SpfClient,
    SpfIdentity,
    SpfResult,
    SpfWord,
    check_mail_from,
    parse_received_spf,
    received_spf,
)
from scop.spf.received import MAX_COMMENT_DEPTH, MAX_FIELD_OCTETS, MAX_PAIRS

CLIENT = SpfClient("192.0.2.1", "foo.example.com", "myname@example.com", "mybox.example.org")
# RFC 7208 §9.1
EXAMPLES = (
    (
        b"Received-SPF: pass (mybox.example.org: domain of\r\n myname@example.com designates 192.0.2.1 as permitted"
        b' sender)\r\n receiver=mybox.example.org; client-ip=192.0.2.1;\r\n envelope-from="myname@example.com";'
        b" helo=foo.example.com;"
    ),
    (
        b"Received-SPF: fail (mybox.example.org: domain of\r\n myname@example.com does not designate 192.0.2.1 as"
        b" permitted sender)\r\n identity=mailfrom; client-ip=192.0.2.1;\r\n envelope-from="
        b'"myname@example.com";'
    ),
    (
        b"Received-SPF: pass (mybox.example.org: domain of\r\n myname@example.com designates 192.0.2.1 as"
        b" permitted sender)\r\n receiver=mybox.example.org; client-ip=192.0.2.1;\r\n mechanism=ip4:192.0.2.1;"
        b' envelope-from="myname@example.com";\r\n helo=foo.example.com'
    ),
)
_LINE = st.text(max_size=20).map(lambda text: "".join(filter(str.isprintable, text)))
_PAIR = st.tuples(st.sampled_from(("helo", "client-ip", "x.y_z")), _LINE)
_VALUES = st.builds(
    ReceivedSpf,
    st.sampled_from(SpfWord),
    _LINE,
    st.lists(_PAIR, max_size=4).map(tuple),
)


@pytest.mark.parametrize(
    ("field", "result", "pairs"),
    [
        (
            EXAMPLES[0],
            "pass",
            {
                "receiver": "mybox.example.org",
                "client-ip": "192.0.2.1",
                "envelope-from": "myname@example.com",
                "helo": "foo.example.com",
            },
        ),
        (
            EXAMPLES[1],
            "fail",
            {"identity": "mailfrom", "client-ip": "192.0.2.1", "envelope-from": "myname@example.com"},
        ),
        (EXAMPLES[2], None, {}),
        (b"received-spf:(a)NeutraL helo (x) = (y) h.test (z) ; (w) identity=helo", "neutral", {"helo": "h.test"}),
        (b"Received-SPF: none", "none", {}),
        (b"Received-SPF: pass \r\n", "pass", {}),
    ],
    ids=["example 1", "example 2", "example 3", "comments everywhere", "bare", "line end"],
)
def test_received_spf_is_read_by_its_grammar(field: bytes, result: str | None, pairs: dict[str, str]) -> None:
    """RFC 7208 §9.1; the third example breaks it (a colon in an atom) and is read leniently only."""
    if result is None:
        with pytest.raises(RemoteProtocolError, match="';' wanted"):
            parse_received_spf(field)
        assert "ip4:192.0.2.1" == parse_received_spf(field, lenient=True).get("MECHANISM")
        return
    found = parse_received_spf(field)
    assert (result, pairs) == (found.result, {key: found.get(key) for key in pairs})
    assert found == parse_received_spf(field, lenient=True)


@pytest.mark.parametrize(
    "field",
    [
        b"Received: pass",
        b"Received-SPF pass",
        b"Received-SPF: good",
        b"Received-SPF: pass(x) helo=h",
        b"Received-SPF: pass (x)helo=h",
        b"Received-SPF: pass (x helo=h",
        b"Received-SPF: pass helo",
        b"Received-SPF: pass helo=h helo=i",
        b'Received-SPF: pass helo="h',
        b"Received-SPF: pass helo=",
        b"Received-SPF: pass envelope-from=a@b.test",
        b"Received-SPF: pass ;",
        b"Received-SPF: pass helo=h\r\nX: y",
        b"Received-SPF: pass (\x07)",
    ],
)
def test_received_spf_that_breaks_the_grammar_is_refused(field: bytes) -> None:
    """What one program reads as two keys another must not read as one."""
    with pytest.raises(RemoteProtocolError):
        parse_received_spf(field)


@pytest.mark.parametrize(
    ("field", "key", "value"),
    [
        # as Google, policyd-spf and Exim write it
        (b"Received-SPF: pass (google.com: domain of a@b.test) client-ip=192.0.2.1;", "client-ip", "192.0.2.1"),
        (b"Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=2001:db8::1;", "client-ip", "2001:db8::1"),
        (b"Received-SPF: pass (x) client-ip=192.0.2.1 envelope-from=<a@b.test> helo=h", "envelope-from", "<a@b.test>"),
        (b"Received-SPF: pass envelope-from=; helo=h", "helo", "h"),
    ],
)
def test_received_spf_of_others_is_read_leniently(field: bytes, key: str, value: str) -> None:
    """Lenient: addresses without quotes, pairs that only a space parts."""
    assert value == parse_received_spf(field, lenient=True).get(key)


def test_received_spf_tells_what_was_found() -> None:
    """RFC 7208 §9.1: result, comment, and each key that is known; what was found can be read again."""
    names = StaticNames.from_openspf({"example.com": [{"TXT": "v=spf1 ip4:192.0.2.1 -all"}]})
    found = run(check_mail_from(CLIENT.ip, CLIENT.mail_from, CLIENT.helo), names)
    field = received_spf(found, CLIENT, SpfIdentity.MAIL_FROM)
    assert (
        "Received-SPF: pass (mybox.example.org: ip4:192.0.2.1 of example.com matches)\r\n"
        " receiver=mybox.example.org; client-ip=192.0.2.1; identity=mailfrom;\r\n"
        ' envelope-from="myname@example.com"; helo=foo.example.com;\r\n'
        ' mechanism="ip4:192.0.2.1";\r\n'
    ) == field.to_field()
    assert field == parse_received_spf(field.to_field().encode())


def test_received_spf_tells_the_problem_of_an_error() -> None:
    """RFC 7208 §9.1: `problem` says why there is no result; no mechanism matched."""
    found = SpfResult(SpfWord.PERMERROR, "a.test", reason="policy of a.test: unknown mechanism in 'x'")
    field = received_spf(found, CLIENT, SpfIdentity.HELO)
    assert ("helo", "default", found.reason) == tuple(map(field.get, ("identity", "mechanism", "problem")))


def test_received_spf_says_nothing_of_what_there_was_not() -> None:
    """A notice has no sender: the key is left out."""
    field = received_spf(SpfResult(SpfWord.NONE), SpfClient("192.0.2.1", "h.test", "", "mx.test"), SpfIdentity.HELO)
    assert ["receiver", "client-ip", "identity", "helo", "mechanism"] == [key for key, _ in field.pairs]


def test_received_spf_lets_nobody_write_a_line() -> None:
    """What a client says of itself stays within its value."""
    client = SpfClient("192.0.2.1", 'h"; x=y\r\nSubject: z', "(a\\@b.test", "mx.test")
    text = received_spf(SpfResult(SpfWord.NONE), client, SpfIdentity.HELO).to_field()
    assert [] == [line for line in text.split("\r\n")[1:-1] if not line.startswith(" ")]
    assert "" == parse_received_spf(text.encode()).get("x")


@pytest.mark.parametrize("pairs", [(("1x", "y"),), (("a b", "y"),), (("a", "y\n"),)])
def test_received_spf_that_cannot_be_written_cannot_be_made(pairs: tuple[tuple[str, str], ...]) -> None:
    """A key is a name, a value is one line."""
    with pytest.raises(ValueError, match="no key with a value"):
        ReceivedSpf(SpfWord.PASS, pairs=pairs)
    with pytest.raises(ValueError, match="no comment"):
        ReceivedSpf(SpfWord.PASS, "two\nlines")


def test_received_spf_is_bounded() -> None:
    """Octets, keys and depth of comments hold at their limit and not beyond."""
    deep = "(" * MAX_COMMENT_DEPTH + ")" * MAX_COMMENT_DEPTH
    parse_received_spf(b"Received-SPF: pass " + deep.encode())
    parse_received_spf(b"Received-SPF: pass " + b"a=b;" * MAX_PAIRS)
    parse_received_spf(b"Received-SPF: pass".ljust(MAX_FIELD_OCTETS))
    for body in (f"({deep})".encode(), b"a=b;" * (MAX_PAIRS + 1), b" ".ljust(MAX_FIELD_OCTETS)):
        with pytest.raises(LimitExceeded):
            parse_received_spf(b"Received-SPF: pass " + body)


@given(_VALUES)
def test_received_spf_is_read_as_it_was_written(field: ReceivedSpf) -> None:
    """To read what was written is the identity; no line begins with anything but the name or a space."""
    assert field == parse_received_spf(field.to_field().encode())


@given(st.binary(max_size=60).map(lambda body: b"Received-SPF: pass " + body), st.booleans())
def test_received_spf_faults_are_the_writers(field: bytes, lenient: bool) -> None:
    """Only a protocol error escapes."""
    try:
        parse_received_spf(field, lenient=lenient)
    except RemoteProtocolError:
        return
