"""What children look with: everything that reads attachments, loaded at once, because later nothing can be."""

from __future__ import annotations

from scop.cells.examiner.child import Look
from scop.mesh.vocabulary.examiner import FoundThing

__all__ = ["load"]

MAX_FINDINGS = 32  # the worst first; a person reads a few
MAX_CHARACTERS = 400  # of a place and of a reason
_ORDER = ("dangerous", "suspicious", "note")


def load(yara_rules: str = "") -> Look:
    """Import what looks into mail; raises `ValueError` or `OSError` where the rules are none."""
    from scop.attachments import Finding, Options, examine
    from scop.mime import load_charsets, parse

    load_charsets()
    options = Options()

    def told(finding: Finding) -> FoundThing:
        place, reason = finding.place[:MAX_CHARACTERS], finding.reason[:MAX_CHARACTERS]
        return FoundThing(finding.kind.value, finding.severity.value, place, reason)

    def look(octets: bytes) -> tuple[FoundThing, ...]:
        found = sorted(map(told, examine(parse(octets), options)), key=lambda one: _ORDER.index(one.severity))
        return tuple(found[:MAX_FINDINGS])

    return look
