"""Every reading of an ambiguous mail is examined, and what differs between them is told."""

from __future__ import annotations

import base64
import re

import pytest

from fakes.containers import EICAR, PROGRAM, mail_with, things_in_mail, zip_archive
from scop.attachments import Finding, Kind, Severity, examine

_ZIP = zip_archive("invoice.pdf.exe", PROGRAM)
_ENCODED = base64.encodebytes(_ZIP)
_TOP = b"From: a@lagoon.example\nDate: Tue, 1 Dec 2026 10:00:00 +0000\nMIME-Version: 1.0\n"
_PART = b'Content-Type: application/zip; name="a.zip"\nContent-Transfer-Encoding: base64\n\n' + _ENCODED


def _kinds(octets: bytes) -> set[tuple[str, str]]:
    return {(one.kind.value, one.severity.value) for one in examine(octets)}


def _multipart(content_type: bytes, body: bytes, more: bytes = b"") -> bytes:
    return _TOP + b"Content-Type: " + content_type + b"\n" + more + b"\n" + body


_HIDDEN = b"--in\n\nHello\n--in\n" + _PART + b"\n--in--\n"
_AMBIGUOUS: dict[str, bytes] = {
    "two boundaries in one field": _multipart(
        b'multipart/mixed; boundary="out"; boundary="in"', b"--out\n\nHello\n--out--\n" + _HIDDEN
    ),
    "the other boundary first": _multipart(
        b'multipart/mixed; boundary="in"; boundary="out"', b"--out\n" + _PART + b"\n--out--\n--in\n\nHello\n--in--\n"
    ),
    "a boundary in a comment": _multipart(
        b'multipart/mixed; (boundary="in") boundary="out"', b"--out\n\nHello\n--out--\n" + _HIDDEN
    ),
    "a boundary in sections": _multipart(
        b'multipart/mixed; boundary*0="in"; boundary="out"', b"--out\n\nHello\n--out--\n" + _HIDDEN
    ),
    "no boundary": _multipart(b"multipart/mixed", _HIDDEN),
    "a boundary that never stands": _multipart(b'multipart/mixed; boundary="other"', _HIDDEN),
    "two Content-Types": _multipart(b"text/plain", _HIDDEN, b'Content-Type: multipart/mixed; boundary="in"\n'),
    "two Content-Types, the other one first": _multipart(
        b'multipart/mixed; boundary="in"', _HIDDEN, b"Content-Type: text/plain\n"
    ),
    "a malformed Content-Type": _multipart(b'multipart; boundary="in"', _HIDDEN),
    "a blank before the colon": _TOP + b'Content-Type : multipart/mixed; boundary="in"\n\n' + _HIDDEN,
    "an encoded multipart": _multipart(
        b'multipart/mixed; boundary="in"', base64.encodebytes(_HIDDEN), b"Content-Transfer-Encoding: base64\n"
    ),
    "parts behind the end": _multipart(
        b'multipart/mixed; boundary="in"', b"--in\n\nHello\n--in--\n--in\n" + _PART + b"\n--in--\n"
    ),
    "a part that does not end": _multipart(b'multipart/mixed; boundary="in"', b"--in\n\nHello\n--in\n" + _PART),
    "a NUL in the header": _TOP + b'Content-\0Type: multipart/mixed; boundary="in"\n\n' + _HIDDEN,
    "bare carriage returns": (_TOP + b'Content-Type: multipart/mixed; boundary="in"\n\n' + _HIDDEN).replace(
        b"\n", b"\r"
    ),
    "no empty line": _TOP + b'this is no field\nContent-Type: multipart/mixed; boundary="in"\n\n' + _HIDDEN,
    "two transfer encodings": _multipart(
        b"application/zip", _ENCODED, b"Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n"
    ),
    "two transfer encodings, the other one first": _multipart(
        b"application/zip", _ENCODED, b"Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n"
    ),
    "base64 behind its end": _multipart(
        b"application/zip", b"eA==\n" + _ENCODED, b"Content-Transfer-Encoding: base64\n"
    ),
    "base64 cut by padding": _multipart(
        b"application/zip",
        b"".join(base64.b64encode(_ZIP[at : at + 4]) + b"\n" for at in range(0, len(_ZIP), 4)),
        b"Content-Transfer-Encoding: base64\n",
    ),
    "lines that are no base64": _multipart(
        b"application/zip", b"-- begin (1) --\n" + _ENCODED, b"Content-Transfer-Encoding: base64\n"
    ),
    "an unknown encoding": _multipart(b"application/zip", _ENCODED, b"Content-Transfer-Encoding: x-base64\n"),
    "base64 that does not say so": _multipart(b"application/zip", _ENCODED),
    "a line of blanks in the header": _TOP
    + b"X-A: 1\n \t\n"
    + b'Content-Type: multipart/mixed; boundary="in"\n\n'
    + _HIDDEN,
    "a comment in the type": _multipart(b'multi(x)part/mixed; boundary="in"', _HIDDEN),
    "two types in one field": _multipart(b'text/plain multipart/mixed; boundary="in"', _HIDDEN),
    "an empty boundary": _multipart(b'multipart/mixed; boundary=""', _HIDDEN.replace(b"--in", b"--")),
    "an empty line before a part's header": _multipart(
        b'multipart/mixed; boundary="in"', b"--in\n\nHello\n--in\n\n" + _PART + b"\n--in--\n"
    ),
    "base64 that says something else": _multipart(
        b"application/zip", _ENCODED, b"Content-Transfer-Encoding: quoted-printable\n"
    ),
    "base64 under an unknown name": _multipart(b"application/zip", _ENCODED, b"Content-Transfer-Encoding: mime64\n"),
    "an attachment in the preamble": _multipart(
        b'multipart/mixed; boundary="in"', b"begin-base64 644 a.zip\n" + _ENCODED + b"====\n\n--in\n\nHello\n--in--\n"
    ),
}


@pytest.mark.parametrize("how", _AMBIGUOUS)
def test_a_program_is_found_whichever_reading_counts(how: str) -> None:
    """A program in an archive that only some mail programs see is found."""
    assert ("executable", "dangerous") in _kinds(_AMBIGUOUS[how])


_PLAIN = {"a part that does not end", "an attachment in the preamble"}  # every reader sees it, or may


@pytest.mark.parametrize("how", [how for how in _AMBIGUOUS if how not in _PLAIN])
def test_an_ambiguity_is_a_finding(how: str) -> None:
    """That readers differ is told, and as suspicious where an attachment is hidden from some of them."""
    found = {severity for kind, severity in _kinds(_AMBIGUOUS[how]) if kind == "ambiguous"}

    assert found & {"suspicious", "note"}


@pytest.mark.parametrize(
    "how",
    [
        "two boundaries in one field",
        "two Content-Types",
        "two transfer encodings",
        "base64 behind its end",
        "parts behind the end",
    ],
)
def test_a_hidden_attachment_is_suspicious(how: str) -> None:
    """Where one reading shows an attachment that another does not, honest mail is not what this is."""
    assert ("ambiguous", "suspicious") in _kinds(_AMBIGUOUS[how])


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        (
            b'Content-Type: application/octet-stream; name="a.txt"\nContent-Disposition: attachment; filename="a.exe"',
            Severity.SUSPICIOUS,
        ),
        (
            b'Content-Type: application/octet-stream; name="a.exe"\nContent-Disposition: attachment; filename="a.txt"',
            Severity.SUSPICIOUS,
        ),
        (b"Content-Disposition: attachment; filename=\"a.txt\"; filename*=utf-8''a.scr", Severity.SUSPICIOUS),
        (b'Content-Disposition: attachment; filename="a.txt"; filename="b.vbs"', Severity.SUSPICIOUS),
        (
            b'Content-Disposition: attachment; filename="a.txt"\nContent-Disposition: attachment; filename="a.lnk"',
            Severity.SUSPICIOUS,
        ),
        (
            b'Content-Disposition: attachment; filename="=?utf-8?b?' + base64.b64encode(b"a.hta") + b'?="; name=a.txt',
            Severity.SUSPICIOUS,
        ),
        (b'Content-Type: text/plain; name="a.txt"\nContent-Disposition: attachment; filename="a.log"', Severity.NOTE),
    ],
)
def test_several_names_are_told_by_what_they_would_run(fields: bytes, severity: Severity) -> None:
    """Each name that a part has counts, and that they differ matters where one of them would run."""
    found = [one.severity for one in examine(_TOP + fields + b"\n\nHello there\n") if one.kind is Kind.AMBIGUOUS]

    assert [severity] == found


@pytest.mark.parametrize(
    "fields",
    [
        b'Content-Disposition: attachment; filename*0="=?utf-8?q?a=2E"; filename*1="exe?="',
        b"Content-Disposition: attachment; filename*0=a.txt; filename*2=.exe",
        b'Content-Disposition: attachment; filename="a.\n exe"',
        b'Content-Disposition: attachment; filename="a.exe/"',
        b'Content-Disposition: attachment; filename="a.exe::$DATA"',
        b"X-A: 1\n" * 70 + b'Content-Disposition: attachment; filename="a.exe"',
        b'Content-Type: message/external-body; access-type=URL; url="https://a.example/a.exe"',
    ],
)
def test_a_name_that_runs_is_found_however_it_is_written(fields: bytes) -> None:
    """An encoded word in sections, a gap between them, a fold, a slash or a stream at the end, a field behind many."""
    assert ("executable", "dangerous") in _kinds(_TOP + fields + b"\n\nHello there\n")


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Disposition: attachment" + b"".join(b'; filename="%d.txt"' % number for number in range(14)),
        b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 1_002,
        b'Content-Type: message/partial; id="a"; number=1; total=2',
        b"X-A: " + b"a" * (1 << 20) + b"\nContent-Disposition: attachment",
        b'Content-Disposition: attachment; filename="a.\texe"',
    ],
)
def test_what_is_not_read_whole_is_suspicious(fields: bytes) -> None:
    """More names, parts or header than are read, a piece of a mail, a name that some cut: each is told."""
    assert Severity.SUSPICIOUS in {one.severity for one in examine(_TOP + fields + b"\n\nHello there\n")}


def test_one_name_in_two_spellings_is_one() -> None:
    """That a name stands in two forms, as many programs write it, is nothing."""
    disposition = b"Content-Disposition: attachment; filename=\"b.txt\"; filename*=utf-8''b.txt"
    fields = b'Content-Type: text/plain; name="b.txt"\n' + disposition

    assert () == examine(_TOP + fields + b"\n\nHello there\n")


def test_what_is_read_is_bounded() -> None:
    """A mail with more readings than are looked into says so, and ends."""
    boundaries = b"".join(b'; boundary="b%d"' % number for number in range(40))
    nested = b"".join(b"--b%d\nContent-Type: multipart/mixed%s\n\n" % (number, boundaries) for number in range(40))
    found = examine(_TOP + b"Content-Type: multipart/mixed" + boundaries + b"\n\n" + nested)

    assert any(one.kind is Kind.AMBIGUOUS and "more ways" in one.reason for one in found)


def test_places_lead_from_the_part_to_the_thing() -> None:
    """A finding names its place as a person counts parts, then the names of the containers."""
    found = examine(mail_with(zip_archive("invoice.pdf.exe", PROGRAM), "invoice.zip"))

    assert {"part 2 › invoice.zip › invoice.pdf.exe"} == {one.place for one in found}
    assert any(
        one.reason == "invoice.pdf.exe in invoice.zip is a program for Windows, though its name looks like a document."
        for one in found
    )


def test_a_mail_in_a_mail_is_read() -> None:
    """What is forwarded as an attachment is examined, encoded or not."""
    inner = mail_with(EICAR, "eicar.com")
    whole = _multipart(
        b'multipart/mixed; boundary="o"', b"--o\nContent-Type: message/rfc822\n\n" + inner + b"\n--o--\n"
    )
    encoded = mail_with(inner, "fwd.eml", "message/rfc822")

    assert [True, True] == [any(one.kind is Kind.EICAR for one in examine(mail)) for mail in (whole, encoded)]


def test_a_plain_mail_has_nothing() -> None:
    """Mail that says what it means has no findings at all."""
    plain = _TOP + b"Content-Type: text/plain; charset=utf-8\n\nHello,\n\nsee you tomorrow.\n"
    html = _multipart(
        b"text/html", b"<html><body><p>Hello <a href='https://lagoon.example/'>there</a></p></body></html>\n"
    )
    both = _multipart(
        b'multipart/alternative; boundary="b"', b"--b\n\nHello\n--b\nContent-Type: text/html\n\n<p>Hello</p>\n--b--\n"
    )

    assert ((), (), ()) == (examine(plain), examine(html), examine(both))


def test_each_leaf_is_seen_once_where_nothing_is_ambiguous() -> None:
    """A sound mail is read in one way."""
    mail = mail_with(zip_archive("a.txt", b"hello"), "a.zip")

    assert ["", "a.zip", "a.txt"] == [thing.name for thing in things_in_mail(mail)]


def test_a_finding_is_printable_whatever_the_names_are() -> None:
    """Names of strangers stand in sentences without controls, without reordering, bounded."""
    name = "".join(chr(number) for number in range(1, 0x250)) + "\u202e" * 900 + ".exe"
    written = base64.b64encode(name.encode()).decode()
    fields = f'Content-Disposition: attachment; filename="=?utf-8?b?{written}?="\n\n'.encode()
    found: tuple[Finding, ...] = examine(_TOP + fields + PROGRAM)

    assert found
    assert [] == [one for one in found if not re.fullmatch(r"[^\x00-\x1f\u202e]{1,500}", one.reason + one.place)]
