"""The field in which the filter says what it found.

Standards: RFC 5322 §2.2.3 (folding), §2.1.1 (line length).
"""

from __future__ import annotations

import re

from scop.spam import Verdict

__all__ = ["spam_field"]

MAX_CLUES = 10
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


def _safe(token: str) -> str:
    """Return a token that cannot leave its place in the field: others wrote it."""
    return _UNSAFE.sub("?", token)[:MAX_CLUE_CHARACTERS] or "?"
