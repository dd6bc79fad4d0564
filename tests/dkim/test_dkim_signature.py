"""DKIM-Signature fields as values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.dkim import Algorithm, Canonicalization, Signature, parse_signature
from scop.dkim.signature import without_signature_octets
from scop.dkim.tags import parse_tags

# RFC 6376 §3.5, the example of the standard, with the values of bh= and b= made decodable
EXAMPLE = (
    b"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=brisbane;\r\n"
    b" c=simple; q=dns/txt; i=@eng.example.net;\r\n"
    b" t=1117574938; x=1118006938;\r\n"
    b" h=from:to:subject:date;\r\n"
    b" z=From:foo@eng.example.net|To:joe@example.com|\r\n"
    b"  Subject:demo=20run|Date:July=205,=202005=203:44:08=20PM=20-0700;\r\n"
    b" bh=MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=;\r\n"
    b" b=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZ\r\n"
    b"   VoG4ZHRNiYzR\r\n"
)


def with_tag(tag: str, value: str | None) -> bytes:
    """Return a good field with one tag replaced, or left out."""
    tags = {"v": "1", "a": "rsa-sha256", "d": "a.test", "s": "s", "h": "from", "bh": "AAAA", "b": "AAAA"}
    tags = {**tags, tag: value} if value is not None else {key: tags[key] for key in tags if key != tag}
    return ("DKIM-Signature: " + "; ".join(f"{key}={text}" for key, text in tags.items())).encode()


def test_signature_example_of_the_standard() -> None:
    """RFC 6376 §3.5: every tag in its place; c=simple means simple/simple."""
    signature = parse_signature(EXAMPLE)
    expected = Signature(
        algorithm=Algorithm.RSA_SHA256,
        header_canonicalization=Canonicalization.SIMPLE,
        body_canonicalization=Canonicalization.SIMPLE,
        domain="example.net",
        selector="brisbane",
        identity="@eng.example.net",
        signed_fields=(b"from", b"to", b"subject", b"date"),
        body_hash=b"12345678901234567890123456789012",
        octets=signature.octets,
        body_length=None,
        signed_unix=1117574938,
        expires_unix=1118006938,
    )
    assert (expected, 48) == (signature, len(signature.octets))
    assert "brisbane._domainkey.example.net" == signature.record_name


def test_signature_octets_are_left_out_where_they_are_hashed() -> None:
    """RFC 6376 §3.5: b= loses its value with the white space in it, bh= and everything else stay."""
    assert EXAMPLE[: EXAMPLE.index(b" b=") + 3] == without_signature_octets(EXAMPLE)
    assert b"D:b=; bh=BB=; a=1" == without_signature_octets(b"D:b= AA\r\n A=; bh=BB=; a=1")
    assert b"D: bh=B;\r\n\tb =; a=b=1" == without_signature_octets(b"D: bh=B;\r\n\tb = ; a=b=1")
    assert b"D: z=Subject: b=x|To:b; b=" == without_signature_octets(b"D: z=Subject: b=x|To:b; b=AA\r\n")


@pytest.mark.parametrize(
    ("tag", "value", "reason"),
    [
        ("v", "2", "version 2"),
        ("v", None, "lacks v="),
        ("a", "rsa-sha1", "rsa-sha1 not accepted"),
        ("a", "ed25519-sha512", "not accepted"),
        ("c", "nowsp", "canonicalization nowsp unknown"),
        ("c", "relaxed/nofws", "unknown"),
        ("d", "", "lacks d="),
        ("d", "a..test", "no name of a host"),
        ("d", "a." * 130 + "test", "no name of a host"),
        ("d", "test", "no name of a host"),
        ("d", "a.test.", "no name of a host"),
        ("d", "(a.test", "no name of a host"),
        ("d", "a.test(b.test", "no name of a host"),
        ("d", "a .test", "no name of a host"),
        ("d", '"a.test"', "no name of a host"),
        ("d", "a.test\0b.test", "control character"),
        ("d", "a\u00ad..test", "no name of a host"),
        ("s", "-@-", "no name of a host"),
        ("s", "a\x7fb", "control character"),
        ("h", "to:subject", "From is not signed"),
        ("h", "from::to", "no name of a field"),
        ("h", "from:to subject", "no name of a field"),
        ("h", "from:gr\u00f6\u00dfe", "no name of a field"),
        ("i", "ann", "not within d="),
        ("i", "ann@a..a.test", "no address"),
        ("i", "=0A@a.test", "no address"),
        ("t", "yesterday", "t= is no number"),
        ("x", "1" * 13, "x= is no number"),
        ("l", "1" * 77, "l= is no number"),
        ("q", "dns/http", "no way to the key"),
        ("b", "A", "b= is no base64"),
    ],
)
def test_signature_tags_are_checked(tag: str, value: str | None, reason: str) -> None:
    """RFC 6376 §6.1.1: each rule, by the reason that the log gets."""
    with pytest.raises(RemoteProtocolError, match=reason):
        parse_signature(with_tag(tag, value))


@pytest.mark.parametrize(
    ("value", "header", "body"),
    [
        ("relaxed", "relaxed", "simple"),
        ("relaxed/relaxed", "relaxed", "relaxed"),
        ("Simple/RELAXED", "simple", "relaxed"),
    ],
)
def test_signature_canonicalization_of_the_body_is_simple_by_default(value: str, header: str, body: str) -> None:
    """RFC 6376 §3.5, c=."""
    signature = parse_signature(with_tag("c", value))
    assert (header, body) == (signature.header_canonicalization, signature.body_canonicalization)


def test_signature_names_are_compared_in_lower_case() -> None:
    """Names of hosts know no case; a local part does."""
    signature = parse_signature(with_tag("d", "A.Test; i=Ann@Sub.A.TEST"))
    assert ("a.test", "Ann@sub.a.test") == (signature.domain, signature.identity)


def test_signature_identity_is_quoted_where_a_tag_cannot_hold_it() -> None:
    """RFC 6376 §2.11: dkim-quoted-printable, and white space in it counts for nothing."""
    assert "a;b=@a.test" == parse_signature(with_tag("i", "a=3B\r\n b=3D@a.test")).identity


def test_signature_lists_have_spaces_where_they_like() -> None:
    """RFC 6376 §3.5, h= and b=: folding white space around colons and within base64."""
    signature = parse_signature(
        with_tag("h", "\r\n from :\tX-Unheard-Of\r\n\t: from ").replace(b"b=AAAA", b"b = AA\r\n AA")
    )
    assert ((b"from", b"x-unheard-of", b"from"), b"\0\0\0") == (signature.signed_fields, signature.octets)


@pytest.mark.parametrize(("octets", "is_read"), [(65_536, True), (65_537, False)])
def test_signature_is_bounded(octets: int, is_read: bool) -> None:
    """Room for the h= and z= of a long header, and no more."""
    field = with_tag("z", "")
    field += b"x" * (octets - len(field))
    assert is_read is _is_read(field)


def _is_read(field: bytes) -> bool:
    try:
        parse_signature(field)
    except RemoteProtocolError:
        return False
    return True


def test_signature_names_may_be_international() -> None:
    """RFC 8616 §4: U-labels in d= and s= are asked for, and told, as A-labels."""
    assert (
        "xn--gre-6ka8i._domainkey.xn--hafen-sd-d6a.test"
        == parse_signature(with_tag("d", "hafen-süd.test").replace(b"s=s", "s=größe".encode())).record_name
    )


@pytest.mark.parametrize("octets", [b"a=1; a=2", b"a", b"=1", b"1a=2", b"a=1;;b=2", b"a=1; ; "])
def test_tags_that_are_no_list_are_refused(octets: bytes) -> None:
    """RFC 6376 §3.2: no tag twice, none without name or value sign, nothing between semicolons."""
    with pytest.raises(RemoteProtocolError):
        parse_tags(octets)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True),
        st.text(st.sampled_from("abcXYZ019+/=.:@"), max_size=10),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["; ", ";", " ;\r\n\t"]),
    st.sampled_from(["", ";", "; "]),
)
def test_tags_are_read_as_they_were_written(tags: dict[str, str], between: str, end: str) -> None:
    """Parse ∘ write is the identity, however the list is folded and ended."""
    text = between.join(f"{name} = {value}" for name, value in tags.items()) + end
    assert tags == parse_tags(text.encode())
