"""Mails that somebody grew to make a reader slow: each family is a head, a piece that repeats, and a tail."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from typing import TypeAlias

__all__ = ["ATTACKS", "Attack"]

Attack: TypeAlias = Callable[[int], bytes]  # gives a mail of about so many octets


def _repeat(head: bytes, piece: bytes, tail: bytes = b"") -> Attack:
    return lambda octets: head + piece * max(1, (octets - len(head) - len(tail)) // len(piece)) + tail


def _field(name: str, piece: bytes, tail: bytes = b"") -> Attack:
    """Let one field go on and on."""
    return _repeat(name.encode() + b": ", piece, tail + b"\r\n\r\nbody\r\n")


def _fields(head: str, piece: bytes) -> Attack:
    """Fill the whole header with one field of 900 octets, again and again."""
    one = head.encode() + b": " + piece * max(1, 900 // len(piece)) + b"\r\n"
    return _repeat(b"", one, b"\r\nbody\r\n")


def _counted(head: bytes, piece: str, tail: bytes = b"") -> Attack:
    """Count the pieces up, so that no two are alike."""

    def grow(octets: int) -> bytes:
        pieces, size, number = [head], len(head), 0
        while size < octets:
            one = piece.replace("#", str(number)).encode()
            pieces.append(one)
            size += len(one)
            number += 1
        return b"".join(pieces) + tail

    return grow


def _body(field: str, piece: bytes) -> Attack:
    return _repeat(field.encode() + b"\r\n\r\n", piece)


def _nested(piece: str, level: str = "", levels: int = 0) -> Attack:
    """Put entities within entities, up to `levels` of them, and the rest of the octets within the last."""

    def grow(octets: int) -> bytes:
        pieces, size = [], 0
        for number in range(levels or octets):
            one = piece.replace("#", str(number)).encode()
            pieces.append(one)
            size += len(one)
            if size >= octets:
                break
        filling = level.encode()
        return b"".join(pieces) + filling * ((octets - size) // max(1, len(filling)))

    return grow


def _reversed_sections(octets: int) -> bytes:
    """Write RFC 2231 sections from the last to the first."""
    count = octets // 24
    sections = b"".join(b";\r\n filename*%d=abcdefgh" % number for number in range(count, -1, -1))
    return b"Content-Disposition: attachment" + sections + b"\r\n\r\n"


def _noise(octets: int) -> bytes:
    return random.Random(7).randbytes(octets)


def _noise_in_base64(octets: int) -> bytes:
    return b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(_noise(octets * 3 // 4))


_MIXED = b'Content-Type: multipart/mixed; boundary="'
_Q = "Content-Transfer-Encoding: quoted-printable"
_B = "Content-Transfer-Encoding: base64"
_U = "Content-Transfer-Encoding: x-uuencode"
_MULTIPART_LEVEL = 'Content-Type: multipart/mixed; boundary="b#"\r\n\r\n--b#\r\n'

BOUNDARIES: dict[str, Attack] = {
    "boundary with a longer one's lines": _repeat(_MIXED + b'b"\r\n\r\n', b"--bx\r\n"),
    "boundary of which lines are the beginning": _repeat(
        _MIXED + b"a" * 70 + b'"\r\n\r\n', b"--" + b"a" * 69 + b"\r\n"
    ),
    "boundary with padding and more": _repeat(_MIXED + b'b"\r\n\r\n', b"--b" + b" " * 500 + b"x\r\n"),
    "boundary with padding that never ends": _repeat(_MIXED + b'b"\r\n\r\n--b', b" "),
    "boundary alone": _repeat(_MIXED + b'b"\r\n\r\n', b"--b\r\n"),
    "boundary, closed again and again": _repeat(_MIXED + b'b"\r\n\r\n', b"--b--\r\n"),
    "lines of two hyphens": _repeat(_MIXED + b'b"\r\n\r\n', b"--\r\n"),
    "boundary in a line of hyphens": _repeat(_MIXED + b"-" * 70 + b'"\r\n\r\n', b"-"),
    "multiparts within each other": _nested(_MULTIPART_LEVEL),
    "multiparts within each other, boundaries alike": _nested(_MULTIPART_LEVEL.replace("b#", "b")),
    "multiparts, 49 deep, then almost delimiters": _nested(_MULTIPART_LEVEL, "--b\r\n", 49),
    "multiparts, 49 deep, then lines": _nested(_MULTIPART_LEVEL, "A line of text that is no delimiter.\r\n", 49),
    "mails within mails": _nested("Content-Type: message/rfc822\r\n\r\n"),
    "mails within mails, base64": _repeat(b"Content-Type: message/global\r\n" + _B.encode() + b"\r\n\r\n", b"QUFB"),
    "mails, 49 deep, then lines": _nested("Content-Type: message/rfc822\r\n\r\n", "A line of text.\r\n", 49),
    "digest of mails": _repeat(b'Content-Type: multipart/digest; boundary="b"\r\n', b"\r\n--b\r\n\r\nA: b\r\n"),
}

HEADERS: dict[str, Attack] = {
    "fields, many": _repeat(b"", b"A: b\r\n"),
    "fields, all different": _counted(b"", "X-#: #\r\n"),
    "fields without a name": _repeat(b"A: b\r\n", b": b\r\n"),
    "lines without a colon": _repeat(b"A: b\r\n", b"word\r\n"),
    "names without an end": _repeat(b"", b"a"),
    "colons": _repeat(b"", b":"),
    "names and colons without a line end": _repeat(b"", b"a:"),
    "field, huge": _field("Subject", b"word "),
    "field, folded": _field("Subject", b"word\r\n "),
    "field, folded with white space alone": _field("Subject", b"\r\n "),
    "field of white space": _field("Subject", b" \t"),
    "white space before the colon": _repeat(b"Subject", b" ", b"\r\n\r\n"),
    "fields with white space before the colon": _repeat(b"", b"Subject" + b" " * 500 + b"\r\n"),
    "Content-Type, repeated": _fields("Content-Type", b"text/plain; a=b; "),
    "Content-Type almost": _repeat(b"A: b\r\n", b"Content-Typ: text/plain\r\n"),
    "bare carriage returns": _repeat(b"A: b", b"\r"),
    "fields that end with a carriage return": _repeat(b"", b"A: b\r"),
    "line feeds": _repeat(b"A: b", b"\n"),
    "CRLFs": _repeat(b"A: b", b"\r\n"),
    "carriage returns before CRLF": _repeat(b"A: b", b"\r\r\n"),
    "NULs": _repeat(b"A: ", b"\0"),
    "octets above 127": _field("Subject", b"\xff\xfe"),
    "octets above 127 in fields": _fields("Subject", b"\xff\xfea "),
    "UTF-8 cut short": _field("Subject", b"\xe2\x82"),
    "noise": _noise,
    "spaces": _repeat(b"", b" "),
    "From lines": _repeat(b"", b">From a\r\n"),
}

WORDS: dict[str, Attack] = {
    "encoded words, good": _field("Subject", b"=?utf-8?q?a=C3=A4?= "),
    "encoded words, good, in many fields": _fields("Subject", b"=?utf-8?q?a=C3=A4?= "),
    "encoded words, split characters": _field("Subject", b"=?utf-8?b?w6TD?= =?utf-8?b?pA==?= "),
    "encoded words, folded": _field("Subject", b"=?iso-2022-jp?b?GyRCJCIbKEI=?=\r\n "),
    "encoded words, broken": _field("Subject", b"=?utf-8?q?a=?"),
    "encoded words, without an encoding": _field("Subject", b"=?utf-8?"),
    "encoded word that never ends": _repeat(b"Subject: =?utf-8?q?", b"a", b"\r\n\r\n"),
    "encoded word of questions": _field("Subject", b"?="),
    "encoded word beginnings": _field("Subject", b"=?"),
    "encoded words of unknown charsets": _counted(b"Subject: ", "=?x-#?q?a?= ", b"\r\n\r\n"),
    "encoded words in a phrase": _field("To", b"=?utf-8?q?a?= <a@b>, "),
    "encoded words of bad base64": _field("Subject", b"=?utf-8?b?=A=?= "),
    "encoded words, UTF-7": _field("Subject", b"=?utf-7?q?+AGEA-?= "),
}

FIELDS: dict[str, Attack] = {
    "comments within comments": _field("To", b"("),
    "comments within comments, closed": lambda octets: (
        b"To: " + b"(" * (octets // 2) + b")" * (octets // 2) + b"\r\n\r\n"
    ),
    "comments, many": _field("To", b"()"),
    "comments, nested to the limit": _field("To", b"(" * 90 + b")" * 90),
    "comments in a date": _field("Date", b"(a)"),
    "comments in Content-Type": _field("Content-Type", b"(a"),
    "comments of backslashes": _field("To", b"(\\"),
    "addresses": _field("To", b"a@b, "),
    "addresses in many fields": _fields("To", b"Some One <someone@example.org>, "),
    "addresses with names": _field("To", b'"a b" <a@b>, '),
    "addresses: angles": _field("To", b"<"),
    "addresses: angles closed": _field("To", b"<>"),
    "addresses: groups": _field("To", b"a:"),
    "addresses: groups closed": _field("To", b"a:b;"),
    "addresses: quotes": _field("To", b'"'),
    "addresses: a quote that never ends": _field("To", b'"a\\'),
    "addresses: routes": _field("To", b"<@a,"),
    "addresses: one route": _repeat(b"To: <", b"@a,", b":b@c>\r\n\r\n"),
    "addresses: dots": _field("To", b"."),
    "addresses: words": _field("To", b"a "),
    "addresses: at signs": _field("To", b"@"),
    "addresses: domain literals": _field("To", b"a@[1."),
    "addresses: commas": _field("To", b","),
    "addresses: a name without an end": _field("From", b"word "),
    "dates: digits": _field("Date", b"1"),
    "dates: white space": _repeat(b"Date: Mon", b" ", b"\r\n\r\n"),
    "dates: days of the week": _field("Date", b"Mon,"),
    "dates, many": _fields("Date", b"Mon, 1 Jan 2001 00:00:00 +0000 "),
    "message-ids": _field("References", b"<a@b> "),
    "message-ids in many fields": _fields("References", b"<a@b> "),
    "message-ids: angles": _field("References", b"<"),
    "message-ids: phrases": _field("References", b"a "),
    "message-ids: comments": _field("In-Reply-To", b"(<a@b>"),
    "message-ids: quotes": _field("In-Reply-To", b'<"a'),
    "Received": _field("Received", b"from a by b "),
    "Received: comments": _field("Received", b"from a (b "),
    "Received: semicolons": _field("Received", b";"),
    "Received in many fields": _fields("Received", b"from a (b) by c; "),
    "List-*": _field("List-Post", b"<mailto:a@b>, "),
    "List-*: angles": _field("List-Unsubscribe", b"<"),
    "List-Id": _field("List-Id", b"a<"),
    "Return-Path": _field("Return-Path", b"<"),
    "Return-Path: routes": _field("Return-Path", b"@a,"),
    "Content-Disposition": _field("Content-Disposition", b"attachment; filename=a; "),
    "Content-Transfer-Encoding": _field("Content-Transfer-Encoding", b"7bit "),
}

PARAMETERS: dict[str, Attack] = {
    "parameters": _counted(b"Content-Type: text/plain", "; a#=b", b"\r\n\r\n"),
    "parameters in many fields": _fields("Content-Type", b"text/plain; charset=a; "),
    "parameters, alike": _field("Content-Type", b"text/plain; a=b"),
    "parameters: semicolons": _repeat(b"Content-Type: text/plain", b";", b"\r\n\r\n"),
    "parameters: quotes": _repeat(b"Content-Type: text/plain; a=", b'"', b"\r\n\r\n"),
    "parameters: a quote that never ends": _repeat(b'Content-Type: text/plain; a="', b"a; b=", b"\r\n\r\n"),
    "parameters: backslashes": _repeat(b'Content-Type: text/plain; a="', b"\\", b"\r\n\r\n"),
    "parameters: boundaries": _repeat(b"Content-Type: multipart/mixed", b"; boundary=b", b"\r\n\r\n--b\r\n"),
    "sections": _counted(b"Content-Type: text/plain", "; name*#=b", b"\r\n\r\n"),
    "sections, encoded": _counted(b"Content-Type: text/plain; name*0*=utf-8''a", "; name*#*=%C3%A4", b"\r\n\r\n"),
    "sections, backwards": _reversed_sections,
    "sections, all the first": _repeat(b"Content-Type: text/plain", b"; name*0*=utf-8''%C3%A4", b"\r\n\r\n"),
    "sections: percents": _repeat(b"Content-Type: text/plain; name*=utf-8''", b"%", b"\r\n\r\n"),
    "sections: apostrophes": _repeat(b"Content-Type: text/plain; name*=", b"'", b"\r\n\r\n"),
    "sections: asterisks": _repeat(b"Content-Type: text/plain; name", b"*", b"=a\r\n\r\n"),
    "sections: a number that never ends": _repeat(b"Content-Type: text/plain; name*1", b"1", b"=a\r\n\r\n"),
}

CONTENTS: dict[str, Attack] = {
    "base64 of noise": _noise_in_base64,
    "base64: equals signs": _body(_B, b"="),
    "base64: short groups": _body(_B, b"A="),
    "base64: one octet a line": _body(_B, b"A\r\n"),
    "base64: not of the alphabet": _body(_B, b"!"),
    "base64: almost": _body(_B, b"QUJD!"),
    "quoted-printable: equals signs": _body(_Q, b"="),
    "quoted-printable: soft line ends": _body(_Q, b"=\r\n"),
    "quoted-printable: white space": _body(_Q, b" "),
    "quoted-printable: white space before line ends": _body(_Q, b" " * 500 + b"\r\n"),
    "quoted-printable: equals and white space": _body(_Q, b"=  "),
    "quoted-printable: octets": _body(_Q, b"=C3=A4"),
    "uuencode: beginnings": _body(_U, b"begin 644 a\r\n"),
    "uuencode: lines": _repeat(_U.encode() + b"\r\n\r\nbegin 644 a\r\n", b"M" + b"0" * 60 + b"\r\n"),
    "uuencode: one octet a line": _repeat(_U.encode() + b"\r\n\r\nbegin 644 a\r\n", b"!\r\n"),
    "uuencode in the text": _repeat(b"A: b\r\n\r\n", b"begin 644 a\r\nend\r\n"),
    "uuencode in the text, without an end": _repeat(b"A: b\r\n\r\n", b"begin 644 a\r\n"),
    "flowed: quoted": _body("Content-Type: text/plain; format=flowed", b">"),
    "flowed: soft line ends": _body("Content-Type: text/plain; format=flowed; delsp=yes", b"a \r\n"),
    "flowed: depths": _body("Content-Type: text/plain; format=flowed", b"> a \r\n>> a \r\n"),
    "text: UTF-7": _body("Content-Type: text/plain; charset=utf-7", b"+AGE"),
    "text: UTF-7, shifts": _body("Content-Type: text/plain; charset=utf-7", b"+-+"),
    "text: ISO-2022-JP escapes": _body("Content-Type: text/plain; charset=iso-2022-jp", b"\x1b$B\x1b(B"),
    "text: GB 18030, cut short": _body("Content-Type: text/plain; charset=gb18030", b"\x81\x30"),
    "text: unknown charset": _body("Content-Type: text/plain; charset=x-none", b"\xff"),
    "text: UTF-8, not valid": _body("Content-Type: text/plain; charset=utf-8", b"\xff"),
    "text: HZ": _body("Content-Type: text/plain; charset=hz-gb-2312", b"~{~}"),
    "text: no line end": _body("Content-Type: text/plain", b"a"),
}

ATTACKS: dict[str, Attack] = BOUNDARIES | HEADERS | WORDS | FIELDS | PARAMETERS | CONTENTS
