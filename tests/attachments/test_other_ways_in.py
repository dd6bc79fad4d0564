"""Ways to run something that go around what is usually looked at: each is found."""

from __future__ import annotations

import io
import zipfile

import pytest

from scop.attachments import Kind, Severity, Thing, examine_thing
from scop.attachments.true_types import TrueType, true_type_of

_OPEN = "urn:oasis:names:tc:opendocument:xmlns"


def _packed(**files: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        for name, text in files.items():
            archive.writestr(f"{name}.xml", text)
    return written.getvalue()


def _worst(octets: bytes, name: str) -> tuple[Kind, Severity]:
    found = examine_thing(Thing(octets, name))
    return found[0].kind, found[0].severity


_BASIC = (
    f'<script:module xmlns:script="{_OPEN}:script" script:language="StarBasic">Sub AutoOpen\nShell("calc")\nEnd Sub'
)
_EVENT = f'<a xmlns:s="{_OPEN}:script" xmlns:x="x"><s:event-listener x:href="vnd.sun.star.script:a.py$b"/></a>'
_CALL = "of:=DDE(&quot;cmd&quot;;&quot;/c calc&quot;;&quot;a&quot;)"
_DDE = f'<a xmlns:t="{_OPEN}:table"><t:table-cell t:formula="{_CALL}"/></a>'


@pytest.mark.parametrize(
    ("octets", "name", "kind", "severity"),
    [
        # LibreOffice opens a document by its name where its type is packed.
        (_packed(module=f"<?xml version='1.0'?>{_BASIC}</script:module>"), "a.odt", Kind.MACRO, Severity.DANGEROUS),
        (_packed(content=f"<?xml version='1.0'?>{_EVENT}"), "a.odt", Kind.MACRO, Severity.DANGEROUS),
        (_packed(content=f"<?xml version='1.0'?>{_DDE}"), "a.ods", Kind.DDE, Severity.DANGEROUS),
        (b"GIF89a=1;new ActiveXObject('WScript.Shell').Run('calc')", "a.js", Kind.SCRIPT, Severity.DANGEROUS),
        (b"%!PS\n(%pipe%id) (w) file\n", "a.jpg", Kind.ACTIVE, Severity.SUSPICIOUS),
        (b"[a]\nb=c\n", "a.ins", Kind.SHORTCUT, Severity.SUSPICIOUS),
        (b"hello", "a.vxd", Kind.EXECUTABLE, Severity.DANGEROUS),
        (b"<html><a href='java\tscript:eval(atob(1))'>x</a>", "a.html", Kind.ACTIVE, Severity.SUSPICIOUS),
        (b"<html><a href='java&Tab;script:eval(atob(1))'>x</a>", "a.html", Kind.ACTIVE, Severity.SUSPICIOUS),
        (
            b"<html><script>navigator.clipboard.writeText('powershell -w hidden x')</script>Press Win+R</html>",
            "a.html",
            *(Kind.ACTIVE, Severity.SUSPICIOUS),
        ),
    ],
)
def test_a_way_around_is_found(octets: bytes, name: str, kind: Kind, severity: Severity) -> None:
    """What a program does is found in each way in which the program takes it."""
    assert (kind, severity) == _worst(octets, name)


def test_a_slide_is_no_web_page() -> None:
    """An XML element whose name begins with a prefix that HTML has as an element is none of HTML."""
    assert TrueType.XML is true_type_of(Thing(b'<?xml version="1.0"?><p:sld xmlns:p="urn:p"/>', "slide1.xml"))
