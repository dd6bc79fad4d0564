"""Whether a mail is nothing but plain text, so that nobody need look into it.

The test is cheap and strict: what has another shape than a simple mail of text, in whatever way, is examined. It looks
at the octets and not at a parsed tree, because what readers of mail disagree about is what an attacker would use.

Standards: RFC 5322 §2.2 (fields), RFC 2045 §5.2 (text/plain where nothing is said), RFC 3676 §4 (format, delsp);
POSIX.1-2017 `uuencode`.
"""

from __future__ import annotations

import binascii
import re

__all__ = ["is_plain_text"]

MAX_OCTETS = 1 << 20  # a longer text is examined: it is rare, and this test is to stay cheap
_FIELDS = re.compile(rb"(?:[!-9;-~]++[ \t]*+:[^\r\n]*+\r\n(?:[ \t][^\r\n]*+\r\n)*+)*+")
_CONTENT = re.compile(rb"(?im)^content-(type|transfer-encoding|disposition)[ \t]*:((?:[^\r\n]|\r\n[ \t])*+)")
_PARAMETER = rb'[ \t]*+;[ \t]*+(?:charset|format|delsp|reply-type)=(?:"[ -!#-\[\]-~]*+"|[!#-\'*+.0-9A-Z^-~-]++)'
_ALLOWED = {
    b"type": re.compile(rb"[ \t]*+text/plain(?:%s)*+[ \t]*+;?[ \t]*+" % _PARAMETER, re.IGNORECASE),
    b"transfer-encoding": re.compile(rb"[ \t]*+(?:7bit|8bit|quoted-printable)[ \t]*+", re.IGNORECASE),
    b"disposition": re.compile(rb"[ \t]*+inline[ \t]*+", re.IGNORECASE),
}
# A file in the text, as readers find one (for some, two spaces behind the word are enough), or the header of a part
# where none should be.
_FILE = re.compile(
    rb"(?im)^[ \t]*+(?:begin(?:-base64)?[ \t]++[0-7]{3}|begin[ \t]{2}|=ybegin[ \t]"
    rb"|content-(?:type|transfer-|disposition))"
)
_QUOTED_PRINTABLE = b"quoted-printable"


def is_plain_text(octets: bytes) -> bool:
    """Say whether a mail is one text that every reader reads alike, and no file in it."""
    if len(octets) > MAX_OCTETS or b"\0" in octets:
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
    if stated.get(b"transfer-encoding", b"").strip().lower() == _QUOTED_PRINTABLE and _FILE.search(_decoded(body)):
        return False
    return _FILE.search(body) is None


def _decoded(body: bytes) -> bytes:
    return binascii.a2b_qp(body)
