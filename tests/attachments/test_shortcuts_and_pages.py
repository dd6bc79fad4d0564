"""Shortcuts say what they open, pages what they do, and envelopes give what is in them."""

from __future__ import annotations

import base64
import struct

import pytest

from fakes.containers import EICAR, PROGRAM, mail_with, things_in, tnef_envelope, zip_archive
from scop.attachments import Finding, Kind, Severity, Thing, examine_thing

_LNK_BEGIN = b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F"


def _link(arguments: str, *, path: str = "") -> bytes:
    """Return a Windows shortcut with a relative path and arguments."""
    flags = 0x80 | 0x20 | 0x08 | (2 if path else 0)
    info = b""
    if path:
        base = 28
        content = path.encode("cp1252") + b"\0\0"
        info = struct.pack("<IIIIIII", base + len(content), base, 1, 0, base, 0, base + len(content) - 1) + content
    strings = b"".join(struct.pack("<H", len(text)) + text.encode("utf-16-le") for text in (".\\cmd.exe", arguments))
    return _LNK_BEGIN + struct.pack("<I", flags) + bytes(76 - 24) + info + strings


def _only(octets: bytes, name: str, kind: Kind) -> Finding:
    (found,) = [one for one in examine_thing(Thing(octets, name, place=name)) if one.kind is kind]
    return found


@pytest.mark.parametrize(
    ("octets", "opens"),
    [
        (_link("/c calc"), ".\\cmd.exe /c calc"),
        (_link("-enc AAAA", path="C:\\Windows\\powershell.exe"), "C:\\Windows\\powershell.exe -enc AAAA"),
    ],
)
def test_a_windows_shortcut_is_told_with_what_it_runs(octets: bytes, opens: str) -> None:
    """Target and arguments stand in the sentence."""
    reason = f"a.lnk is a Windows shortcut, which runs what its sender chose: {opens}."

    assert (Severity.DANGEROUS, reason) == (
        _only(octets, "a.lnk", Kind.SHORTCUT).severity,
        _only(octets, "a.lnk", Kind.SHORTCUT).reason,
    )


def test_a_broken_windows_shortcut_is_told() -> None:
    """One that cannot be read is no less a shortcut."""
    found = examine_thing(Thing(_LNK_BEGIN + b"\xff" * 60, "photo.jpg"))

    assert Severity.DANGEROUS in {one.severity for one in found if one.kind is Kind.SHORTCUT}


_SETTING = b"""<?xml version="1.0"?><PCSettings>
<SearchableContent xmlns="http://schemas.microsoft.com/Search/2013/SettingContent">
<DeepLink>%windir%\\system32\\cmd.exe</DeepLink></SearchableContent></PCSettings>"""


@pytest.mark.parametrize(
    ("octets", "severity"),
    [
        (b"[InternetShortcut]\r\nURL=https://lagoon.example/\r\n", Severity.NOTE),
        (b"[DEFAULT]\r\nBASEURL=x\r\n[InternetShortcut]\r\nURL=http://lagoon.example/\r\n", Severity.NOTE),
        (b"[InternetShortcut]\r\nURL=file://lagoon.example/a.exe\r\n", Severity.DANGEROUS),
        (b"[InternetShortcut]\r\nURL=\\\\lagoon.example\\a\r\n", Severity.DANGEROUS),
        (b"[InternetShortcut]\r\n", Severity.SUSPICIOUS),
        (b"[Desktop Entry]\nType=Application\nExec=sh -c 'id'\n", Severity.DANGEROUS),
        (b"[Desktop Entry]\nType=Link\n", Severity.SUSPICIOUS),
        (b"WEB\r\n1\r\nhttps://lagoon.example/a\r\n", Severity.DANGEROUS),
        (
            _SETTING,
            Severity.DANGEROUS,
        ),
    ],
)
def test_a_shortcut_is_as_bad_as_what_it_opens(octets: bytes, severity: Severity) -> None:
    """A link to the web is what any mail has; a program is not."""
    assert severity is _only(octets, "a.url", Kind.SHORTCUT).severity


@pytest.mark.parametrize("line", ["IconFile=\\\\192.0.2.1\\a.ico", "WorkingDirectory=file://192.0.2.1/a"])
def test_a_shortcut_to_the_web_that_has_windows_log_in_elsewhere_is_told(line: str) -> None:
    """What is fetched for its picture tells somebody else who looks at it."""
    found = examine_thing(Thing(f"[InternetShortcut]\r\nURL=https://a.example/\r\n{line}\r\n".encode(), "a.url"))

    assert [Severity.SUSPICIOUS, Severity.NOTE] == [one.severity for one in found]


@pytest.mark.parametrize(
    "property_name", ["ATTACH;VALUE=BINARY;ENCODING=BASE64;X-FILENAME=eicar.com", "PHOTO;ENCODING=b"]
)
def test_a_file_in_a_calendar_or_a_card_is_looked_into(property_name: str) -> None:
    """What stands in a property is a file like any other, folded or not."""
    encoded = base64.b64encode(EICAR).decode()
    card = f"BEGIN:VCALENDAR\r\n{property_name}:{encoded[:40]}\r\n {encoded[40:]}\r\nEND:VCALENDAR\r\n"

    assert Kind.EICAR in {one.kind for one in examine_thing(Thing(card.encode(), "a.ics"))}


@pytest.mark.parametrize(
    "card",
    [
        b"BEGIN:VCARD\r\nPHOTO;VALUE=uri:file://192.0.2.1/a\r\nEND:VCARD\r\n",
        b"BEGIN:VCALENDAR\r\nATTACH:\\\\192.0.\r\n 2.1\\a.wav\r\nEND:VCALENDAR\r\n",
    ],
)
def test_a_card_that_opens_no_web_page_is_told(card: bytes) -> None:
    """A sound or picture on somebody else's computer is fetched with a login."""
    assert Severity.SUSPICIOUS is _only(card, "a.ics", Kind.SHORTCUT).severity


def test_an_invitation_is_nothing() -> None:
    """What people send each other every day."""
    invitation = b"BEGIN:VCALENDAR\r\nATTACH:https://lagoon.example/a.pdf\r\nORGANIZER:mailto:a@lagoon.example\r\nEND:VCALENDAR\r\n"

    assert () == examine_thing(Thing(invitation, "invite.ics", "text/calendar"))


_BUILT = """<html><script>var b = new Blob([atob('UEsDBA==')]);
a.href = URL.createObjectURL(b); a.download = 'a.zip'; a.click()</script></html>"""
_PACKED = base64.b64encode(zip_archive("a.exe", PROGRAM)).decode()


@pytest.mark.parametrize(
    ("page", "severity"),
    [
        (
            _BUILT,
            Severity.DANGEROUS,
        ),
        ("<html><script>navigator.msSaveOrOpenBlob(new Uint8Array(x), 'a.iso')</script></html>", Severity.DANGEROUS),
        ("<html><script>new ActiveXObject('WScript.Shell')</script></html>", Severity.DANGEROUS),
        ("<html><meta http-equiv='refresh' content='0;url=data:text/html;base64,AAAA'></html>", Severity.SUSPICIOUS),
        ("<html><form action='https://lagoon.example/x'><input type='password'></form></html>", Severity.SUSPICIOUS),
        ("<html><script>eval(unescape('%61'))</script></html>", Severity.SUSPICIOUS),
        ("<html><script>a.href='data:application/zip;base64,'+x;a.click()</script></html>", Severity.DANGEROUS),
        ("<html><script>location='data:application/zip;base64,'+x</script></html>", Severity.DANGEROUS),
        ("<html><script>new window['Bl'+'ob']([window['at' + 'ob'](x)])</script></html>", Severity.DANGEROUS),
        ("<html><script>q=['\\x42\\x6c\\x6F\\x62'];new window[q[0]]([atob(x)])</script></html>", Severity.DANGEROUS),
        ("<html><img src=x onerror\n = \"eval(atob('YQ=='))\"></html>", Severity.SUSPICIOUS),
        ("<html><details ontoggle=eval(atob('YQ=='))></html>", Severity.SUSPICIOUS),
        ("<html><iframe srcdoc='&lt;script&gt;eval(&#97;tob(1))&lt;/script&gt;'></html>", Severity.SUSPICIOUS),
        ("<html><script>p.type='password'</script></html>", Severity.SUSPICIOUS),
        (f"<html><input class='{'x' * 500}>' type=password></html>", Severity.SUSPICIOUS),
        ("<html><script>location='search-ms:query=a&crumb=location:x'</script></html>", Severity.DANGEROUS),
        ("<html><meta http-equiv=refresh content='0;url=ms-msdt:/id x'></html>", Severity.DANGEROUS),
        ("<html><img src='file://lagoon.example/a.png'></html>", Severity.SUSPICIOUS),
        ("<html><img src='\\\\192.0.2.1\\a.png'></html>", Severity.SUSPICIOUS),
        ("<html><script>var a = 1;</script></html>", Severity.NOTE),
    ],
)
def test_a_page_is_as_bad_as_what_it_does(page: str, severity: Severity) -> None:
    """A page that builds a file is dangerous, one that asks for a password suspicious, a script alone is told."""
    assert severity is _only(page.encode(), "a.html", Kind.ACTIVE).severity
    assert severity is _only(page.encode("utf-16"), "a.html", Kind.ACTIVE).severity


def test_a_page_with_more_files_than_are_looked_into_says_so() -> None:
    """Files behind a thousand others are not passed."""
    page = "".join(f"<a href='data:a/b,{number:020}'>" for number in range(1_001))

    assert {Kind.UNSCANNABLE} == {one.kind for one in examine_thing(Thing(f"<html>{page}".encode(), "a.html"))}


def test_a_picture_in_a_page_that_runs_a_script_is_told() -> None:
    """An SVG is shown by a page, and run by some of its tags."""
    picture = base64.b64encode(
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>eval(atob('1'))</script></svg>"
    ).decode()
    found = examine_thing(Thing(f"<html><embed src='data:image/svg+xml;base64,{picture}'>".encode(), "a.html"))

    assert {(Kind.ACTIVE, Severity.DANGEROUS)} == {(one.kind, one.severity) for one in found}


def test_a_page_that_only_shows_is_nothing() -> None:
    """Pictures, styles and links are what pages are for."""
    page = b"<html><style>p {color: red}</style><img src='data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAE='><a href='https://lagoon.example/'>x</a></html>"

    assert () == examine_thing(Thing(page, "a.html"))


@pytest.mark.parametrize(
    "page",
    [
        f"<html><a href='data:application/zip;base64,{_PACKED}'>x</a></html>",
        f"<html><script>var a = '{_PACKED}';</script></html>",
        f"<html><script>var a = '{base64.b64decode(_PACKED).hex()}';</script></html>",
        f"<html><a href='&#100;ata:application/zip;base64,{_PACKED}'>x</a></html>",
        f"<html><script>var a = '{_PACKED[:60]}' + '{_PACKED[60:]}';</script></html>",
        f"<svg xmlns='http://www.w3.org/2000/svg'><script>var a = '{_PACKED}';</script></svg>",
    ],
)
def test_files_in_a_page_are_looked_into(page: str) -> None:
    """What a page carries as data or as a long string is a file like any other."""
    found = examine_thing(Thing(page.encode(), "a.html"))

    assert Severity.DANGEROUS in {one.severity for one in found if one.kind is Kind.EXECUTABLE}


@pytest.mark.parametrize(
    ("picture", "severities"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><circle r='1'/></svg>", set()),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='location=\"https://lagoon.example\"'/>",
            {Severity.SUSPICIOUS},
        ),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>eval(atob('aa'))</script></svg>", {Severity.DANGEROUS}),
        (
            b"<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:script>eval(atob('aa'))</s:script></s:svg>",
            {Severity.DANGEROUS},
        ),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload\t= 'a()'/>", {Severity.SUSPICIOUS}),
    ],
)
def test_a_picture_with_a_script_is_told(picture: bytes, severities: set[Severity]) -> None:
    """An SVG is a picture until it runs something."""
    assert severities == {one.severity for one in examine_thing(Thing(picture, "a.svg"))}


def test_the_envelope_of_outlook_gives_its_files() -> None:
    """TNEF is opened, its names come from its properties."""
    things = things_in(Thing(tnef_envelope("invoice.scr", EICAR), "winmail.dat"))

    assert [("winmail.dat", False), ("invoice.scr", True)] == [(one.name, one.octets == EICAR) for one in things]


def test_a_reminder_that_sounds_from_elsewhere_is_told() -> None:
    """Outlook fetches the sound of a reminder unasked, with a login."""
    share = "\\\\192.0.2.1\\a\\b.wav\0".encode("utf-16-le")
    named = struct.pack("<HH16sIIII", 0x1F, 0x851F, bytes(16), 0, 0x851F, 1, len(share)) + share
    properties = struct.pack("<I", 1) + named + bytes(-len(share) % 4)
    octets = b"\x78\x9f\x3e\x22\1\0\1" + struct.pack("<HHI", 0x9003, 6, len(properties)) + properties + b"\0\0"

    assert Severity.SUSPICIOUS is _only(octets, "winmail.dat", Kind.SHORTCUT).severity


def test_binhex_gives_its_file() -> None:
    """BinHex 4.0 is decoded, its runs too (RFC 1741)."""
    digits = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
    usual = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    content = b"a" * 90 + b"\x90b"
    packed = b"a\x90\x5a" + b"\x90\0b"
    plain = b"\1x\0TEXTttxt\0\0" + struct.pack(">II", len(content), 0) + b"\0\0" + packed + bytes(4)
    written = base64.b64encode(plain).rstrip(b"=").translate(bytes.maketrans(usual, digits))
    things = things_in(Thing(b"(This file must be converted with BinHex 4.0)\r\n\r\n:" + written + b":\r\n", "x.hqx"))

    assert [("x.hqx", False), ("x", True)] == [(one.name, one.octets == content) for one in things]


def test_a_notebook_gives_its_files() -> None:
    """What lies in a OneNote notebook is looked into."""
    begin = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")
    mark = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
    notebook = begin + bytes(1_000) + mark + struct.pack("<Q", len(EICAR)) + bytes(12) + EICAR + bytes(64)

    assert Kind.EICAR in {one.kind for one in examine_thing(Thing(notebook, "a.one"))}


def _der(tag: int, content: bytes, *, is_endless: bool = False) -> bytes:
    if is_endless:
        return bytes((tag, 0x80)) + content + b"\0\0"
    size = len(content).to_bytes(2, "big")
    return bytes((tag, 0x82)) + size + content


@pytest.mark.parametrize("is_endless", [True, False])
def test_what_a_signature_wraps_is_looked_into(is_endless: bool) -> None:
    """The content of signed-data is a mail like any other, whole or in pieces (RFC 5652 §5.2)."""
    mail = mail_with(EICAR, "eicar.com")
    half = len(mail) // 2
    string = _der(0x24, _der(4, mail[:half]) + _der(4, mail[half:]), is_endless=True) if is_endless else _der(4, mail)
    oid = bytes.fromhex("06092a864886f70d0107")
    inner = _der(0x30, oid + b"\1" + _der(0xA0, string, is_endless=is_endless), is_endless=is_endless)
    signed = _der(0x30, b"\2\1\1" + _der(0x31, b"") + inner, is_endless=is_endless)
    octets = _der(0x30, oid + b"\2" + _der(0xA0, signed, is_endless=is_endless), is_endless=is_endless)

    assert Kind.EICAR in {one.kind for one in examine_thing(Thing(octets, "smime.p7m"))}


def test_an_encrypted_mail_is_only_noted() -> None:
    """Honest people lock their mail for its reader."""
    octets = _der(0x30, bytes.fromhex("06092a864886f70d010703") + _der(0xA0, b"\2\1\0"))

    assert [(Kind.ENCRYPTED, Severity.NOTE)] == [(one.kind, one.severity) for one in examine_thing(Thing(octets))]
