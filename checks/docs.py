"""Writes the pages that say what the code says: docs/cells.md and docs/standards.md.

With `--check` nothing is written, and a page that is stale is named. The cells come from their manifests
and manual pages, the standards from what docstrings and comments under src/scop cite.
"""

from __future__ import annotations

import ast
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

from scop.cells import manifests
from scop.mesh.manifest import OPERATOR, Manifest, Pipe, World

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "scop"

Cited = Mapping[int, Mapping[str, set[str]]]  # RFC → file → sections

NOTE = "<!-- Written by `make docs` from the code: change that, not this. -->\n\n"
_CITATION = re.compile(r"RFC[ \n]+(\d{3,5})|§([0-9A-Z]+(?:\.[0-9]+)*)(?!\w)|[;.\n]\s*(?=[A-Z])")
_CITING_COMMENT = re.compile(r"#.*RFC")
_STANDARDS = re.compile(r"(?ms)^Standards: (.*?)(?:\n\n|\Z)")


# The cells


def manual(cell: str, heading: str) -> str:
    """Return one section of a cell's manual page as one line."""
    page = import_module(f"scop.cells.{cell}").__doc__ or ""
    found = re.search(rf"(?ms)^{heading}\n(.*?)(?=^\S|\Z)", page)
    if found is None:
        sys.exit(f"src/scop/cells/{cell}/__init__.py: the manual page has no section {heading}")
    return " ".join(found[1].split())


def _peers(pipes: Iterable[Pipe]) -> str:
    return ", ".join(f"{pipe.peer} ({pipe.protocol})" for pipe in pipes) or "–"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _cell_row(manifest: Manifest) -> str:
    listeners = ", ".join(listener.name for listener in manifest.listeners)
    world = ", ".join(
        "a virus scanner" if kind is World.SCANNER else f"the Internet ({kind})" for kind in manifest.world
    )
    dials = ", ".join(part for part in (_peers(manifest.reaches) if manifest.reaches else "", world) if part)
    return _row(
        f"[{manifest.name}](../src/scop/cells/{manifest.name}/__init__.py)",
        manifest.job,
        listeners or "–",
        _peers(manifest.serves),
        dials or "–",
        manual(manifest.name, "STATE").rstrip("."),
    )


def cells_page() -> str:
    """Return docs/cells.md."""
    cells = manifests()
    table = "".join(_cell_row(manifest) for manifest in cells)
    pipes = "".join(
        _row(manifest.name, pipe.peer, pipe.protocol, pipe.why)
        for manifest in (*cells, OPERATOR)
        for pipe in manifest.reaches
    )
    return (
        f"# The cells\n\n{NOTE}"
        "Each is one confined process. Its name leads to its manual page; `scop mesh` shows the same of the mesh\n"
        "that is installed. A public listener is named by its key in `[network] ports`.\n\n"
        + _row("cell", "its one job", "public", "who comes in", "whom it dials", "state")
        + "|---|---|---|---|---|---|\n"
        + table
        + "\n## The pipes\n\nNo others exist: TLS with certificates on both ends and Landlock on the port hold it.\n\n"
        + _row("from", "to", "as", "why")
        + "|---|---|---|---|\n"
        + pipes
    )


# The standards


def _texts(path: Path) -> Iterator[str]:
    """Yield every docstring and every block of comments of a file that may cite an RFC."""
    source = path.read_text(encoding="utf-8")
    if "RFC" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
    if not _CITING_COMMENT.search(source):  # to read tokens is what takes the time
        return
    block, last = "", -1
    with path.open("rb") as lines:
        for token in tokenize.tokenize(lines.readline):
            if token.type == tokenize.COMMENT:
                words = token.string.lstrip("# ")
                if token.start[0] != last + 1:
                    yield block
                    block = ""
                block, last = f"{block} {words}", token.start[0]
    yield block


def _citations(text: str) -> Iterator[tuple[int, str]]:
    """Yield each RFC with '' and with each of its sections; a section belongs to the RFC before it in its sentence."""
    number = 0
    for found in _CITATION.finditer(text):
        if found[1]:
            number = int(found[1])
            yield number, ""
        elif found[2] and number:
            yield number, found[2]
        elif not found[2] and found[0][0] != ";":
            number = 0


def cited() -> Cited:
    """Return every RFC that is cited under src/scop."""
    where: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path in sorted(SOURCE.rglob("*.py")):
        for text in _texts(path):
            for number, section in _citations(text):
                where[number][path.relative_to(SOURCE).as_posix()].add(section)
    return where


def _in_order(section: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in section.split("."))


def _place(file: str, sections: set[str]) -> str:
    listed = " ".join(f"§{section}" for section in sorted(sections - {""}, key=_in_order))
    return f"[{file}](../src/scop/{file}){' ' if listed else ''}{listed}"


def _others() -> Iterator[str]:
    """Yield what modules name under `Standards:` that is no RFC."""
    for path in sorted(SOURCE.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        found = _STANDARDS.search((ast.get_docstring(ast.parse(source)) or "") if "Standards:" in source else "")
        clauses = re.split(r"[;,] (?![^(]*\))", " ".join(found[1].split()).rstrip(".")) if found else []
        named = [clause for clause in clauses if not re.match(r"RFC|§|and §|none$|the same|c=|ABI", clause)]
        if named:
            file = path.relative_to(SOURCE).as_posix()
            yield f"- {'; '.join(named)}: {_place(file, set())}\n"


def standards_page() -> str:
    """Return docs/standards.md."""
    where = cited()
    rows = "".join(
        _row(
            str(number),
            "<br>".join(_place(file, sections) for file, sections in sorted(where[number].items())),
        )
        for number in sorted(where)
    )
    return (
        f"# Which standard is implemented where\n\n{NOTE}"
        "Gathered from the `Standards:` lines and from the comments that stand at the clauses. A section that is not\n"
        "listed is not cited; what is thin is told in [ARCHITECTURE.md](../ARCHITECTURE.md#what-is-still-thin).\n\n"
        + _row("RFC", "where")
        + "|---|---|\n"
        + rows
        + "\n## Other than RFCs\n\n"
        + "".join(_others())
    )


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name the stale ones."""
    pages = {"docs/cells.md": cells_page(), "docs/standards.md": standards_page()}
    stale = [
        name
        for name, text in pages.items()
        if not (ROOT / name).exists() or (ROOT / name).read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        for name in stale:
            print(f"{name} does not say what the code says; run `make docs` and look at the difference")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).write_text(pages[name], encoding="utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
