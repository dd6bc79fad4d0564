"""Names by which anybody finds out whether a resolver trusts a key of the root, before the root changes its key.

Who asks for the address of `root-key-sentinel-is-ta-20326.example.org` is told that there is no answer where key 20326
is no trust anchor; for `…-not-ta-…` where it is one.

Standards: RFC 8509 §2.
"""

from __future__ import annotations

import re

from scop.dns.answer import Question
from scop.dns.dnssec.trust import Anchors
from scop.dns.known import Reason
from scop.dns.words import Ede

__all__ = ["sentinel_objection"]

_LABEL = re.compile(r"root-key-sentinel-(is|not)-ta-([0-9]{5})(?:\.|$)")
_TYPES = frozenset({"A", "AAAA"})


def sentinel_objection(question: Question, anchors: Anchors) -> Reason | None:
    """Return why a secure answer to the question is not to be given (§2.2); None for every other name."""
    root = anchors.positive.get("")
    found = _LABEL.match(question.name) if root and question.type in _TYPES else None
    if root is None or found is None:
        return None
    tag = int(found[2])
    is_trusted = any(anchor.key_tag == tag for anchor in root)
    if is_trusted is (found[1] == "is"):
        return None
    return Reason(f"key {tag} is {'a' if is_trusted else 'no'} trust anchor of the root", Ede.DNSSEC_BOGUS)
