"""Octets to text by the name of a charset.

Only real character sets are known: Python also offers `punycode`, `unicode_escape` and the like
under the same interface, and those cost quadratic time or mean something else.

Standards: RFC 2045, RFC 2046 §4.1.2, RFC 2978.
"""

from __future__ import annotations

import codecs

__all__ = ["decode_text", "is_known_charset", "load_charsets", "without_surrogates"]

_TEXT_CODEC_NAMES = """
ascii utf-8 utf-8-sig utf-7 utf-16 utf-16-be utf-16-le utf-32 utf-32-be utf-32-le
iso8859-1 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10
iso8859-11 iso8859-13 iso8859-14 iso8859-15 iso8859-16
cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp437 cp850 cp852 cp855 cp858 cp862 cp866 cp874
koi8-r koi8-u mac-roman mac-cyrillic mac-greek mac-latin2 mac-turkish tis-620
gb18030 hz big5 big5hkscs cp950 euc_jp shift_jis cp932 iso2022_jp iso2022_jp_1 iso2022_jp_2
euc_kr cp949 iso2022_kr johab
"""
_TEXT_CODECS = frozenset(_TEXT_CODEC_NAMES.split())
# 40 KB each, and seldom seen since DOS. They are plain Python, so a confined process that still reaches the standard
# library loads them at need; where it does not, such text is read as UTF-8, as in any charset that is not known.
_SELDOM = frozenset(["cp437", "cp850", "cp852", "cp855", "cp858", "cp862", "mac-greek", "mac-latin2", "mac-turkish"])
# Names that Python lacks, or that in mail mean a superset of what they say.
_ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-sjis": "cp932",
    "shift-jis": "cp932",
    "shift_jis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "x-user-defined": "iso8859-1",
    "us-ascii": "ascii",
    "unicode-1-1-utf-8": "utf-8",
    "utf8": "utf-8",
    "x-unknown": "ascii",
}
MAX_CHARSET_NAME = 64  # RFC 2978 §2.3: a name has at most 40 characters
MAX_REMEMBERED_NAMES = 500

_codec_by_name: dict[str, str | None] = {}


def _codec(name: str) -> str | None:
    """Return the Python codec of a charset `name`, None where it is no charset we know."""
    try:
        return _codec_by_name[name]
    except KeyError:
        pass
    codec = _find_codec(name.strip().strip("\"'").lower())
    if len(_codec_by_name) < MAX_REMEMBERED_NAMES:
        _codec_by_name[name] = codec
    return codec


def _find_codec(name: str) -> str | None:
    if not name or len(name) > MAX_CHARSET_NAME or "\0" in name:
        return None
    try:
        codec = codecs.lookup(_ALIASES.get(name, name)).name
    except (LookupError, ImportError, OSError, ValueError):
        # OSError: a confined process may no longer read the standard library (see load_charsets).
        return None
    codec = _ALIASES.get(codec, codec)
    return codec if codec in _TEXT_CODECS else None


def is_known_charset(name: str) -> bool:
    """Tell whether text in the charset `name` can be read."""
    return _codec(name) is not None


def decode_text(octets: bytes, charset: str) -> str:
    """Return `octets` as text; what does not decode becomes U+FFFD, so this never raises.

    Lenient: text without a charset, in an unknown one, or not ASCII though it says so is read as
    UTF-8, which is what today's senders mean; other charsets are not guessed.
    """
    codec = _codec(charset) if charset else None
    if codec is not None and codec != "ascii":
        try:
            text = octets.decode(codec, "replace")
            # UTF-7 can spell half a character, which no other charset can hold.
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if codec == "utf-7" else text
        except (UnicodeError, LookupError):  # a stateful codec may refuse even with "replace"
            pass
    return octets.decode("utf-8", "replace")


def without_surrogates(text: str) -> str:
    """Return `text` with each octet that stood for itself (`surrogateescape`) as U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text


def load_charsets() -> None:
    """Load now every charset that mail is written in: a process that confines itself may not import them later."""
    for codec in _TEXT_CODECS - _SELDOM:
        codecs.lookup(codec)
