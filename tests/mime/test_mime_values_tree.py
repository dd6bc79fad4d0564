"""What a mail says, as one tree of values."""

from __future__ import annotations

from scop.mime import ContentType, EntityValues, Limits, parse

_NESTED = (
    b"Subject: =?utf-8?q?=C3=BC?=\n"
    b"Content-Type: multipart/mixed; boundary=b\n\n"
    b"before\n--b\nContent-Transfer-Encoding: base64\n\neHl6\n"
    b"--b\nContent-Type: message/rfc822\n\nSubject: inner\n\ntext\n--b--\nbehind\n"
)


def test_values_are_those_of_fields_and_contents() -> None:
    """RFC 2046 §5.1.1: fields in order, contents decoded, what stands around the parts kept."""
    inner = EntityValues((("Subject", "inner"),), b"text")
    assert (
        EntityValues(
            (("Subject", "ü"), ("Content-Type", ContentType("multipart", "mixed", {"boundary": "b"}))),
            (
                EntityValues((("Content-Transfer-Encoding", "base64"),), b"xyz"),
                EntityValues((("Content-Type", ContentType("message", "rfc822")),), (inner,)),
            ),
            b"before",
            b"behind\n",
        )
        == parse(_NESTED).values()
    )


def test_values_of_a_part_are_its_own() -> None:
    """Any entity has values, not only the whole mail."""
    assert EntityValues((("Subject", "inner"),), b"text") == parse(_NESTED).parts[1].parts[0].values()


def test_values_of_a_multipart_that_is_not_cut_are_its_octets() -> None:
    """Where no boundary is named or met, the body is the content."""
    message = parse(b"Content-Type: multipart/mixed\n\n--b\n\nx\n--b--\n")
    assert b"--b\n\nx\n--b--\n" == message.values().content


def test_values_of_a_deep_mail_need_no_recursion() -> None:
    """A mail of two hundred levels is read like any other."""
    depth = 200
    octets = b"Content-Type: message/rfc822\r\n\r\n" * depth + b"\r\nx"
    values = parse(octets, limits=Limits(depth=depth, parts=depth)).values()
    for _ in range(depth):
        assert isinstance(values.content, tuple)
        (values,) = values.content
    assert EntityValues((), b"x") == values
