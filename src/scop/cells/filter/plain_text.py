"""Whether a mail is nothing but plain text, so that nobody need look into it.

The test is cheap and strict: what has another shape than a simple mail of text, in whatever way, is examined. It looks
at the octets and not at a parsed tree, because what readers of mail disagree about is what an attacker would use.

Standards: RFC 5322 §2.2 (fields), RFC 2045 §5.2 (text/plain where nothing is said), RFC 3676 §4 (format, delsp);
RFC 1741 (BinHex 4.0); POSIX.1-2017 `uuencode`.
"""

from __future__ import annotations

import binascii
import re

__all__ = ["is_plain_text"]

MAX_OCTETS = 1 << 20  # a longer text is examined: it is rare, and this test is to stay cheap
# A line that goes on has something on it: for some readers an empty-looking one ends the header.
_FIELDS = re.compile(rb"(?:[!-9;-~]++[ \t]*+:[^\r\n]*+\r\n(?:[ \t]++[^\r\n]++\r\n)*+)*+")
_CONTENT = re.compile(rb"(?im)^content-(type|transfer-encoding|disposition)[ \t]*:((?:[^\r\n]|\r\n[ \t])*+)")
# In which ASCII stands for itself: in others a text is something else than it looks.
_CHARSET = (
    rb"us-ascii|ascii|ansi_x3\.4-1968|utf-?8|iso-8859-\d{1,2}(?:-[ei])?|latin-?\d{1,2}|(?:windows-|cp)(?:125\d|874|932)"
    rb"|koi8-[ru]|iso-2022-(?:jp|kr|cn)[a-z0-9-]*+|euc-(?:jp|kr|cn|tw)|gb2312|gbk|gb18030|big5(?:-hkscs)?|shift[_-]jis"
    rb"|ks_c_5601-1987|tis-620|macintosh|x-mac-[a-z]++|unknown-8bit|x-unknown"
)
_CHOSEN = rb'charset=(?:"(?:%s)"|(?:%s)(?![^\s;]))|(?:format|delsp|reply-type)=(?:"[A-Za-z]*+"|[A-Za-z]++)'
_PARAMETER = rb"[ \t]*+;[ \t]*+(?:%s)" % (_CHOSEN % (_CHARSET, _CHARSET))
_ALLOWED = {
    b"type": re.compile(rb"[ \t]*+text/plain(?:%s)*+[ \t]*+;?[ \t]*+" % _PARAMETER, re.IGNORECASE),
    b"transfer-encoding": re.compile(rb"[ \t]*+(?:7bit|8bit|quoted-printable)[ \t]*+", re.IGNORECASE),
    b"disposition": re.compile(rb"[ \t]*+inline[ \t]*+", re.IGNORECASE),
}
# A file in the text, as readers find one (for some, two spaces behind the word are enough), or the header of a part
# where none should be; a file whose format is text, in place of one; the test file of virus scanners.
_FILE = re.compile(
    rb"(?im)^[ \t]*+(?:begin(?:-base64)?[ \t]++[0-7]{3}|begin[ \t]{2}|=ybegin[ \t]"
    rb"|content-(?:type|transfer-|disposition)|\(This file must be converted with BinHex)"
    rb"|%PDF-|X5O!P%@AP\["
)
_FILE_BEGINS = re.compile(
    rb"\s*+(?:\xef\xbb\xbf)?+(?:MZ|PK|\{\\rt|%!PS|ID;P|ActiveMime|[FCZ]WS|Cr24|xar!|BZh|Rar!|07070|!<arch>|MSCF"
    rb"|<[!?A-Za-z])"
)
# Octets that no text has; those that switch character sets are let.
_BINARY = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\f\x0e\x0f\x1b"))
_BASE64 = bytes(range(0x30, 0x3A)) + bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B)) + b"+/= \t\r\n\f"
_MIN_BASE64_OCTETS = 40
_QUOTED_PRINTABLE = b"quoted-printable"


def is_plain_text(octets: bytes) -> bool:
    """Say whether a mail is one text that every reader reads alike, and no file in it."""
    if len(octets) > MAX_OCTETS or _is_binary(octets):
        return False
    if not octets.count(b"\n") == octets.count(b"\r") == octets.count(b"\r\n"):
        return False
    whole, _, body = octets.partition(b"\r\n\r\n")
    header = whole + b"\r\n"
    if _FIELDS.fullmatch(header) is None:
        return False
    stated: dict[bytes, bytes] = {}
    for name, value in _CONTENT.findall(header):
        known, unfolded = name.lower(), value.replace(b"\r\n", b"")
        if known in stated or _ALLOWED[known].fullmatch(unfolded) is None:
            return False
        stated[known] = unfolded
    encoding = stated.get(b"transfer-encoding", b"").strip().lower()
    return _is_text(body) and (encoding != _QUOTED_PRINTABLE or _is_text(binascii.a2b_qp(body)))


def _is_text(body: bytes) -> bool:
    """Say whether there is no file in a body, and it is none itself: base64 is one, whether it says so or not."""
    if _is_binary(body) or _FILE_BEGINS.match(body) is not None or _FILE.search(body) is not None:
        return False
    return len(body) < _MIN_BASE64_OCTETS or bool(body.translate(None, _BASE64))


def _is_binary(octets: bytes) -> bool:
    return len(octets.translate(None, _BINARY)) < len(octets)
