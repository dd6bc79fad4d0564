"""What submission mends (docs/submission-fixups.md)."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.submission.fixups import FIXUPS, Facts, Fixup, fix_up
from scop.mime import parse, raw_fields, split_header

FACTS = Facts("alice@harbor.test", 1_700_000_000.0, "trace", "mx.harbor.test")
WHOLE = (
    b"From: alice@harbor.test\r\nTo: x@y\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\nMessage-ID: <a@b>\r\n\r\nbody\r\n"
)
ADDED = (
    b"From: alice@harbor.test\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <trace@mx.harbor.test>\r\n"
    b"To: undisclosed-recipients:;\r\n"
)
EMPTY = b"From: \r\nDate:\r\nmessage-id : \r\n\r\n"
ADD_ALL = (Fixup.TO, Fixup.MESSAGE_ID, Fixup.DATE, Fixup.FROM)
_LINES = st.lists(
    st.sampled_from(
        [b"From: a@b", b"BCC: x@y", b" folded", b"", b"no field", b"Date: x", b"message-id: y", b"Bcc : z"]
    ),
    max_size=8,
)


def test_whole_message_is_left_alone() -> None:
    """Nothing is mended that needs no mending, and the octets are the very same."""
    assert (WHOLE, ()) == fix_up(WHOLE, FACTS)


@pytest.mark.parametrize(
    ("octets", "expected", "done"),
    [
        (b"Subject: a\r\n\r\nb\r\n", ADDED + b"Subject: a\r\n\r\nb\r\n", ADD_ALL),
        (b"Subject: a\r\n", ADDED + b"Subject: a\r\n", ADD_ALL),
        (b"", ADDED + b"\r\n", (Fixup.EMPTY_HEADER, *ADD_ALL)),
        (b"\r\nb\r\n", ADDED + b"\r\nb\r\n", ADD_ALL),
        (b"hello\r\nb: c\r\n", ADDED + b"\r\nhello\r\nb: c\r\n", (Fixup.EMPTY_HEADER, *ADD_ALL)),
        (b" folded\r\n\r\nb", ADDED + b"\r\n folded\r\n\r\nb", (Fixup.EMPTY_HEADER, *ADD_ALL)),
        (b"Subject: a\r\nhello\r\n", ADDED + b"Subject: a\r\n\r\nhello\r\n", (Fixup.HEADER_END, *ADD_ALL)),
        (b"Resent-Bcc: x\r\n" + WHOLE, WHOLE, (Fixup.BCC,)),
        (b"bcc: x\r\n\ty\r\n" + WHOLE.replace(b"Date", b"BCC: z\r\nDate"), WHOLE, (Fixup.BCC,)),
        (b"To:\r\nFrom: \r\nDate:\r\nmessage-id : \r\n\r\n", b"To:\r\nFrom: \r\nDate:\r\nmessage-id : \r\n\r\n", ()),
    ],
)
def test_fix_up_mends_what_is_missing(octets: bytes, expected: bytes, done: tuple[Fixup, ...]) -> None:
    """Fields are put above, Bcc is taken out, the header gets its end."""
    assert (expected, done) == fix_up(octets, FACTS)


@given(_LINES)
def test_fix_up_gives_a_whole_message_and_mends_it_once(lines: list[bytes]) -> None:
    """Afterwards there is From, To, Date and Message-ID, no Bcc, nothing more to mend; the rest stands unchanged."""
    octets = b"".join(line + b"\r\n" for line in lines)
    mended, _ = fix_up(octets, FACTS)
    assert (mended, ()) == fix_up(mended, FACTS)
    header = parse(mended).header
    assert "Bcc" not in header
    assert all(name in header for name in ("From", "To", "Date", "Message-ID"))
    _, body = split_header(octets)
    assert mended.endswith(body)


@pytest.mark.parametrize(
    ("fields", "facts", "expected"),
    [
        (b"", replace(FACTS, needs_sender=True), b"Sender: alice@harbor.test\r\n"),
        (b"Sender: x@y\r\n", replace(FACTS, needs_sender=True), b"Sender: x@y\r\n"),
        (b"Sender: x@y\r\n", replace(FACTS, foreign_sender=True), b""),
        (
            b"SENDER : x\r\n\ty\r\n",
            replace(FACTS, foreign_sender=True, needs_sender=True),
            b"Sender: alice@harbor.test\r\n",
        ),
    ],
)
def test_sender_is_added_and_removed(fields: bytes, facts: Facts, expected: bytes) -> None:
    """RFC 5322 §3.6.2: one stands there where it is needed; a foreign one does not."""
    assert expected + WHOLE == fix_up(fields + WHOLE, facts)[0]


@pytest.mark.parametrize("field", [b"To: x@y\r\n", b"CC: x@y\r\n", b"to:\r\n"])
def test_a_destination_is_enough(field: bytes) -> None:
    """To is added only where no field says where the mail goes."""
    assert (Fixup.MESSAGE_ID, Fixup.DATE, Fixup.FROM) == fix_up(field + b"\r\n", FACTS)[1]


def test_added_fields_stand_above_the_submitted_octets() -> None:
    """RFC 6409 §8: what the client wrote is found below, octet for octet."""
    octets = b"Subject: a\r\nX: folded\r\n here\r\n\r\n\r\nbody"
    mended, _ = fix_up(octets, FACTS)
    assert mended.endswith(octets)
    assert [b"From", b"Date", b"Message-ID", b"To"] == [field.name for field in raw_fields(mended[: -len(octets)])]


def test_documented_fixups_are_those_of_the_code() -> None:
    """docs/submission-fixups.md lists each, in the same order."""
    text = (Path(__file__).parents[2] / "docs" / "submission-fixups.md").read_text()
    assert [str(name) for name in FIXUPS] == re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)
