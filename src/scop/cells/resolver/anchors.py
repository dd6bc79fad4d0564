"""The file of trust anchors.

Standards: RFC 1035 §5.1 (master format).
"""

from __future__ import annotations

from pathlib import Path

from scop.dns.dnssec.anchors import parse_trust_anchors
from scop.dns.rrset import RRset

__all__ = ["read_trust_anchors"]


def read_trust_anchors(path: Path) -> tuple[RRset, ...]:
    """Return the anchors in a file; raises `ValueError` that names file and line."""
    try:
        return parse_trust_anchors(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ValueError(f"{path}: the trust anchors cannot be read: {fault.strerror}") from fault
    except ValueError as fault:
        raise ValueError(f"{path}: {fault}") from fault
