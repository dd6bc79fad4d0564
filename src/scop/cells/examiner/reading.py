"""What children look with: everything that reads attachments, loaded at once, because later nothing can be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scop.cells.examiner.child import Look
from scop.mesh.vocabulary.examiner import FoundThing

if TYPE_CHECKING:
    from scop.attachments import ThingCheck

__all__ = ["load"]

_SUFFIXES = (".yar", ".yara")

MAX_FINDINGS = 32  # the worst first; a person reads a few
MAX_CHARACTERS = 400  # of a place and of a reason
_ORDER = ("dangerous", "suspicious", "note")


def _sources(place: Path) -> dict[str, str]:
    """Return the texts of a file of rules, or of all in a folder, under their names."""
    files = sorted(path for path in place.iterdir() if path.suffix in _SUFFIXES) if place.is_dir() else [place]
    return {path.name: path.read_text("utf-8", "replace") for path in files}


def _checks(yara_rules: str) -> tuple[ThingCheck, ...]:
    if not yara_rules:
        return ()
    from scop.attachments.rules import Rules

    sources = _sources(Path(yara_rules))
    if not sources:
        raise ValueError(f"{yara_rules} has no files that end in {' or '.join(_SUFFIXES)}")
    return (Rules.compile(sources),)


def load(yara_rules: str = "") -> Look:
    """Import what looks into mail; raises `ValueError` or `OSError` where the rules are none."""
    from scop.attachments import Finding, Options, examine, preload
    from scop.mime import parse

    preload()
    options = Options(checks=_checks(yara_rules))

    def told(finding: Finding) -> FoundThing:
        place, reason = finding.place[:MAX_CHARACTERS], finding.reason[:MAX_CHARACTERS]
        return FoundThing(finding.kind.value, finding.severity.value, place, reason)

    def look(octets: bytes) -> tuple[FoundThing, ...]:
        found = sorted(map(told, examine(parse(octets), options)), key=lambda one: _ORDER.index(one.severity))
        return tuple(found[:MAX_FINDINGS])

    return look


def _main(yara_rules: str) -> int:
    """Say what is wrong with rules, before anything is started that needs them."""
    try:
        _checks(yara_rules)
    except OSError as error:
        print(f"{yara_rules}: {error.strerror}")
    except ValueError as error:
        print(error)
    else:
        return 0
    return 2


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1]))
