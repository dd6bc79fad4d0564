"""The fields in which the filter says what it found.

Standards: RFC 5322 §2.2.3 (folding), §2.1.1 (line length); RFC 2231 §4 (parameters that are no ASCII).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from scop.base import printable
from scop.mesh.config.attachments import Policy
from scop.mesh.vocabulary.examiner import FoundThing
from scop.mime.fields.parameters import write_parameters
from scop.spam import Verdict

__all__ = ["finding_fields", "spam_field"]

MAX_CLUES = 10
# With what each may bear, thrice as long where it is percent-encoded, below what our stamps may add to a mail.
MAX_FINDINGS = 16  # of the worst
MAX_TEXT_OCTETS = 400
MAX_CLUE_CHARACTERS = 40
_UNSAFE = re.compile(r"[^!#-:<-\[\]-~]+")  # keeps visible ASCII without the quote, the semicolon and the backslash


def spam_field(verdict: Verdict) -> bytes:
    """Return the whole field with its CRLF, one line for the verdict and one for each clue."""
    clues = [f"{_safe(clue.token)}={clue.probability:.2f}" for clue in verdict.clues[:MAX_CLUES]]
    lines = [f"X-SCoP-Spam: {verdict.label}; score={verdict.score:.3f}"]
    if clues:
        lines[-1] += "; clues="
        lines += [f"\t{clue}" for clue in clues]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def finding_fields(findings: Iterable[FoundThing], policy: Policy) -> bytes:
    """Return a field that says what is done with the mail, and one for each finding, the worst first; nothing for none.

    Place and reason may bear what a stranger wrote: they are parameters, quoted or percent-encoded.
    """
    fields = [_finding_field(one) for one in findings][:MAX_FINDINGS]
    return b"".join([f"X-SCoP-Attachments: {policy}\r\n".encode(), *fields]) if fields else b""


def _finding_field(finding: FoundThing) -> bytes:
    told = {"severity": finding.severity, "place": _cut(finding.place), "reason": _cut(finding.reason)}
    words = write_parameters(finding.kind, {name: text for name, text in told.items() if text})
    return ("X-SCoP-Finding: " + "\r\n\t".join(words) + "\r\n").encode("ascii")


def _cut(text: str) -> str:
    return printable(text).encode()[:MAX_TEXT_OCTETS].decode(errors="ignore")


def _safe(token: str) -> str:
    """Return a token that cannot leave its place in the field: others wrote it."""
    return _UNSAFE.sub("?", token)[:MAX_CLUE_CHARACTERS] or "?"
