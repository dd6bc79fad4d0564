"""What a thing is, whatever it is called: told by its octets.

Standards: none; each format's own magic number, as its makers publish it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from scop.attachments.apple_files import is_mac_binary
from scop.attachments.smime import is_signed_message
from scop.attachments.text_octets import is_text, readable_head
from scop.attachments.thing import Thing

__all__ = [
    "TrueType",
    "is_pdf",
    "true_type_of",
    "types_further_in",
]


class TrueType(StrEnum):
    """What a thing is; the value is a noun for a sentence."""

    EMPTY = "nothing at all"
    UNKNOWN = "an unknown kind of file"
    TEXT = "plain text"

    # Programs
    PE = "a program for Windows"
    DOS = "a program for DOS"
    ELF = "a program for Linux"
    MACH_O = "a program for macOS"
    JAVA_CLASS = "a Java program"
    JAR = "a packed Java program"
    DEX = "an Android program"
    APK = "an app for Android"
    WASM = "a WebAssembly program"
    MSI = "an installer for Windows"
    APPX = "an app for Windows"
    EXTENSION = "an extension for a browser"
    CHM = "a Windows help file, which can run programs"
    ADOBE_AIR = "an installer for Adobe AIR"
    FLASH = "a Flash program"
    PYTHON_BYTECODE = "a Python program"
    APPLE_SCRIPT = "a compiled AppleScript"
    RPM = "a package for Linux"
    DEB = "a package for Debian"
    XAR = "an installer for macOS"

    # What runs something else
    SCRIPT = "a script"
    REGISTRY = "changes to the registry of Windows"
    LNK = "a Windows shortcut"
    URL_FILE = "an Internet shortcut"
    DESKTOP_ENTRY = "a shortcut for Linux"
    WEB_QUERY = "a query that Excel runs"
    PLAYLIST = "a list of songs or the settings of a folder"
    PICKLE = "a Python pickle"
    SETTING_CONTENT = "a settings shortcut, which can run programs"

    # Archives
    ZIP = "a zip archive"
    TAR = "a tar archive"
    GZIP = "a gzip file"
    BZIP2 = "a bzip2 file"
    XZ = "an xz file"
    LZMA = "an lzma file"
    ZSTD = "a zstd file"
    COMPRESS = "a compress file"
    LZ4 = "an lz4 file"
    LZIP = "an lzip file"
    LZOP = "an lzop file"
    SEVEN_ZIP = "a 7z archive"
    RAR = "a rar archive"
    CAB = "a cabinet archive"
    ARJ = "an arj archive"
    ACE = "an ace archive"
    LHA = "an lha archive"
    CPIO = "a cpio archive"
    AR = "an ar archive"
    ISO = "a disk image"
    UDF = "a UDF disk image"
    DISK_IMAGE = "a virtual disk"
    DMG = "a disk image for macOS"
    TNEF = "an envelope of Outlook"
    BINHEX = "a BinHex file"
    MAC_BINARY = "a file of an old Mac"
    APPLE_FILE = "a file with its Apple resources"

    # Documents
    OLE = "an Office document"
    OUTLOOK_MESSAGE = "a saved Outlook mail"
    OOXML = "an Office document, new format"
    ODF = "an OpenDocument file"
    OFFICE_XML = "an Office document in XML"
    ACTIVE_MIME = "Office macros in an envelope"
    RTF = "an RTF document"
    PDF = "a PDF document"
    ONE_NOTE = "a OneNote notebook"
    SYLK = "a SYLK table"
    POSTSCRIPT = "a PostScript document"
    HTML = "a web page"
    SVG = "a picture that can hold scripts"
    XML = "XML"
    MAIL = "a mail"
    SMIME = "a signed or encrypted mail"
    SAVED_PAGE = "a saved web page"  # MHTML
    CALENDAR = "a calendar entry"
    CARD = "a business card"

    # What only shows or sounds
    PICTURE = "a picture"
    MEDIA = "sound or film"
    FONT = "a font"


_T = TrueType

# At the beginning of the octets.
_MAGIC: tuple[tuple[bytes, TrueType], ...] = (
    (b"\x7fELF", _T.ELF),
    (b"\xfe\xed\xfa\xce", _T.MACH_O),
    (b"\xfe\xed\xfa\xcf", _T.MACH_O),
    (b"\xce\xfa\xed\xfe", _T.MACH_O),
    (b"\xcf\xfa\xed\xfe", _T.MACH_O),
    (b"dex\n0", _T.DEX),
    (b"\0asm", _T.WASM),
    (b"Cr24", _T.EXTENSION),
    (b"ITSF\3\0\0\0", _T.CHM),
    (b"FWS", _T.FLASH),
    (b"CWS", _T.FLASH),
    (b"ZWS", _T.FLASH),
    (b"FasdUAS", _T.APPLE_SCRIPT),
    (b"\xed\xab\xee\xdb", _T.RPM),
    (b"!<arch>\ndebian-binary", _T.DEB),
    (b"!<arch>\n", _T.AR),
    (b"xar!", _T.XAR),
    (b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F", _T.LNK),
    (b"\x1f\x8b", _T.GZIP),
    (b"BZh", _T.BZIP2),
    (b"\xfd7zXZ\0", _T.XZ),
    (b"\x28\xb5\x2f\xfd", _T.ZSTD),
    (b"\x1f\x9d", _T.COMPRESS),
    (b"\x04\x22\x4d\x18", _T.LZ4),
    (b"LZIP\1", _T.LZIP),
    (b"\x89LZO\0\r\n", _T.LZOP),
    (b"7z\xbc\xaf\x27\x1c", _T.SEVEN_ZIP),
    (b"Rar!\x1a\x07", _T.RAR),
    (b"RE~^", _T.RAR),
    (b"MSCF\0\0\0\0", _T.CAB),
    (b"\x60\xea", _T.ARJ),
    (b"070701", _T.CPIO),
    (b"070702", _T.CPIO),
    (b"070707", _T.CPIO),
    (b"conectix", _T.DISK_IMAGE),
    (b"vhdxfile", _T.DISK_IMAGE),
    (b"KDMV", _T.DISK_IMAGE),
    (b"QFI\xfb", _T.DISK_IMAGE),
    (b"MSWIM\0\0\0", _T.DISK_IMAGE),
    (b"<<< Oracle VM VirtualBox Disk Image", _T.DISK_IMAGE),
    (b"\x78\x9f\x3e\x22", _T.TNEF),
    (b"\0\5\x16\0", _T.APPLE_FILE),
    (b"\0\5\x16\7", _T.APPLE_FILE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _T.OLE),
    (b"{\\rt", _T.RTF),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", _T.ONE_NOTE),
    (b"ActiveMime", _T.ACTIVE_MIME),
    (b"ID;P", _T.SYLK),
    (b"%!PS", _T.POSTSCRIPT),
    (b"\xc5\xd0\xd3\xc6", _T.POSTSCRIPT),
    (b"\x89PNG\r\n", _T.PICTURE),
    (b"\xff\xd8\xff", _T.PICTURE),
    (b"GIF8", _T.PICTURE),
    (b"II*\0", _T.PICTURE),
    (b"MM\0*", _T.PICTURE),
    (b"8BPS\0\1", _T.PICTURE),
    (b"\0\0\1\0", _T.PICTURE),
    (b"\xd7\xcd\xc6\x9a", _T.PICTURE),
    (b"ID3", _T.MEDIA),
    (b"OggS", _T.MEDIA),
    (b"fLaC", _T.MEDIA),
    (b"MThd", _T.MEDIA),
    (b"\x1a\x45\xdf\xa3", _T.MEDIA),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _T.MEDIA),
    (b"wOFF", _T.FONT),
    (b"wOF2", _T.FONT),
    (b"OTTO\0", _T.FONT),
    (b"\0\1\0\0\0", _T.FONT),
)
# Further in, so that something else may stand at the beginning.
_MAGIC_FURTHER_IN: tuple[tuple[int, bytes, TrueType], ...] = (
    (7, b"**ACE**", _T.ACE),
    (2, b"-lh", _T.LHA),
    (2, b"-lz", _T.LHA),
    (257, b"ustar", _T.TAR),
    (0x8001, b"CD001", _T.ISO),
    (0x8801, b"CD001", _T.ISO),
    (0x8001, b"BEA01", _T.UDF),
    (4, b"ftyp", _T.MEDIA),
)
_MAGIC_BY_OCTET = {
    first: tuple([(magic, kind) for magic, kind in _MAGIC if magic[0] == first])
    for first in {mark[0] for mark, _ in _MAGIC}
}
_RIFF_KINDS = {b"WAVE": _T.MEDIA, b"AVI ": _T.MEDIA, b"WEBP": _T.PICTURE}
_PDF_HEAD = 1_024  # where Adobe's readers look for "%PDF-"
_MZ_HEAD = 64
_LAST_MACH_O_ARCHITECTURES = 42  # in a fat file; the first Java, 1.0, has major version 45
_MSI_CLSID = b"\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0F"

_HTML = re.compile(
    rb"\s*+(?:<!--.{0,2000}?-->\s*+|<\?xml[^>]{0,500}>\s*+){0,4}"
    rb"<(?:!doctype\s+html|html|head|body|script|title|meta|iframe|table|div|style|a\s|base|form|center|font|br|p|h1)\b(?!:)",
    re.IGNORECASE | re.DOTALL,
)
_SVG = re.compile(rb"<(?:[a-z0-9_-]{1,40}:)?svg[\s>]", re.IGNORECASE)
_XML = re.compile(rb"\s*+<(?:\?xml\b|[a-z:]{1,40}[^>]{0,400}xmlns[:=])", re.IGNORECASE)
_OFFICE_XML = re.compile(
    rb"progid=\"(?:Word|Excel|PowerPoint)\.|schemas.microsoft.com/office/|urn:schemas-microsoft-com:office"
)
_FIELDS = re.compile(rb"\s*+(?:>?From [^\n]*+\n)?+(?:[A-Za-z][A-Za-z0-9-]{0,60}:[ \t][^\n]*+\n(?:[ \t][^\n]*+\n)*+){2}")
_MAIL_FIELD = re.compile(
    rb"^(?:Received|Return-Path|Message-ID|From|MIME-Version|Content-Type):", re.IGNORECASE | re.MULTILINE
)
_MHTML = re.compile(rb"^Content-Type:\s*multipart/related", re.IGNORECASE | re.MULTILINE)
_SHEBANG = re.compile(rb"#!\s*+/[^\n]{1,200}")
_INTERNET_SHORTCUT = re.compile(rb"^\[(?:internetshortcut|\{000214a0-)", re.IGNORECASE | re.MULTILINE)
_SECTION = {
    b"[desktop entry]": _T.DESKTOP_ENTRY,
    b"windows registry editor": _T.REGISTRY,
    b"regedit4": _T.REGISTRY,
    b"web\r\n1\r\n": _T.WEB_QUERY,
    b"web\n1\n": _T.WEB_QUERY,
    b"{\\rt": _T.RTF,  # blanks before it
    b"begin:vcalendar": _T.CALENDAR,
    b"begin:vcard": _T.CARD,
    b"(this file must be converted with binhex": _T.BINHEX,
}


def true_type_of(thing: Thing) -> TrueType:
    """Return what the thing is by its octets; the name counts for what has no mark of its own."""
    octets = thing.octets
    if not octets:
        return _T.EMPTY if thing.is_whole else _T.UNKNOWN
    return _by_magic(octets, thing.ending) or _by_structure(octets) or _as_text(octets, thing.ending) or _T.UNKNOWN


def _by_magic(octets: bytes, ending: str) -> TrueType | None:
    for magic, kind in _MAGIC_BY_OCTET.get(octets[0], ()):
        if octets.startswith(magic):
            return _ole_kind(octets) if kind is _T.OLE else kind
    if octets.startswith(b"PK") and octets[2:4] in (b"\3\4", b"\5\6", b"\7\x08", b"00"):
        return _zip_kind(octets, ending)
    if octets.startswith((b"MZ", b"ZM")):
        return _mz_kind(octets)
    if octets.startswith(b"\xca\xfe\xba\xbe"):
        count = int.from_bytes(octets[4:8], "big")
        return _T.MACH_O if count <= _LAST_MACH_O_ARCHITECTURES else _T.JAVA_CLASS
    if octets.startswith(b"RIFF"):
        return _RIFF_KINDS.get(octets[8:12], _T.MEDIA)
    return next(types_further_in(octets), None)


def types_further_in(octets: bytes) -> Iterator[TrueType]:
    """Yield the types whose marks do not stand at the beginning, so that other things may."""
    for offset, magic, kind in _MAGIC_FURTHER_IN:
        if octets.startswith(magic, offset):
            yield kind


def is_pdf(octets: bytes) -> bool:
    """Tell whether Adobe's readers take the octets for a document; a text that only speaks of one has no objects."""
    return octets.find(b"%PDF-", 0, _PDF_HEAD + 5) >= 0 and b"obj" in octets


def _mz_kind(octets: bytes) -> TrueType | None:
    header = int.from_bytes(octets[60:64], "little")
    if octets[header : header + 2] in (b"PE", b"NE", b"LE", b"LX") and header >= _MZ_HEAD // 2:
        return _T.PE
    # A text may begin with these letters; DOS itself asks no more of a program.
    return None if is_text(octets) else _T.DOS


def _ole_kind(octets: bytes) -> TrueType:
    if octets.find(_MSI_CLSID) >= 0:
        return _T.MSI
    return _T.OUTLOOK_MESSAGE if octets.find("__properties_version1.0".encode("utf-16-le")) >= 0 else _T.OLE


def _zip_kind(octets: bytes, ending: str) -> TrueType:
    """Tell what sort of file a zip archive is; whatever it is, all that is in it is looked into."""
    # An archive of documents that are not packed again has the names of their parts in it, beside its own.
    begin = _begin_of_list(octets) if ending == "zip" else 0
    if octets.find(b"AndroidManifest.xml", begin) >= 0 and octets.find(b"classes.dex", begin) >= 0:
        return _T.APK
    if octets.find(b"AppxManifest.xml", begin) >= 0 or octets.find(b"AppxBundleManifest.xml", begin) >= 0:
        return _T.APPX
    if octets.find(b"[Content_Types].xml", begin) >= 0:
        return _T.OOXML
    if octets.startswith(b"mimetypeapplication/vnd.oasis.opendocument", 30) or ending in _OPEN_DOCUMENTS:
        return _T.ODF  # the second as LibreOffice goes by the name where the type is packed, or away
    if octets.find(b"META-INF/MANIFEST.MF", begin) >= 0:
        return _T.JAR
    return _T.ZIP


_OPEN_DOCUMENTS = frozenset({"odt", "ods", "odp", "odg", "odf", "odb", "odm", "ott", "ots", "otp", "otg"})


def _begin_of_list(octets: bytes) -> int:
    """Return where the list of a zip archive begins (APPNOTE §4.3.16); 0 where it is not where the end says."""
    end = octets.rfind(b"PK\5\6")
    begin = int.from_bytes(octets[end + 16 : end + 20], "little")
    return begin if begin < end and octets.startswith(b"PK\1\2", begin) else 0


def _by_structure(octets: bytes) -> TrueType | None:
    if is_pdf(octets):
        return _T.PDF
    if octets.startswith(b"BM") and octets[6:10] == b"\0\0\0\0":
        return _T.PICTURE
    if octets.endswith(b"koly", -512, -508) or octets[-512:-508] == b"koly":
        return _T.DMG
    if octets[-512:-504] == b"conectix":
        return _T.DISK_IMAGE
    if octets[0] == 0x5D and octets[1:3] == b"\0\0" and len(octets) > 13 and octets[12] in (0, 0xFF):
        return _T.LZMA
    if _is_old_tar(octets):
        return _T.TAR
    if is_signed_message(octets):
        return _T.SMIME
    if is_mac_binary(octets):
        return _T.MAC_BINARY
    if octets[2:4] == b"\r\n" and octets[:1] != b"\0" and not is_text(octets) and octets[3:4] == b"\n":
        return _T.PYTHON_BYTECODE
    return None


def _is_old_tar(octets: bytes) -> bool:
    """Tell whether a tar header of before 1988 begins here: it has no mark but its checksum."""
    header = octets[:512]
    if len(header) < 512 or not header[0] or not header[148:154].strip(b" \0").isdigit():
        return False
    try:
        stated = int(header[148:156].split(b"\0")[0].strip() or b"0", 8)
    except ValueError:
        return False
    return stated == sum(header[:148]) + 8 * 32 + sum(header[156:])


def _as_text(octets: bytes, ending: str) -> TrueType | None:
    head = readable_head(octets)
    if head is None:
        return None
    lowered = head.lstrip().lower()
    for begin, kind in _SECTION.items():
        if lowered.startswith(begin):
            return kind
    if lowered.startswith(b"[") and _INTERNET_SHORTCUT.search(head):
        return _T.URL_FILE
    if _SHEBANG.match(head):
        return _T.SCRIPT
    if _HTML.match(head):
        return _T.SVG if _SVG.search(head) and b"<html" not in lowered else _T.HTML
    if _XML.match(head) or _SVG.match(lowered):
        return _xml_kind(head, lowered)
    if _FIELDS.match(head) and _MAIL_FIELD.search(head):
        return _T.SAVED_PAGE if _MHTML.search(head) and ending in _SAVED_PAGE_ENDINGS else _T.MAIL
    return _T.TEXT


_SAVED_PAGE_ENDINGS = frozenset({"mht", "mhtml", "doc", "dot", "xls", "xlt", "rtf"})


def _xml_kind(head: bytes, lowered: bytes) -> TrueType:
    if _SVG.search(lowered):
        return _T.SVG
    if b"<html" in lowered:
        return _T.HTML
    if b"settingcontent" in lowered:
        return _T.SETTING_CONTENT
    return _T.OFFICE_XML if _OFFICE_XML.search(head) else _T.XML
