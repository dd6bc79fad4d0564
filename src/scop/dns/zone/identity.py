"""What a server says of itself: by default nothing, since a version helps who looks for holes in it.

Standards: RFC 4892 §2 (`id.server CH TXT`), RFC 5001 §2.3 (NSID).
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.dns.answer import Question
from scop.dns.rdata import TXT
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Rcode
from scop.dns.zone.draft import Draft

__all__ = ["ANONYMOUS", "Identity"]

_CHAOS = "CH"
_NAMES_OF_SERVER = frozenset({"id.server", "hostname.bind"})
_NAMES_OF_VERSION = frozenset({"version.server", "version.bind"})


@dataclass(frozen=True, slots=True)
class Identity:
    """Which of several servers this is, and what runs on it; empty where nobody shall know."""

    server_id: str = ""
    version: str = ""

    def tell(self, draft: Draft, asked: Question) -> None:
        """Answer a question of another class than the zones': about ourselves, or not at all."""
        text = self._text(asked.name) if asked.qclass == _CHAOS and asked.type in ("TXT", "ANY") else ""
        if not text:
            draft.refuse(Rcode.REFUSED, Ede.NOT_SUPPORTED)
            return
        draft.authoritative = True
        draft.answer.append(RRset(asked.name, "TXT", 0, (TXT.of(text.encode("utf-8")),)))

    def _text(self, name: str) -> str:
        if name in _NAMES_OF_SERVER:
            return self.server_id
        return self.version if name in _NAMES_OF_VERSION else ""


ANONYMOUS = Identity()
