"""What resolving comes to: the whole answer, how sure it is, and every step that led there.

Standards: RFC 2308 §2, RFC 4033 §5, RFC 6604 §3 (the last name of a chain decides), RFC 8914.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.dns.answer import Question
from scop.dns.asking import Server
from scop.dns.known import Reason
from scop.dns.rrset import RRset
from scop.dns.words import Rcode, Security

__all__ = ["Note", "NoteKind", "Resolution"]


class NoteKind(StrEnum):
    """What a step of resolving was."""

    REMEMBERED = "remembered"  # found in the cache
    SPECIAL = "special"  # a special-use name, answered here
    ASKED = "asked"  # a server was asked; the text says what came
    REFERRED = "referred"  # and it named the servers of a zone further down
    ALIAS = "alias"  # a CNAME or DNAME leads on
    JUDGED = "judged"  # what DNSSEC says of it, and why
    FAILED = "failed"  # nothing more can be done


@dataclass(frozen=True, slots=True)
class Note:
    """One step, for `--trace`; `depth` is 1 and more for look-ups on the way, as of a server's address."""

    kind: NoteKind
    question: Question
    text: str
    server: Server | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Resolution:
    """The whole answer: aliases and records in order, and what vouches for them or for there being nothing.

    `security` is the least of all links. A bogus answer is SERVFAIL without records, unless the asker checks itself;
    `reason` says why an answer failed, is insecure against expectation or is bogus. `is_local`: a special-use name,
    for which we are the authority.
    """

    rcode: Rcode
    answers: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    security: Security = Security.INSECURE
    reason: Reason | None = None
    trace: tuple[Note, ...] = ()
    is_local: bool = False

    @property
    def has_failed(self) -> bool:
        """Whether there is no answer to give."""
        return self.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN)
