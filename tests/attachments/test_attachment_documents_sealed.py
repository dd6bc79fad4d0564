"""Looking into documents needs nothing but the octets: no file, no network, no program, no code that is loaded late."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pikepdf

from fakes.compound_files import Storage, compound_file, vba_project
from fakes.shared import shared_path
from scop.attachments import Options, examine_thing
from scop.attachments.rules import Rules
from scop.attachments.thing import Thing

_PROGRAM = Path(__file__).parents[1] / "fakes" / "sealed_reader.py"
_RULES = 'import "pe"\nrule calc { meta: description = "starts calc" strings: $a = "calc.exe" nocase condition: $a }'

# One of each kind: every reader and every library is asked.
_VECTORS = (
    "encrypted/autostart-encrypt-standardpassword.xls",
    "encrypted/dde-test-encrypt-standardpassword.xlsx",
    "encrypted/encrypted.ppt",
    "excel4-macros/excel4_sample_macro.xls",
    "msodde/dde-test.xlsb",
    "oleobj/embedded-simple-2007-as2003.xml",
    "oleobj/embedded-simple-2007.ods",
    "oleobj/embedded-simple-2007.ppt",
    "oleobj/sample_with_calc_embedded.doc",
)


def _pdf() -> bytes:
    document = pikepdf.Pdf.new()
    document.add_blank_page()
    document.attachments["a.txt"] = pikepdf.AttachedFileSpec(document, b"hello", filename="a.txt")
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("eval(1)"))
    out = io.BytesIO()
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _written(folder: Path) -> list[Path]:
    files = {
        "bill.pdf": _pdf(),
        "cut.pdf": _pdf()[:300],
        "letter.doc": compound_file(Storage({}, {"Macros": vba_project("Sub AutoOpen()\nEnd Sub")})),
        "object.rtf": b"{\\rtf1{\\object{\\*\\objdata 01050000020000000500000045717561}}{\\*\\fldinst DDE cmd}}",
        "table.slk": b'ID;P\nO;E\nC;X1;Y1;EEXEC("a")\n',
    }
    for name, octets in files.items():
        (folder / name).write_bytes(octets)
    return [folder / name for name in files]


def test_documents_are_looked_into_with_nothing_but_their_octets(tmp_path: Path) -> None:
    """A process that may open nothing any more finds all that one finds which may."""
    paths = [*_written(tmp_path), *(shared_path("vectors", "attachments", "oletools", name) for name in _VECTORS)]
    words = [sys.executable, str(_PROGRAM), *map(str, paths)]
    run = subprocess.run(words, capture_output=True, text=True, check=False, env={"PYTHONPATH": ":".join(sys.path)})
    options = Options(checks=(Rules.compile({"own.yar": _RULES}),))
    expected = []
    for path in paths:
        found = {f"{one.kind} {one.severity}" for one in examine_thing(Thing(path.read_bytes(), path.name), options)}
        expected.append(f"{path.name}: {', '.join(sorted(found))}")
    assert ("", expected) == (run.stderr, run.stdout.splitlines())
