"""Which mail is plain text and nothing else: every doubt has it examined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.filter.plain_text import MAX_OCTETS, is_plain_text

# In two pieces, so that no scanner takes this file for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
BODY = b"\r\n\r\nGood morning\r\nbegin the day\r\n"


@pytest.mark.parametrize(
    "header",
    [
        b"Subject: a",
        b"Content-Type: text/plain",
        b'content-type: TEXT/Plain;\r\n\tcharset="utf-8"; format=flowed; delsp=yes',
        b"Content-Type: text/plain; charset=us-ascii;\r\nContent-Transfer-Encoding: 8bit",
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: Quoted-Printable\r\nContent-Disposition: inline",
        b"X-Content-Type: text/html\r\nContent-Language: de",
        b'Content-Type: text/plain; charset="iso-8859-15"; reply-type=original',
        b"Content-Type: text/plain; charset=ISO-2022-JP\r\nSubject: a\r\n\tb",
    ],
)
def test_simple_text_is_plain(header: bytes) -> None:
    """As most people's programs write it."""
    assert is_plain_text(header.rstrip(b"\r\n") + BODY)


@pytest.mark.parametrize(
    "mail",
    [
        b"Content-Type: text/html" + BODY,
        b"Content-Type: multipart/mixed; boundary=x" + BODY,
        b"Content-Type: text/plain; name=a.exe" + BODY,
        b"Content-Type: text/plain; name*=utf-8''a.exe" + BODY,
        b"Content-Type: text/plain\r\nContent-Type: text/html" + BODY,
        b"Content-Type: text/plain\r\nContent-Disposition: attachment" + BODY,
        b"Content-Disposition: inline; filename=a.exe" + BODY,
        b"Content-Transfer-Encoding: base64" + BODY,
        b"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64" + BODY,
        b"Content-Transfer-Encoding: x-uuencode" + BODY,
        b"Content-Type : text/html" + BODY,
        b"Content-Type: text/plain (a comment)" + BODY,
        b"no field" + BODY,
        b"Subject: a\r\n\r\nbegin 644 a.exe\r\nM\r\n",
        b"Subject: a\r\n\r\nbegin  a.exe\r\nM\r\n",
        b"Subject: a\r\n\r\nbegin-base64 644 a.exe\r\nTVqQ\r\n",
        b"Subject: a\r\n\r\n=ybegin line=128 size=1 name=a.exe\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=62egin=20644 a.exe\r\nM\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nbeg=\r\nin 644 a.exe\r\nM\r\n",
        b"Subject: a\r\n\r\n--x\r\nContent-Type: application/zip\r\n",
        b'Content-Type: text/plain; charset="utf-8; name=a.exe"' + BODY,
        b"Content-Type: text/plain; charset=utf-7\r\n\r\n+AGIAZQBnAGkAbg- 644 a.exe\r\n",
        b"Content-Type: text/plain; charset=utf-16" + BODY,
        b"Content-Type: text/plain; charset=utf-8x" + BODY,
        b"Subject: a\r\n \r\nX-Other: b" + BODY,
        b"Subject: a" + BODY + b"\x0b",
        b"Subject: a\r\n\r\n(This file must be converted with BinHex 4.0)\r\n",
        b"Subject: a\r\n\r\n\r\n{\\rtf1 {\\object\\objdata 0105}}\r\n",
        b"Subject: a\r\n\r\n\xef\xbb\xbf<html>\r\n",
        b"Subject: a\r\n\r\nmore\r\n%PDF-1.4\r\n",
        b"Subject: a\r\n\r\n" + EICAR + b"\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=58" + EICAR[1:] + b"\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=4DZ=00\r\n",
        b"Subject: a\r\n\r\n" + b"TVqQ\r\n" * 10,
        b"Subject: a\nContent-Type: text/html" + BODY,
        b"Subject: a\rContent-Type: text/html" + BODY,
        b"Subject: a" + BODY + b"\0",
        b"Subject: a\r\n\r\n" + b"x" * MAX_OCTETS,
    ],
)
def test_everything_else_is_examined(mail: bytes) -> None:
    """Names, encodings, second fields, bare line ends, files in the text, and what is no mail."""
    assert not is_plain_text(mail)


@given(st.binary(max_size=200), st.sampled_from([b"", b"Content-Type: ", b"Content-Disposition: "]))
def test_any_octets_are_judged(octets: bytes, before: bytes) -> None:
    """Nothing that a mail holds stops its delivery; a NUL is never plain."""
    assert not (is_plain_text(before + octets) and b"\0" in octets)
