"""What one mail may cost is counted, whatever it is made of: what lies beyond is told and never passed."""

from __future__ import annotations

import bz2
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pikepdf
import pytest

from fakes.containers import EICAR, cab_archive, mail_with, tar_archive
from scop.attachments import Bounds, Kind, Options, Severity, Thing, examine, examine_thing
from scop.attachments.inspection import Inspection, TooMuchEffort

_MIB = 1 << 20


def _package(part: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("a.xml", part)
    return written.getvalue()


def _pdf(count: int) -> bytes:
    written = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(count):
            document.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("eval(1)")))
        document.Root.All = pikepdf.Array([item for item in document.objects if isinstance(item, pikepdf.Dictionary)])
        document.save(written)
    return written.getvalue()


_COSTLY: dict[str, Callable[[], bytes]] = {
    "formulas": lambda: _package(b"<macrosheet>" + b"<f>A1</f>" * 20_000 + b"</macrosheet>"),
    "relationships": lambda: _package(b"<R>" + b'<Relationship Type="a" Target="b"/>' * 20_000 + b"</R>"),
    "objects of a PDF": lambda: _pdf(2_000),
    "pieces of RTF": lambda: b"{\\rtf{\\objdata " + b"{\\x1}a" * 20_000 + b"}}",
    "a page": lambda: b"<html>" + b"<p onclick='a()'>&#72;</p>" * 20_000 + b"</html>",
    "escapes of yEnc": lambda: b"=ybegin line=128 size=3 name=a\n" + b"=a" * 60_000 + b"\n=yend\n",
    "properties of TNEF": lambda: _properties(4_999, 4),
    "a text in bzip2": lambda: bz2.compress(b"".join(b"Line %d of a text.\n" % number for number in range(40_000))),
    "a text in gzip": lambda: gzip.compress(b"".join(b"Line %d\n" % number for number in range(800_000)), mtime=0),
    "bars of a table": lambda: b"ID;P\n" + b"C;E|\n" * 20_000,
}


def _properties(count: int, times: int) -> bytes:
    properties = struct.pack("<I", count) + struct.pack("<HHIIHH", 0x1E, 0x3704, 1, 2, 0x61, 0) * count
    attribute = struct.pack("<BHHI", 2, 0x9005, 6, len(properties)) + properties + b"\0\0"
    return b"\x78\x9f\x3e\x22\1\0" + attribute * times


@pytest.mark.parametrize("costly", _COSTLY)
def test_what_costs_too_much_ends_and_is_told(costly: str) -> None:
    """Each reader counts what it does: with little to spend it ends, and says that it did not see all."""
    octets = _COSTLY[costly]()
    found = examine_thing(Thing(octets, "a.bin.x"), Options(Bounds(effort=15_000_000)))

    assert (Kind.UNSCANNABLE, Severity.SUSPICIOUS) in {(one.kind, one.severity) for one in found}


def test_effort_ends_at_its_bound_and_not_before() -> None:
    """As much as the bound says may be spent, and not one more."""
    inspection = Inspection(Bounds(effort=10), 0)
    inspection.spend(10)

    with pytest.raises(TooMuchEffort):
        inspection.spend(1)


def test_behind_what_cost_too_much_programs_are_still_named() -> None:
    """The names of what comes later are judged, and of what might hold something it is told that it was not opened."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.html", b"<html>" + b"<p>text</p>" * 50_000)
        archive.writestr("b.exe", b"MZ")
        archive.writestr("c.docm", b"hello")
    found = examine_thing(Thing(written.getvalue(), "a.zip", place="a.zip"), Options(Bounds(effort=10_000_000)))
    places = {(one.kind, one.place) for one in found}

    assert {(Kind.EXECUTABLE, "a.zip › b.exe"), (Kind.UNSCANNABLE, "a.zip › c.docm")} <= places


def test_files_far_behind_in_a_cabinet_are_not_sought_for_ever() -> None:
    """Each file of a cabinet is unpacked from the folder's begin: what that takes is counted, too."""
    whole = cab_archive("a.txt", bytes(60_000))
    header, (first_file,) = whole[:36], struct.unpack_from("<I", whole, 16)
    file = struct.pack("<IIHHHH", 1, 59_000, 0, 0, 0, 0) + b"a.txt\0"
    more = len(file) * 399
    start, blocks, method = struct.unpack_from("<IHH", whole, 36)
    octets = header[:28] + struct.pack("<H", 400) + header[30:] + struct.pack("<IHH", start + more, blocks, method)
    octets += file * 400 + whole[first_file + len(file) :]

    assert Kind.UNSCANNABLE in {
        one.kind for one in examine_thing(Thing(octets, "a.cab"), Options(Bounds(effort=60_000_000)))
    }


def test_the_ends_of_unlisted_files_are_not_sought_for_ever() -> None:
    """Where a file has no length its end is found by unpacking it, which is counted."""
    packed = zlib.compress(bytes(_MIB))[2:-4]
    one = b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 8, 8, 0, 0, 0, 0, 0, 1, 0) + b"a" + packed

    found = examine_thing(Thing(one * 40, "a.zip"), Options(Bounds(effort=30_000_000)))

    assert "takes more work" in " ".join(one.reason for one in found)


def test_more_files_than_are_looked_at_are_told_and_called_nothing_else() -> None:
    """An archive whose list is longer than is read is no archive that leaves files out of its list."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for number in range(12):
            archive.writestr(f"{number}/", b"")
    found = examine_thing(Thing(written.getvalue(), "a.zip"), Options(Bounds(names=10, things=10)))

    assert [(Kind.UNSCANNABLE, Severity.SUSPICIOUS)] == [(one.kind, one.severity) for one in found]


def test_a_document_of_huge_lists_is_told_before_it_is_opened() -> None:
    """A list of a million numbers takes 250 MB where it is read: it is not, and what stands beside it is still seen."""
    listed = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/OpenAction 2 0 R/A[" + b"1 " * 400_000 + b"]>>\nendobj\n"
    action = b"2 0 obj\n<</S/JavaScript/JS(eval\\(1\\))>>\nendobj\ntrailer\n<</Root 1 0 R>>\n"
    found = examine_thing(Thing(listed + action, "a.pdf"))

    assert {Kind.UNSCANNABLE, Kind.ACTIVE} <= {one.kind for one in found}


def test_bare_carriage_returns_are_read_as_line_ends_too() -> None:
    """A mail of nothing but lines that end in half is read otherwise, too, and what stands in it is found."""
    octets = mail_with(EICAR, "eicar.com").replace(b"\r\n", b"\r").replace(b"\r", b"\r\n", 3)

    assert {Kind.EICAR, Kind.AMBIGUOUS} <= {one.kind for one in examine(octets)}


def test_the_same_mail_has_the_same_findings_again() -> None:
    """Work is counted and not timed."""
    octets = tar_archive("a.txt", b"hello") * 500
    bounds = Options(Bounds(effort=5_000_000))

    assert examine_thing(Thing(octets, "a.tar"), bounds) == examine_thing(Thing(octets, "a.tar"), bounds)
