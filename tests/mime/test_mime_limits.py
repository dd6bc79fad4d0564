"""Each limit holds at n and n+1, says so, and bounds the work."""

from __future__ import annotations

import dataclasses

import pytest

from scop.mime import DefectKind, Entity, Limits, Parser, parse

_PART = b"--b\n\nx\n"
_CASES = {
    # limit: what it counts n of, what stands around them, and the word for one too many
    "depth": (b"Content-Type: message/rfc822\n\n", b"%s\nx", DefectKind.TOO_DEEP),
    "parts": (_PART, b"Content-Type: multipart/mixed; boundary=b\n\n%s--b--\n", DefectKind.TOO_MANY_PARTS),
    "header_octets": (b"x", b"%s\n\nbody", DefectKind.HEADER_TOO_LONG),
    "fields": (b"A: 1\n", b"%s\n", DefectKind.TOO_MANY_FIELDS),
    "field_octets": (b"x", b"%s\n\n", DefectKind.FIELD_TOO_LONG),
    "parameters": (b"; a%d=b", b"Content-Type: text/plain%s\n\n", DefectKind.TOO_MANY_PARAMETERS),
    "comment_depth": (b"(", b"To: a@b.test %s\n\n", DefectKind.COMMENT_TOO_DEEP),
    "encoded_words": (b" =?utf-8?q?a?=", b"Subject:%s\n\n", DefectKind.TOO_MANY_ENCODED_WORDS),
    "addresses": (b"a@b.test, ", b"To: %sz z\n\n", DefectKind.TOO_MANY_ADDRESSES),
}


def counted(limit: str, count: int) -> bytes:
    """Return a mail with `count` of what `limit` bounds."""
    one, around, _ = _CASES[limit]
    if limit == "header_octets":  # the line ends that end it count as well
        return around % (b"X: " + one * (count - 5))
    if limit == "field_octets":
        return around % (b"X: " + one * (count - 3))
    if limit == "comment_depth":
        return around % (one * count + b")" * count)
    if limit == "addresses":
        return b"To: " + b", ".join([b"a@b.test"] * count) + b"\n\n"
    if b"%d" in one:
        return around % b"".join([one % number for number in range(count)])
    return around % (one * count)


def kinds(entity: Entity) -> set[DefectKind]:
    """Return the kinds of all defects in a mail."""
    return {defect.kind for one in entity.walk() for defect in one.defects}


def test_every_limit_is_tested() -> None:
    """A limit that is added here needs its word and its test."""
    assert {field.name for field in dataclasses.fields(Limits)} == set(_CASES)


@pytest.mark.parametrize("limit", _CASES)
@pytest.mark.parametrize("bound", [7, 20])
def test_limit_holds_at_n_and_is_named_at_n_plus_1(limit: str, bound: int) -> None:
    """As many as the limit allows are read without a word; of one more the defect tells."""
    limits = dataclasses.replace(Limits(), **{limit: bound})
    word = _CASES[limit][2]
    assert word not in kinds(parse(counted(limit, bound), limits=limits))
    octets = counted(limit, bound + 1)
    message = parse(octets, limits=limits)
    assert word in kinds(message)
    assert octets == message.to_octets()
    parser = Parser(limits=limits)
    for index in range(len(octets)):
        parser.feed(octets[index : index + 1])
    assert kinds(message) == kinds(parser.close())


@pytest.mark.parametrize("limit", _CASES)
def test_limit_bounds_what_is_read(limit: str) -> None:
    """However much more there is, what is made of it is the same as for one too many."""
    limits = dataclasses.replace(Limits(), **{limit: 7})
    once, often = (parse(counted(limit, count), limits=limits) for count in (8, 2_000))
    assert len(list(once.walk())) == len(list(often.walk()))
    for entity, other in zip(once.walk(), often.walk(), strict=True):
        assert len(entity.header.fields) >= len(other.header.fields)
        assert entity.content_type == other.content_type
    assert len(once.addresses("to")) == len(often.addresses("to"))


@pytest.mark.parametrize("limit", _CASES)
def test_limits_can_be_nothing(limit: str) -> None:
    """A limit of 0 allows none at all, and is no fault; a negative one is."""
    message = parse(counted(limit, 7), limits=dataclasses.replace(Limits(), **{limit: 0}))
    assert all(entity.defects is not None for entity in message.walk())
    with pytest.raises(ValueError, match=limit):
        dataclasses.replace(Limits(), **{limit: -1})
