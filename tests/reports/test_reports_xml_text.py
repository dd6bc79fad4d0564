"""From octets to characters: encodings, byte order marks and the declaration."""

from __future__ import annotations

import pytest

from scop.base import RemoteProtocolError
from scop.reports.defects import Defects
from scop.reports.xml_text import decode_xml

BODY = "<a>é</a>"
READ = {
    "UTF-8": (f"<?xml version='1.0'?>{BODY}".encode(), ()),
    "UTF-8, marked": (f"\ufeff<?xml version='1.0' encoding='latin1'?>{BODY}".encode(), ()),
    "UTF-16, little": (f"\ufeff<?xml version='1.0' encoding='UTF-16'?>{BODY}".encode("utf-16-le"), ()),
    "UTF-16, big": (f"\ufeff{BODY}".encode("utf-16-be"), ()),
    "UTF-16, unmarked": (f"<?xml version='1.0' encoding='UTF-16'?>{BODY}".encode("utf-16-le"), ()),
    "Latin-1": (f'<?xml version="1.0" encoding="ISO-8859-1"?>{BODY}'.encode("latin-1"), ()),
    "windows-1252": (f"<?xml version='1.0' encoding='Windows-1252' ?>{BODY}".encode("cp1252"), ()),
    "named wide": (f"<?xml version='1.0' encoding='utf-16'?>{BODY}".encode(), ("it calls itself utf-16 and is UTF-8",)),
    "late": (f"\r\n <?xml version='1.0'?>{BODY}".encode(), ("white space stands before the XML declaration",)),
    "undeclared": (BODY.encode(), ()),
}


@pytest.mark.parametrize("name", READ)
def test_encodings_that_are_read(name: str) -> None:
    """XML 1.0 §4.3.3 and appendix F: the mark wins, then the declaration, then UTF-8."""
    octets, noted = READ[name]
    defects = Defects()
    text, start = decode_xml(octets, defects)
    assert (BODY, noted) == (text[start:], defects.all())


REFUSED = {
    "UTF-7": (b"<?xml version='1.0' encoding='UTF-7'?><a/>", "the encoding 'utf-7' is not read"),
    "ISO-2022-JP": (b"<?xml version='1.0' encoding='iso-2022-jp'?><a/>", "the encoding 'iso-2022-jp' is not read"),
    "UTF-32": ("\ufeff<a/>".encode("utf-32-le"), "UTF-32 is not read"),
    "not UTF-8": (b"<a>\xe9</a>", "the octets are not utf-8"),
    "overlong": (b"<a>\xc0\xbc</a>", "the octets are not utf-8"),
    "half a character": (b"\xff\xfe<\0\x00\xd8>\0", "the octets are not utf-16-le"),
    "not US-ASCII": (b"<?xml version='1.0' encoding='us-ascii'?><a>\xe9</a>", "the octets are not ascii"),
    "NUL": (b"<a>\0</a>", "U+0000 may not stand in XML"),
    "escape": (b"<a>\x1b</a>", "U+001B may not stand in XML"),
    "noncharacter": ("<a>\uffff</a>".encode(), "U+FFFF may not stand in XML"),
    "no version": (b"<?xml encoding='utf-8'?><a/>", "the XML declaration is malformed"),
    "XML 2.0": (b"<?xml version='2.0'?><a/>", "the XML declaration is malformed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_octets_that_are_no_text(name: str) -> None:
    """XML 1.0 §2.2, §4.3.3: a closed list of encodings, each read strictly, and no character but those of XML."""
    octets, sentence = REFUSED[name]
    with pytest.raises(RemoteProtocolError) as caught:
        decode_xml(octets, Defects())
    assert sentence in str(caught.value)


def test_line_ends_become_one() -> None:
    """XML 1.0 §2.11: CRLF and CR are LF before anything is read."""
    assert ("<a>\n\n\n</a>", 0) == decode_xml(b"<a>\r\n\r\n\r</a>", Defects())
