"""Real and awkward mails with the values that others read in them, and the standard library as a second reader."""

from __future__ import annotations

import email
import email.header

import pytest

from fakes.corpus import corpus_sample
from fakes.mail_parser_vectors import facts, vectors
from fakes.shared import shared_path
from scop.mime import parse
from scop.mime.encode import encode

# Where we read another value than mail-parser's JSON, by name. The list is exact: one that agrees fails the test.
_STRAY_OCTETS = (
    "octets above 127 that are not UTF-8: theirs are lost as U+FFFD, ours stand as U+F700 + octet (undecoded)"
)
_UUENCODED = "an x-uuencode body: they show it as it stands, we undo it as we undo base64"
_GUESSED_TEXT = "prose that claims to be base64: they show it as text, we decode what of it is base64"
_BARE_WORD = "a word without an at sign: a name without an address to them, an address without a domain to us"
_PHRASE_ALONE = "words that are no address: they make a name of it, we keep the text and tell INVALID_ADDRESS"
_COMMENT = "a comment behind the name is no part of the name (RFC 5322 §3.2.2)"
_NOT_TYPED = "they keep the field as text, we read its mailboxes (RFC 8098 §2.1)"
_NO_DATE = "no date: they leave it empty, we keep the text"
_232_SECONDS = "14:23:232 is no time of day"
_NO_SEMICOLON = "no semicolon between two parameters (RFC 2045 §5.1 asks for one): they guess it"
_STRAY_CARRIAGE_RETURN = "the body ends with a bare CR: they take it for a line end and leave it out"

_DIFFERENCES = {
    "legacy/009: part 0: disposition-notification-to": _NOT_TYPED,
    "legacy/010: part 0: to": _STRAY_OCTETS,
    "legacy/010: part 0: subject": _STRAY_OCTETS,
    "legacy/016: part 3: content-type": _STRAY_OCTETS,
    "legacy/016: part 3: content-disposition": _STRAY_OCTETS,
    "legacy/017: part 0: to": _STRAY_OCTETS,
    "legacy/017: part 2: content": _UUENCODED,
    "legacy/017: part 3: content": _UUENCODED,
    "legacy/020: part 0: to": _STRAY_OCTETS,
    "legacy/020: part 0: subject": _STRAY_OCTETS,
    "legacy/022: part 0: to": _STRAY_OCTETS,
    "legacy/022: part 0: subject": _STRAY_OCTETS,
    "legacy/023: part 4: content-disposition": _STRAY_OCTETS,
    "legacy/026: part 2: content-type": _STRAY_OCTETS,
    "legacy/026: part 2: content-disposition": _STRAY_OCTETS,
    "legacy/026: part 2: text": _UUENCODED,
    "legacy/027: part 0: to": _STRAY_OCTETS,
    "legacy/027: part 0: subject": _STRAY_OCTETS,
    "legacy/048: part 2: content": _UUENCODED,
    "legacy/048: part 3: content": _UUENCODED,
    "legacy/048: part 4: content": _UUENCODED,
    "legacy/052: part 0: to": _STRAY_OCTETS,
    "legacy/052: part 0: subject": _STRAY_OCTETS,
    "legacy/052: part 0: text": _STRAY_OCTETS,
    "rfc/000: part 4: text": _GUESSED_TEXT,
    "rfc/000: part 5: text": _GUESSED_TEXT,
    "rfc/000: part 7.0: from": _PHRASE_ALONE,
    "rfc/000: part 7.0: to": _PHRASE_ALONE,
    "rfc/001: part 0: from": _BARE_WORD,
    "rfc/001: part 0: to": _BARE_WORD,
    "rfc/001: part 0: date": _NO_DATE,
    "rfc/001: part 3: content-type": _NO_SEMICOLON,
    "rfc/002: part 2.0: received": _232_SECONDS,
    "rfc/002: part 2.0: to": _COMMENT,
    "rfc/004: part 0: from": _BARE_WORD,
    "rfc/004: part 0: to": _BARE_WORD,
    "rfc/004: part 3.0: from": _BARE_WORD,
    "rfc/004: part 4.0: from": _BARE_WORD,
}
_DIFFERENCES_WITH_LF = {
    "legacy/049: part 0: end": _STRAY_CARRIAGE_RETURN,
    "legacy/049: part 0: text": _STRAY_CARRIAGE_RETURN,
}

_LINE_ENDS = pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])


@_LINE_ENDS
def test_structure_fields_texts_and_contents_are_those_of_the_vectors(line_end: bytes) -> None:
    """Offsets, parts, every field's value, texts and contents agree, but for what is listed."""
    differing = {fact.name for path in vectors() for fact in facts(path, line_end) if fact.expected != fact.found}
    listed = _DIFFERENCES | (_DIFFERENCES_WITH_LF if line_end == b"\n" else {})
    assert sorted(listed) == sorted(differing)


def test_the_vectors_state_thousands_of_facts() -> None:
    """No mail of the collection, and no kind of fact, is passed over."""
    found = [fact.name.rpartition(": ")[2] for path in vectors() for fact in facts(path, b"\n")]
    assert 64 == len(vectors())
    assert len(found) > 2_000
    stated = {"start", "body", "end", "parts", "text", "content", "fields", "from", "to", "subject", "date"}
    assert stated | {"message-id", "content-type", "content-disposition", "content-id", "received"} <= set(found)


@_LINE_ENDS
def test_every_vector_is_read_kept_and_written_again(line_end: bytes) -> None:
    """Any mail of any collection is kept octet for octet, and its values, written, are read as the same."""
    mails = [path for path in shared_path("vectors", "mime").rglob("*") if path.suffix in (".raw", ".eml", ".golden")]
    assert len(mails) > 150
    for path in mails:
        octets = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", line_end)
        message = parse(octets)
        assert octets == message.to_octets()
        for entity in message.walk():
            assert isinstance(entity.text, str)
            _ = entity.content, entity.defects, entity.ambiguities
        values = message.values()
        assert repr(values) == repr(parse(b"".join(encode(values))).values()), path.name


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("mail/mime-mixed.raw", ["multipart/mixed", "text/plain", "text/plain"]),
        ("mail/epilogue-sample.raw", None),
        ("parts/similar-boundary.raw", None),
        ("parts/multimixed-no-closing-boundary.raw", None),
    ],
)
def test_structure_of_awkward_multiparts(name: str, types: list[str] | None) -> None:
    """Parts are found where boundaries are similar, missing at the end, or followed by an epilogue."""
    octets = shared_path("vectors", "mime", "enmime", "testdata", name).read_bytes()
    found = [entity.content_type.media_type for entity in parse(octets).walk()]
    expected = types or [part.get_content_type() for part in email.message_from_bytes(octets).walk()]
    assert expected == found


def _decoded(subject: str) -> str:
    return str(email.header.make_header(email.header.decode_header(subject)))


def test_standard_library_reads_the_corpus_alike() -> None:
    """On real mail both see the same parts, and the same subject where it is clean ASCII."""
    compared = differing = 0
    for _, octets in corpus_sample(20):
        ours, theirs = parse(octets), email.message_from_bytes(octets)
        assert octets == ours.to_octets()
        types = [entity.content_type.media_type for entity in ours.walk()]
        differing += types != [part.get_content_type() for part in theirs.walk()]
        subject = theirs["subject"]
        if isinstance(subject, str) and subject.isascii() and "=?" not in subject:
            compared += 1
            assert (ours.header.get("subject") or "").split() == subject.split()
    assert compared > 200
    assert differing <= 3  # mails whose boundary or type is broken, where no reading is the right one
