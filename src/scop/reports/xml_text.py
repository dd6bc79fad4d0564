"""From the octets of an XML document to its characters: the byte order mark, the declaration, the encoding.

Encodings are a closed list, each with one meaning. What is stateful, as UTF-7 or ISO-2022, is none: in it, what looks
like text to one reader is markup to another.

Standards: XML 1.0 (fifth edition) §2.2, §2.8, §2.11, §4.3.3, appendix F; RFC 7303 §3.3 (a byte order mark wins).
"""

from __future__ import annotations

import codecs
import re

from scop.base import RemoteProtocolError, printable
from scop.reports.defects import Defects

__all__ = ["decode_xml"]

_MARKS = (
    (codecs.BOM_UTF32_LE, ""),  # first: it begins like that of UTF-16
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED_WIDE = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))  # appendix F.1
_ENCODING = re.compile(
    rb"<\?xml[ \t\r\n][^<>]{0,200}?[ \t\r\n]encoding[ \t\r\n]{0,9}=[ \t\r\n]{0,9}[\"']([^\"'<>]{1,40})"
)
_DECLARATION = re.compile(
    r"<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:'1\.[0-9]+'|\"1\.[0-9]+\")"
    r"(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(?:'[A-Za-z][\w.-]*'|\"[A-Za-z][\w.-]*\"))?"
    r"(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(?:'(?:yes|no)'|\"(?:yes|no)\"))?[ \t\n]*\?>",
    re.ASCII,
)
# XML 1.0 §2.2: no other characters stand in a document.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WIDE_NAMES = frozenset({"utf-16", "utf-16le", "utf-16be", "ucs-2", "iso-10646-ucs-2", "unicode"})
_CODECS = {
    **dict.fromkeys(("utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("us-ascii", "ascii"), "ascii"),
    **dict.fromkeys(("latin1", "latin-1"), "iso-8859-1"),
    **{f"iso-8859-{part}": f"iso-8859-{part}" for part in (*range(1, 11), *range(13, 17))},
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
    **{f"koi8-{kind}": f"koi8-{kind}" for kind in "ru"},
}


def decode_xml(octets: bytes, defects: Defects) -> tuple[str, int]:
    """Return the characters of a document with LF line ends (§2.11), and where they go on behind its declaration.

    Raises `RemoteProtocolError` for an encoding that is not read here and octets that are none of it; a lenient
    reader notes those and has U+FFFD for them.
    """
    bare = octets.lstrip(b" \t\r\n")
    if bare.startswith(b"<?xml") and len(bare) != len(octets):
        # Lenient: the declaration must be the very first (§2.8); an empty line before it hides nothing.
        defects.note("white space stands before the XML declaration")
        octets = bare
    codec, octets = _codec_of(octets, defects)
    try:
        text = octets.decode(codec)
    except UnicodeError as error:
        if not defects.lenient:
            raise RemoteProtocolError(f"the octets are not {codec}: {printable(str(error))}") from error
        # Lenient: a domain or a comment in some other encoding spoils no count.
        defects.note(f"octets that are not {codec}")
        text = octets.decode(codec, "replace")
    except (LookupError, ImportError, OSError) as error:  # a confined process may no longer load its codec
        raise RemoteProtocolError(f"the encoding {codec} cannot be read here") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    found = _FORBIDDEN.search(text)
    if found is not None:
        raise RemoteProtocolError(f"U+{ord(found[0]):04X} may not stand in XML")
    if not text.startswith("<?xml"):
        return text, 0
    declaration = _DECLARATION.match(text)
    if declaration is not None:
        return text, declaration.end()
    if text[5:6] in " \t\n?":
        raise RemoteProtocolError("the XML declaration is malformed")
    return text, 0  # an instruction whose name begins alike


def _codec_of(octets: bytes, defects: Defects) -> tuple[str, bytes]:
    """Return the codec, and the octets behind the byte order mark."""
    for mark, codec in _MARKS:
        if octets.startswith(mark):
            if not codec:
                raise RemoteProtocolError("UTF-32 is not read")
            return codec, octets[len(mark) :]
    for begin, codec in _UNMARKED_WIDE:
        if octets.startswith(begin):
            return codec, octets
    stated = _ENCODING.match(octets)
    if stated is None:
        return "utf-8", octets
    name = stated[1].decode("ascii", "replace").lower()
    if name in _WIDE_NAMES:
        # Lenient: .NET writes this over UTF-8; octets that begin with "<?xml" in ASCII are no UTF-16.
        defects.note(f"it calls itself {name} and is UTF-8")
        return "utf-8", octets
    codec_named = _CODECS.get(name)
    if codec_named is None:
        raise RemoteProtocolError(f"the encoding {printable(name)!r} is not read")
    return codec_named, octets
