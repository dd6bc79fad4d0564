"""Words of mail that chance alone would hardly write: libFuzzer's dictionary, and what plain mutation puts in."""

from __future__ import annotations

__all__ = ["TOKENS", "dictionary"]

TOKENS: tuple[bytes, ...] = (
    *(b"\r\n", b"\n", b"\r", b"\r\n ", b"\n\t", b"\r\n\r\n", b"\n\n", b"\x00", b"\x80", b"\xc3\xa4"),
    *(b"\xed\xa0\x80", b"\xef\xbf\xbd"),
    *(b"--b", b"--b--", b"\r\n--b\r\n", b"\n--b--\n", b'Content-Type: multipart/mixed; boundary="b"\r\n'),
    *(b"multipart/digest",),
    *(b"Content-Type: message/rfc822\r\n\r\n", b"message/global", b"message/delivery-status"),
    *(b"text/plain; format=flowed",),
    *(b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n"),
    *(b"x-uuencode", b"binary"),
    *(b"=?utf-8?q?", b"=?utf-8?b?", b"?=", b"=?iso-2022-jp*en?B?GyRCJCI=?=", b"=?x?q?=FF?=", b"=\r\n", b"=3D"),
    *(b"==", b"===="),
    *(b"; charset=", b"utf-8", b"utf-7", b"+AGE-", b"iso-2022-jp", b"\x1b$B", b"\x1b(B", b"hz-gb-2312", b"~{"),
    *(b"~}", b"gb18030"),
    *(b"; name*0*=utf-8''%C3", b"; name*1=", b"; filename*=", b"; boundary=", b"; a=", b'"', b"\\", b'\\"'),
    *(b"%", b"''", b"*"),
    *(b"(", b")", b"<", b">", b"@", b"[", b"]", b":", b";", b",", b".", b"<a@b>", b"a@b", b"g: a@b;"),
    *(b"<@a,@b:c@d>", b"@[127.0.0.1]"),
    *(b"From: ", b"To: ", b"Date: ", b"Subject: ", b"Message-ID: ", b"References: ", b"Received: "),
    *(b"List-Id: ", b"From a Mon\n"),
    *(b"Mon, 1 Jan 2001 00:00:00 +0000", b"31 Dec 99 23:59:60 EST"),
    *(b"from a by b with ESMTP id c for <d@e>; ", b"(comment)"),
    *(b"begin 644 a\n", b"end\n", b"M", b"`", b"> ", b"-- \r\n", b" ", b"\t", b" \r\n", b"=20\r\n"),
    *(b"xn--bcher-kva", b"\xe3\x80\x82"),
)


def dictionary() -> str:
    """Return the tokens in the form that libFuzzer reads."""
    escaped = ("".join(f"\\x{octet:02x}" for octet in token) for token in TOKENS)
    return "".join(f'"{token}"\n' for token in escaped)
