"""What a name promises, and how names lie: by the endings that systems for people go by.

Standards: none; the lists are what Windows, macOS and Linux desktops open by running it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum

from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.thing import Thing, ending_of

__all__ = ["Promise", "name_findings", "promise_of", "runs_what"]

_PROGRAM_ENDINGS = {
    **dict.fromkeys(
        ("exe", "com", "pif", "sys", "drv", "vxd", "ocx", "ax", "dll", "efi", "mui"), "a program for Windows"
    ),
    "scr": "a screen saver, which is a program",
    "cpl": "a control panel, which is a program",
    **dict.fromkeys(
        ("msi", "msp", "mst", "msix", "msixbundle", "appx", "appxbundle", "appinstaller"), "an installer for Windows"
    ),
    **dict.fromkeys(("application", "appref-ms", "gadget"), "a program for Windows"),
    **dict.fromkeys(("xll", "wll", "vsto"), "an add-in that Office runs"),
    **dict.fromkeys(("jar", "jnlp", "class"), "a Java program"),
    **dict.fromkeys(("apk", "xapk", "aab"), "an app for Android"),
    "ipa": "an app for iPhones",
    **dict.fromkeys(("app", "pkg", "mpkg", "action", "workflow"), "a program for macOS"),
    **dict.fromkeys(("chm", "hlp"), "a Windows help file, which can run programs"),
    **dict.fromkeys(("xpi", "crx"), "an extension for a browser"),
    **dict.fromkeys(("diagcab", "msu", "ppkg"), "a package that Windows runs"),
    "appimage": "a program for Linux",
}
# Run when somebody opens them.
_RUNNING_SCRIPTS = {
    **dict.fromkeys(("vbs", "vbe", "vb", "ws", "wsf", "wsc", "wsh", "sct", "jse"), "a script that Windows runs"),
    **dict.fromkeys(("bat", "cmd", "msh", "msh1", "msh2", "btm"), "a script that Windows runs"),
    **dict.fromkeys(("ps1", "ps1xml", "ps2", "ps2xml", "psc1", "psc2", "psm1", "psd1"), "a PowerShell script"),
    **dict.fromkeys(("pyw", "pyz", "pyzw"), "a Python program"),
    "hta": "a web page that runs as a program",
    "reg": "changes to the registry of Windows",
    **dict.fromkeys(
        ("inf", "msc", "scf", "job", "xbap", "shb", "shs", "wsb", "appcontent-ms", "mshxml", "vsmacros"),
        "a file that can run programs on Windows",
    ),
    **dict.fromkeys(("scpt", "scptd", "applescript", "command", "terminal", "tool"), "a script that macOS runs"),
    **dict.fromkeys(
        ("ade", "adp", "mde", "accde", "accdr", "mam", "mau", "mav", "maw", "mda", "mdw"), "an Access program"
    ),
    **dict.fromkeys(("ahk", "au3", "a3x"), "a script that Windows runs"),
}
_SHORTCUT_ENDINGS = {
    **dict.fromkeys(
        ("lnk", "url", "website", "desktop", "webloc", "inetloc", "fileloc"), "a shortcut that opens something else"
    ),
    **dict.fromkeys(("iqy", "oqy", "rqy", "dqy"), "a query that Excel runs"),
    "settingcontent-ms": "a settings shortcut, which can run programs",
    **dict.fromkeys(("library-ms", "search-ms", "searchconnector-ms"), "a shortcut to files elsewhere"),
    **dict.fromkeys(("theme", "themepack", "deskthemepack"), "a theme, which can fetch files from elsewhere"),
    "contact": "a contact card of Windows, whose links can run programs",
    **dict.fromkeys(
        ("mobileconfig", "webpnp", "printerexport", "xnk", "prf", "ins", "isp", "ops", "pcd"),
        "settings that somebody else makes for you",
    ),
    "rdp": "a connection to a computer of somebody else",
    "udl": "a connection to a database of somebody else",
}
_ARCHIVES = (
    "zip zipx rar 7z tar gz tgz bz2 tbz tbz2 xz txz lzma z zst cab arj ace lha lzh cpio iso img udf vhd vhdx dmg"
)
_DOCUMENTS = (
    "pdf doc docx docm dot dotx dotm xls xlsx xlsm xlsb xlt xltx xltm ppt pptx pptm pps ppsx ppsm pot potx potm rtf "
    "odt ods odp odg csv xps one pub vsd vsdx epub pages numbers key wpd wps"
)
_PICTURES = "jpg jpeg jpe jfif gif png bmp tif tiff webp heic ico psd"
_MEDIA = "mp3 wav ogg m4a wma flac mp4 avi mov mpg mpeg wmv mkv mid midi"
_TEXTS = "txt text log md ini conf cfg patch diff c h cc cpp hpp java py pl sh tex asc"
_PAGES = "htm html shtml xhtml xht mht mhtml svg"
_MAILS = "eml msg"


class Promise(StrEnum):
    """What sort of thing a name says it is; the value is a noun for a sentence."""

    ARCHIVE = "an archive"
    DOCUMENT = "a document"
    PICTURE = "a picture"
    MEDIA = "sound or film"
    TEXT = "a text"
    PAGE = "a web page"
    MAIL = "a mail"


_PROMISES: dict[str, Promise] = {
    **dict.fromkeys(_ARCHIVES.split(), Promise.ARCHIVE),
    **dict.fromkeys(_DOCUMENTS.split(), Promise.DOCUMENT),
    **dict.fromkeys(_PICTURES.split(), Promise.PICTURE),
    **dict.fromkeys(_MEDIA.split(), Promise.MEDIA),
    **dict.fromkeys(_TEXTS.split(), Promise.TEXT),
    **dict.fromkeys(_PAGES.split(), Promise.PAGE),
    **dict.fromkeys(_MAILS.split(), Promise.MAIL),
}
_MAX_NAME = 255  # octets that file systems take
_REVERSING = re.compile("[\u202a\u202b\u202d\u202e\u2066-\u2069]")
_OVERRIDING = re.compile("[\u202d\u202e]")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\u00ad\u180e]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Linear, as names have tens of thousands of characters where somebody wants it: a gap is tried at its begin only.
_GAP = re.compile(
    r"(?<![\s\u00a0\u2000-\u200a\u3000_])[\s\u00a0\u2000-\u200a\u3000_]{8,}+\.?[^.]{0,9}\.?[A-Za-z0-9-]{1,16}\s*\Z"
)
_CLASS_ID = re.compile(r"\.\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}\s*\Z", re.IGNORECASE)
_STREAM = re.compile(r"[^:/\\]\.[A-Za-z0-9]{1,10}:[^:/\\]*(?::\$\w+)?\Z")
_DOTS = str.maketrans({"\u2024": ".", "\uff0e": ".", "\u3002": ".", "\ufe52": ".", "\uff61": "."})


def promise_of(ending: str) -> Promise | None:
    """Return what sort of thing an ending promises; None where it promises none of the harmless ones."""
    return _PROMISES.get(ending)


def runs_what(ending: str) -> tuple[Kind, str] | None:
    """Return what is run where somebody opens a file with this ending; None where nothing is."""
    for kind, endings in (
        (Kind.EXECUTABLE, _PROGRAM_ENDINGS),
        (Kind.SCRIPT, _RUNNING_SCRIPTS),
        (Kind.SHORTCUT, _SHORTCUT_ENDINGS),
    ):
        if ending in endings:
            return kind, endings[ending]
    return None


def name_findings(thing: Thing) -> Iterator[Finding]:
    """Yield how the name of a thing deceives who reads it."""
    name = thing.name
    if not name:
        return
    runs = runs_what(thing.ending) is not None
    if disguise := _disguise_of(name, thing.ending):
        yield _named(thing, Severity.DANGEROUS if runs else Severity.SUSPICIOUS, disguise)
    elif runs and _hidden_ending(name):
        yield _named(thing, Severity.DANGEROUS, "ends twice, so that it looks like something harmless")
    if _CLASS_ID.search(name):
        yield _named(thing, Severity.DANGEROUS, "ends with a code that Windows hides and goes by")
    if ".." in re.split(r"[/\\]", name):
        yield _named(thing, Severity.SUSPICIOUS, "would be written to another folder than the one it is unpacked to")
    if len(name.encode("utf-8", "replace")) > _MAX_NAME * (1 if not thing.depth else 16):
        yield _named(thing, Severity.SUSPICIOUS if runs else Severity.NOTE, "has a name longer than any system keeps")


def _named(thing: Thing, severity: Severity, how: str) -> Finding:
    return thing.finding(Kind.NAME, severity, f"{thing.where} {how}.")


def _disguise_of(name: str, ending: str) -> str:
    if _OVERRIDING.search(name):
        return "has a name that is shown backwards in part, so that its ending looks like another"
    if "\0" in name or _CONTROL.search(name):
        return "has a control character in its name, at which some programs cut it"
    if _REVERSING.search(ending):
        return "has an ending whose letters are shown in another order"
    if _GAP.search(name):
        return "has a name with a wide gap, so that its ending is not seen"
    if _STREAM.search(name):
        return "names a hidden stream of a file"
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", name)).translate(_DOTS)
    if "\t" in name and runs_what(ending_of(name.replace("\t", ""))) and not runs_what(ending):
        return "has an ending that is that of a program where its tabulator is left out"
    if plain != name and runs_what(ending_of(plain)) and not runs_what(ending):
        return "has an ending in look-alike letters, which some systems read as that of a program"
    return ""


def _hidden_ending(name: str) -> bool:
    """Tell whether before its ending there is another one that promises something harmless."""
    stem = name.rstrip(". \t\r\n\u00a0").rpartition(".")[0]
    return promise_of(ending_of(stem.rstrip(" _-\u00a0"))) is not None
