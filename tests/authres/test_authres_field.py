"""Reading and writing Authentication-Results fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.authres import AuthenticationResults, MethodResult, parse
from scop.authres.field import MAX_VALUE_OCTETS
from scop.authres.parser import MAX_FIELD_OCTETS, MAX_RESULTS
from scop.authres.scanner import MAX_COMMENT_DEPTH
from scop.base import LimitExceeded, RemoteProtocolError

_keywords = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?", fullmatch=True)
_values = st.text(st.characters(min_codepoint=0x20, exclude_categories=("Cs", "Cc")), max_size=60)
_properties = st.dictionaries(st.tuples(_keywords, _keywords).map(".".join), _values, max_size=4)
_results = st.builds(
    MethodResult, _keywords, _keywords, reason=_values, properties=_properties, method_version=st.integers(1, 99)
)
_fields = st.builds(
    AuthenticationResults,
    _values.filter(bool),
    st.integers(1, 99),
    st.lists(_results, max_size=4).map(tuple),
)


@given(_fields)
def test_a_written_field_reads_back_as_the_same_value(field: AuthenticationResults) -> None:
    """Parse ∘ to_field is the identity on values (RFC 8601 §2.2)."""
    assert field == parse(field.to_field())


@given(st.text() | st.binary())
def test_only_a_remote_protocol_error_escapes_the_parser(field: str | bytes) -> None:
    """Whatever the field is, strict or lenient, it is read or refused."""
    for lenient in (False, True):
        try:
            parse(field, lenient=lenient)
        except RemoteProtocolError:
            continue


@given(st.text('mx.; =spf/1"\\()@\r\n\tn-é', max_size=40))
def test_what_is_read_strictly_is_read_alike_leniently_and_can_be_written(text: str) -> None:
    """Leniency changes no field that the grammar knows, and what was read is written as a field that says the same."""
    try:
        found = parse(text)
    except RemoteProtocolError:
        return
    assert found == parse(text, lenient=True)
    assert found == parse(found.to_field())


@given(st.sampled_from('"\\xé'), st.sampled_from(["reason", "property", "authserv-id"]))
def test_no_line_is_longer_than_a_line_may_be(character: str, place: str) -> None:
    """The longest value that is taken still fits into 998 octets, escapes included (RFC 5322 §2.1.1)."""
    octets = len(character.encode()) + (character in '"\\')
    value = character * (MAX_VALUE_OCTETS // octets)
    result = MethodResult(
        "spf", "pass", value if place == "reason" else "", {"smtp.mailfrom": value} if place == "property" else {}
    )
    field = AuthenticationResults(value if place == "authserv-id" else "mx", results=(result,))
    assert max(map(len, field.to_field().split(b"\r\n"))) <= 998
    assert field == parse(field.to_field())
    with pytest.raises(LimitExceeded):
        MethodResult("spf", "pass", value + character)


@pytest.mark.parametrize("name", ["-.x", "smtp.", "smtp.-x", "smtp", "smtp.a.b", ".a"])
def test_a_property_is_two_keywords(name: str) -> None:
    """What a reader would refuse is not written (RFC 8601 §2.2)."""
    with pytest.raises(RemoteProtocolError):
        MethodResult("spf", "pass", properties={name: "x"})


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        # RFC 8601 appendix B.2 to B.7, in the form the RFC prints them
        ("example.org 1; none", AuthenticationResults("example.org")),
        (
            "Authentication-Results: example.com;\r\n          spf=pass smtp.mailfrom=example.net\r\n",
            AuthenticationResults(
                "example.com", 1, (MethodResult("spf", "pass", "", {"smtp.mailfrom": "example.net"}),)
            ),
        ),
        (
            (
                "example.com; auth=pass (cram-md5) smtp.auth=sender@example.net;"
                ' spf=fail reason="not ours"\r\n smtp.mailfrom=example.net'
            ),
            AuthenticationResults(
                "example.com",
                1,
                (
                    MethodResult("auth", "pass", "", {"smtp.auth": "sender@example.net"}),
                    MethodResult("spf", "fail", "not ours", {"smtp.mailfrom": "example.net"}),
                ),
            ),
        ),
        (
            (
                "foo.example.net (foobar) 1 (baz);\r\n"
                "    dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
                "      policy (A dot can go here) . (like that) expired\r\n"
                "      (this surprised me) = (as I wasn't expecting it) 1362471462"
            ),
            AuthenticationResults(
                "foo.example.net", 1, (MethodResult("dkim", "fail", "", {"policy.expired": "1362471462"}),)
            ),
        ),
        (
            (
                'example.com; dkim=pass header.i=@mail-router.example.net header.b="oINEO8hg";'
                " dkim=fail header.i=@newyork.example.com"
            ),
            AuthenticationResults(
                "example.com",
                1,
                (
                    MethodResult("dkim", "pass", "", {"header.i": "@mail-router.example.net", "header.b": "oINEO8hg"}),
                    MethodResult("dkim", "fail", "", {"header.i": "@newyork.example.com"}),
                ),
            ),
        ),
        ('"mx 1"; none', AuthenticationResults("mx 1")),
        (
            'mx; auth=pass smtp.auth="a b"@x.test',
            AuthenticationResults("mx", 1, (MethodResult("auth", "pass", "", {"smtp.auth": '"a b"@x.test'}),)),
        ),
    ],
)
def test_fields_of_the_standard_are_read(field: str, expected: AuthenticationResults) -> None:
    """Comments, folding, versions, reasons and properties have their place (RFC 8601 §2.2, appendix B)."""
    assert expected == parse(field)


_BESIDE_THE_STANDARD = {
    "mx": (),
    "mx; spf=pass;": (("spf", "pass", {}),),
    "mx; dkim=pass header.b=a/b+c=": (("dkim", "pass", {"header.b": "a/b+c="}),),
    "mx; dkim=pass header.d=a header.d=b": (("dkim", "pass", {"header.d": "a"}),),
    "mx; dmarc=pass action=none header.from=a": (("dmarc", "pass", {"header.from": "a"}),),
    "mx; spf=pass smtp.mailfrom=": (("spf", "pass", {"smtp.mailfrom": ""}),),
    "mx; x.test; spf=pass": (("spf", "pass", {}),),
    'mx; a (;) ";" b; spf=pass': (("spf", "pass", {}),),
    "mx; spf=pass; envelope-from=a@b.test": (("spf", "pass", {}),),
    "spf=pass smtp.helo=a; dkim=none": (("spf", "pass", {"smtp.helo": "a"}), ("dkim", "none", {})),
}


@pytest.mark.parametrize("field", _BESIDE_THE_STANDARD)
def test_leniency_is_asked_for(field: str) -> None:
    """What real servers write beside the grammar is refused unless `lenient` is set."""
    with pytest.raises(ValueError, match=r"."):
        parse(field)
    results = parse(field, lenient=True).results
    assert _BESIDE_THE_STANDARD[field] == tuple((one.method, one.result, dict(one.properties)) for one in results)


@pytest.mark.parametrize(
    "field",
    [
        "",
        ";",
        "; none",
        "mx spf=pass",
        "mx; spf",
        "mx; spf=",
        "mx spf=pass; none",
        "mx; spf=pass smtp",
        "mx; spf=pass smtp.mailfrom",
        "mx; spf=pass reason=",
        "mx; spf=pass (open",
        'mx; spf=pass reason="open',
        "mx; spf=pass\r\nX: y",
        "mx; spf=pass\nsmtp.mailfrom=x",
        b"mx; spf=pass smtp.mailfrom=\xff",
    ],
)
@pytest.mark.parametrize("lenient", [False, True])
def test_malformed_fields_are_refused(field: str | bytes, *, lenient: bool) -> None:
    """A field that the grammar does not know raises a ValueError (RFC 8601 §2.2)."""
    with pytest.raises(ValueError, match=r"."):
        parse(field, lenient=lenient)


@pytest.mark.parametrize("field", ["mx; =pass", "mx; none; spf=pass", "mx; spf=pass; none", "mx; spf=pass smtp.helo="])
def test_a_strict_reading_passes_over_nothing(field: str) -> None:
    """What is no result, or has no value, is an error unless leniency is asked for (RFC 8601 §2.2)."""
    with pytest.raises(RemoteProtocolError):
        parse(field)
    parse(field, lenient=True)


@pytest.mark.parametrize("value", ["a\r\nb", "a\nBcc: x", "a\0b", "\x7f"])
def test_no_value_can_break_its_line(value: str) -> None:
    """A control character in a value is refused where the value is made, so no field can be smuggled in."""
    with pytest.raises(RemoteProtocolError):
        MethodResult("spf", "pass", value)
    with pytest.raises(RemoteProtocolError):
        MethodResult("spf", "pass", "", {"smtp.mailfrom": value})
    with pytest.raises(RemoteProtocolError):
        AuthenticationResults(value)


def test_limits_hold_at_n_and_are_passed_at_n_plus_one() -> None:
    """Results, comment depth and value length are bounded."""
    assert MAX_RESULTS == len(parse("mx" + "; spf=pass" * MAX_RESULTS).results)
    with pytest.raises(LimitExceeded):
        parse("mx" + "; spf=pass" * (MAX_RESULTS + 1))
    assert AuthenticationResults("mx") == parse("(" * MAX_COMMENT_DEPTH + ")" * MAX_COMMENT_DEPTH + "mx; none")
    with pytest.raises(LimitExceeded):
        parse("(" * (MAX_COMMENT_DEPTH + 1) + ")" * (MAX_COMMENT_DEPTH + 1) + "mx; none")
    assert AuthenticationResults("mx") == parse("mx; none".rjust(MAX_FIELD_OCTETS))
    with pytest.raises(LimitExceeded):
        parse("mx; none".rjust(MAX_FIELD_OCTETS + 1))
    assert "x" * MAX_VALUE_OCTETS == MethodResult("spf", "pass", "x" * MAX_VALUE_OCTETS).reason
    with pytest.raises(LimitExceeded):
        MethodResult("spf", "pass", "x" * (MAX_VALUE_OCTETS + 1))


def test_each_result_begins_a_line() -> None:
    """A written field is folded before each result and where a line would grow long (RFC 5322 §2.1.1)."""
    field = AuthenticationResults(
        "mx.harbor.test",
        results=(
            MethodResult("spf", "pass", properties={"smtp.mailfrom": "lagoon.test"}),
            MethodResult("dkim", "pass", "good signature", {"header.d": "lagoon.test", "header.s": "x" * 40}),
        ),
    )
    expected = (
        b"Authentication-Results: mx.harbor.test;\r\n\tspf=pass smtp.mailfrom=lagoon.test;\r\n"
        b'\tdkim=pass reason="good signature" header.d=lagoon.test\r\n\t header.s=' + b"x" * 40 + b"\r\n"
    )
    assert expected == field.to_field()
