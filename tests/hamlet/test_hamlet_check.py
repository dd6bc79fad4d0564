"""The strict check sees every difference, however small, and the digest names a corpus."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import replace

import pytest

from scop.hamlet.check import (
    CHUNK_MAILS,
    Outcome,
    Stage,
    check,
    check_chunk,
    check_mail,
    chunks_of,
    corpus_digest,
    first_difference,
)
from scop.hamlet.mail import expected, generate
from scop.mime import ContentType, EntityValues, parse

WHEN = datetime.datetime(2026, 11, 25, 9, tzinfo=datetime.UTC)
MAIL = (
    b"Date: Wed, 25 Nov 2026 09:00:00 +0000\r\nSubject: tide\r\nContent-Type: multipart/mixed; a=1; boundary=b\r\n\r\n"
    b"before\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ntwo\r\n--b--\r\nbehind"
)
PARTS = (
    EntityValues((), b"one"),
    EntityValues((("Content-Type", ContentType("text", "plain", {"charset": "utf-8"})),), b"two"),
)
VALUES = EntityValues(
    (
        ("Date", WHEN),
        ("Subject", "tide"),
        ("Content-Type", ContentType("multipart", "mixed", {"a": "1", "boundary": "b"})),
    ),
    PARTS,
    b"before",
    b"behind",
)


def test_hamlet_check_agrees_with_what_a_mail_says() -> None:
    """Read, written from the values, and read again."""
    assert Outcome(7, Stage.AGREED) == check_mail(7, MAIL, VALUES)


def _with_field(number: int, name: str, value: object) -> EntityValues:
    fields = list(VALUES.fields)
    fields[number] = (name, value)  # type: ignore[assignment]  # any value, to be told apart
    return replace(VALUES, fields=tuple(fields))


@pytest.mark.parametrize(
    ("values", "expected_path"),
    [
        (_with_field(1, "Subject", "tides"), "fields[1] Subject: expected 'tides', got 'tide'"),
        (_with_field(1, "subject", "tide"), "fields: expected"),
        (
            _with_field(0, "Date", WHEN.astimezone(datetime.timezone(datetime.timedelta(hours=1)))),  # the same moment
            "fields[0] Date: expected",
        ),
        (
            _with_field(2, "Content-Type", ContentType("multipart", "mixed", {"boundary": "b", "a": "1"})),
            "fields[2] Content-Type: expected",
        ),
        (replace(VALUES, fields=VALUES.fields[:2]), "fields: expected"),
        (
            replace(VALUES, preamble=b"Before"),
            "preamble at octet 0 (6 and 6 octets): expected b'Before', got b'before'",
        ),
        (replace(VALUES, epilogue=b""), "epilogue at octet 0 (0 and 6 octets): expected b'', got b'behind'"),
        (replace(VALUES, content=b""), "content: expected 0 octets, got 2 parts"),
        (replace(VALUES, content=PARTS[:1]), "content: expected 1 parts, got 2 parts"),
        (
            replace(VALUES, content=(PARTS[0], replace(PARTS[1], content=b"twp"))),
            "parts[1].content at octet 2 (3 and 3 octets): expected b'twp', got b'two'",
        ),
        (
            replace(VALUES, content=(PARTS[0], replace(PARTS[1], fields=(("Content-Type", ContentType()),)))),
            "parts[1].fields[0] Content-Type: expected",
        ),
    ],
)
def test_hamlet_check_names_the_first_difference_by_its_path(values: EntityValues, expected_path: str) -> None:
    """Zones, the order of parameters and the case of names count."""
    outcome = check_mail(7, MAIL, values)
    assert Stage.VALUES is outcome.stage
    assert outcome.difference.startswith(expected_path)


def test_hamlet_check_shows_where_long_values_differ() -> None:
    """Not only that they do."""
    long = EntityValues((("Subject", "x" * 1_000 + "a"),))
    difference = first_difference(long, EntityValues((("Subject", "x" * 1_000 + "b"),)))
    assert difference.endswith(f"…{'x' * 40}a', got …{'x' * 40}b'")


def test_hamlet_check_reports_what_the_library_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception is a failure of the mail, not of the run."""

    def broken(octets: bytes) -> None:
        raise RuntimeError(f"{len(octets)} octets")

    monkeypatch.setattr("scop.hamlet.check.parse", broken)
    assert Outcome(7, Stage.RAISED, f"RuntimeError: {len(MAIL)} octets") == check_mail(7, MAIL, VALUES)


def test_hamlet_check_reports_what_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail that is read and cannot be written from what was read has failed, and so has one that is written wrong."""

    def refuse(values: EntityValues) -> list[bytes]:
        raise ValueError("no")

    monkeypatch.setattr("scop.hamlet.check.encode", refuse)
    assert Outcome(7, Stage.WRITING, "no") == check_mail(7, MAIL, VALUES)
    monkeypatch.setattr("scop.hamlet.check.encode", lambda _: [MAIL.replace(b"two", b"too")])
    assert Stage.READ_AGAIN is check_mail(7, MAIL, VALUES).stage


def test_hamlet_check_keeps_the_octets_out_of_reach_of_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written anew comes from a tree of values and from nothing else."""
    given: list[object] = []

    def note(values: EntityValues) -> list[bytes]:
        given.append(values)
        return [MAIL]

    monkeypatch.setattr("scop.hamlet.check.encode", note)
    check_mail(7, MAIL, VALUES)
    assert [VALUES] == given
    assert type(given[0]) is EntityValues


def test_hamlet_check_a_chunk_is_checked_shown_and_digested() -> None:
    """Its digest is BLAKE2b-256 over those of its mails."""
    seen: list[int] = []
    outcome = check_chunk(3, 10, 5, lambda index, octets, values: seen.append(index))
    mails = [generate(3, index) for index in range(10, 15)]
    digests = b"".join(hashlib.blake2b(mail, digest_size=32).digest() for mail in mails)
    assert [10, 11, 12, 13, 14] == seen
    assert (10, 5, sum(map(len, mails))) == (outcome.first, outcome.mails, outcome.octets)
    assert hashlib.blake2b(digests, digest_size=32).digest() == outcome.digest
    assert () == outcome.failures
    assert Outcome(10, Stage.AGREED) == check(3, 10)


def test_hamlet_check_chunks_cover_a_corpus() -> None:
    """Each mail once, in order; the digest depends on nothing else."""
    assert [(3, CHUNK_MAILS), (3 + CHUNK_MAILS, 7)] == list(chunks_of(3, CHUNK_MAILS + 7))
    assert [] == list(chunks_of(3, 0))
    assert hashlib.blake2b(b"ab", digest_size=32).hexdigest() == corpus_digest([b"a", b"b"])


def test_hamlet_check_expects_what_is_read() -> None:
    """The tree of a mail is what its octets say, by the reader that everybody has."""
    assert "" == first_difference(expected(3, 0), parse(generate(3, 0)).values())
