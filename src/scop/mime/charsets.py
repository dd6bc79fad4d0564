"""Octets to text by the name of a charset.

Any octets give text, and no text holds half a character (a surrogate). Where no charset is known, the
octets can still be had back from the text: `undecoded(decode_text(x, "no-such")) == x`.

Standards: RFC 2045 §5.2, RFC 2046 §4.1.2, RFC 2978; WHATWG Encoding Standard §4.2, §14.5 (x-user-defined).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from functools import cache

from scop.mime.charset_labels import common_codecs, find_codec
from scop.mime.japanese import decode_euc_jp, decode_iso_2022_jp

__all__ = [
    "decode_text",
    "is_cleanly_decodable",
    "is_known_charset",
    "load_charsets",
    "undecoded",
    "without_surrogates",
]

MAX_CHARSET_NAME = 64  # RFC 2978 §2.3: a name has at most 40 characters
MAX_REMEMBERED_NAMES = 500

# Octets without a charset become U+F780–U+F7FF, as in the web's x-user-defined.
_USER_DEFINED = "".join([chr(octet if octet < 0x80 else 0xF700 + octet) for octet in range(0x100)])
_TEXT_AS_OCTETS = {0xF700 + octet: 0xDC00 + octet for octet in range(0x80, 0x100)}
_OCTET_AS_TEXT = re.compile("[\uf780-\uf7ff]")
# What `surrogateescape` writes for an octet, or else half of a character.
_SURROGATE = re.compile("[\ud800-\udfff]")

# Python leaves holes in these where the web has the C1 control of the same octet.
_WINDOWS = frozenset(["cp874", *(f"cp125{digit}" for digit in range(9))])
# Without a byte order mark Python takes the machine's own order. Lenient: RFC 2781 §4.3 says big-endian,
# but those who write the bare octets write little-endian ones (WHATWG §4.2: "utf-16" is UTF-16LE).
_BYTE_ORDERS = {
    "utf_16": ((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE), "utf_16_le"),
    "utf_32": ((codecs.BOM_UTF32_BE, codecs.BOM_UTF32_LE), "utf_32_le"),
}
# Charsets in which octets of ASCII need not be those characters.
_STATEFUL = frozenset(
    ["utf_7", "hz", "iso2022_kr", *(f"iso2022_jp{kind}" for kind in ("", "_1", "_2", "_3", "_2004", "_ext"))]
)
_BEYOND_ASCII = _STATEFUL | {f"utf_{width}{order}" for width in (16, 32) for order in ("", "_be", "_le")} | {"cp864"}

_codec_by_name: dict[str, str | None] = {"": None}


def _codec(name: str) -> str | None:
    """Return the codec of a charset `name`, None where it is no charset that we can read."""
    try:
        return _codec_by_name[name]
    except KeyError:
        pass
    label = name.strip(" \t\r\n\f\"'").lower()
    codec = find_codec(label) if len(label) <= MAX_CHARSET_NAME else None
    if codec is not None and not _is_loaded(codec):
        codec = None
    if len(_codec_by_name) < MAX_REMEMBERED_NAMES:
        _codec_by_name[name] = codec
    return codec


def _is_loaded(codec: str) -> bool:
    if codec == "x-user-defined":
        return True
    try:
        codecs.lookup(codec)
    except (LookupError, ImportError, OSError):
        # A confined process may no longer read the standard library (see load_charsets).
        return False
    return True


def is_known_charset(name: str) -> bool:
    """Tell whether text in the charset `name` can be read."""
    return _codec(name) is not None


def is_stateful(name: str) -> bool:
    """Tell whether octets mean different characters behind a shift: text must be read from where the states begin."""
    codec = _codec(name)
    return codec in _STATEFUL or codec in _BYTE_ORDERS


def decode_text(octets: bytes, charset: str) -> str:
    """Return `octets` as text; this never raises.

    What does not decode in a charset that is known becomes U+FFFD. Without a charset, in one that is not known or
    in US-ASCII, octets are read as UTF-8 if they are UTF-8; else the ASCII in them is, and every other octet
    is U+F700 + its value, whence `undecoded` gets it back.
    """
    codec = _codec(charset)
    if codec is None or codec == "ascii":
        return _decode_unlabelled(octets)
    if codec not in _BEYOND_ASCII and octets.isascii():
        return octets.decode("ascii")  # ten times as fast as a codec that is a table
    try:
        return _decode_strictly(octets, codec)
    except (UnicodeError, LookupError):
        return _decode_damaged(octets, codec)


def _decode_unlabelled(octets: bytes) -> str:
    # Lenient: today's senders mean UTF-8 where they say nothing or US-ASCII.
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return _decode_user_defined(octets, "")
    if not text.isascii() and _OCTET_AS_TEXT.search(text):  # these very characters: they must not be taken for octets
        return _decode_user_defined(octets, "")
    return text


def _decode_strictly(octets: bytes, codec: str) -> str:
    """Return `octets` as text; `UnicodeError` where they are not all in the charset."""
    special = _SPECIAL.get(codec)
    return octets.decode(codec) if special is None else special(octets, codec)


def _decode_damaged(octets: bytes, codec: str) -> str:
    if codec in _WINDOWS:
        return codecs.charmap_decode(octets, "strict", _windows_characters(codec))[0]
    try:
        text = octets.decode(_in_byte_order(octets, codec), "replace")
    except (UnicodeError, LookupError):  # a stateful codec may refuse even so
        return octets.decode("utf-8", "replace")
    return _SURROGATE.sub("\ufffd", text) if codec == "utf_7" else text


def _decode_windows(octets: bytes, codec: str) -> str:
    text = _decode_damaged(octets, codec)
    if "\ufffd" in text:  # which none of these charsets has
        raise UnicodeError(codec)
    return text


@cache
def _windows_characters(codec: str) -> str:
    """Return the character of each octet in one of `_WINDOWS`."""
    characters = bytes(range(0x100)).decode(codec, "replace")
    return "".join([chr(octet) if octet < 0xA0 and c == "\ufffd" else c for octet, c in enumerate(characters)])


def _decode_utf7(octets: bytes, codec: str) -> str:
    text = octets.decode(codec)
    text.encode()  # `UnicodeError` for half a character, which UTF-7 can spell
    return text


def _decode_user_defined(octets: bytes, _: str) -> str:
    return codecs.charmap_decode(octets, "strict", _USER_DEFINED)[0]


def _decode_wide(octets: bytes, codec: str) -> str:
    return octets.decode(_in_byte_order(octets, codec))


def _in_byte_order(octets: bytes, codec: str) -> str:
    marks, otherwise = _BYTE_ORDERS.get(codec, ((), codec))
    return codec if octets.startswith(marks) else otherwise


def _decode_japanese(octets: bytes, codec: str) -> str:
    try:
        return octets.decode(codec)
    except UnicodeDecodeError:
        return decode_euc_jp(octets) if codec == "euc_jp" else decode_iso_2022_jp(octets)


# Charsets that Python reads otherwise, or not at all.
_SPECIAL: dict[str, Callable[[bytes, str], str]] = {
    **dict.fromkeys(_WINDOWS, _decode_windows),
    **dict.fromkeys(_BYTE_ORDERS, _decode_wide),
    "euc_jp": _decode_japanese,
    "iso2022_jp": _decode_japanese,
    "utf_7": _decode_utf7,
    "x-user-defined": _decode_user_defined,
}


def is_cleanly_decodable(octets: bytes, charset: str) -> bool:
    """Tell whether `octets` are text in `charset` throughout.

    Where none is stated it is US-ASCII (RFC 2045 §5.2); in one that is not known, only ASCII is certain.
    """
    codec = _codec(charset)
    if codec is None or codec == "ascii":
        return octets.isascii()
    try:
        _decode_strictly(octets, codec)
    except (UnicodeError, LookupError):
        return False
    return True


def undecoded(text: str) -> bytes:
    """Return the octets that `decode_text` read as `text` without a charset that it knows."""
    if not text.isascii() and _OCTET_AS_TEXT.search(text):
        text = text.translate(_TEXT_AS_OCTETS)
    return text.encode("utf-8", "surrogateescape")


def without_surrogates(text: str) -> str:
    """Return `text` with each octet that stood for itself (`surrogateescape`) as in `decode_text`.

    Half a character becomes U+FFFD.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(_without_surrogate, text)
    return text


def _without_surrogate(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(code - 0xDC00 + 0xF700) if 0xDC80 <= code <= 0xDCFF else "\ufffd"


def load_charsets() -> None:
    """Load now every charset that mail is written in: a process that confines itself may not import them later.

    Those that are seldom seen are left: a confined process that still reaches the standard library loads
    them at need; where it does not, such text is read as in any charset that is not known.
    """
    for codec in common_codecs():
        _is_loaded(codec)
