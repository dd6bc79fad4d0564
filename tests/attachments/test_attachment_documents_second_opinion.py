"""What oletools finds in real documents, our readers find too: they are a second opinion on ours."""

from __future__ import annotations

import warnings
from pathlib import Path

from fakes.shared import shared_path
from scop.attachments import Kind, Severity, examine_thing
from scop.attachments.thing import Thing

with warnings.catch_warnings():  # old names of what it stands on
    warnings.simplefilter("ignore")
    from oletools.msodde import process_file
    from oletools.olevba import FileOpenError, VBA_Parser

_RUNS = {(Kind.MACRO, Severity.DANGEROUS), (Kind.DDE, Severity.DANGEROUS)}
_FOLDERS = ("encrypted", "excel4-macros", "msodde", "ooxml")  # of documents with macros or commands
_SLOW = "RTF-Spec-1.7.rtf"  # 4 s, and nothing is in it


def _has_macros(path: Path) -> bool:
    try:
        document = VBA_Parser(path.name, data=path.read_bytes())
    except FileOpenError:
        return False
    found = bool(document.detect_vba_macros() or document.detect_xlm_macros())
    document.close()
    return found


def _has_commands(path: Path) -> bool:
    return "cmd" in process_file(str(path), None)


def test_no_document_is_passed_that_oletools_finds_bad() -> None:
    """Where it sees macros or commands ours finds what runs."""
    root = shared_path("vectors", "attachments", "oletools")
    files = [path for folder in _FOLDERS for path in sorted((root / folder).iterdir())]
    paths = [path for path in files if path.suffix not in (".md", ".zip") and path.name != _SLOW]
    bad = [path for path in paths if _has_macros(path) or _has_commands(path)]
    passed = [
        path.name
        for path in bad
        if not _RUNS & {(one.kind, one.severity) for one in examine_thing(Thing(path.read_bytes(), path.name))}
    ]
    assert ([], 7) == (passed, len(bad))
