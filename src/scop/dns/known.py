"""What is known of one name and type, and how sure it is: what iteration finds, validation judges and memory keeps.

Standards: RFC 2308 §2 (absence), RFC 4033 §5 (security), RFC 6672 (DNAME), RFC 8914 (why).
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.dns.rrset import RRset
from scop.dns.words import Ede, Rcode, Security

__all__ = ["Known", "Reason"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an answer is what it is: a word for the asker (RFC 8914), and a sentence for the log and for `--trace`.

    `zone` is the one of which nothing can be believed, where that is why.
    """

    text: str
    ede: Ede = Ede.OTHER
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What stands at one name for one type, an alias in its place, or that there is nothing.

    `rrsets` is the RRset asked for, or the CNAME that stands there, or a DNAME above it and the CNAME made of it; empty
    where there is nothing. `authority` is what vouches for it: SOA, NSEC and NSEC3 of an absence, the NSEC or NSEC3 of
    an answer made from a wildcard. `zone` is the apex of the zone whose server said so. A fresh answer of the wire is
    `indeterminate`; validation makes it secure, insecure or bogus. `until` is by the caller's monotonic clock.
    """

    rcode: Rcode
    rrsets: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    zone: str = ""
    security: Security = Security.INDETERMINATE
    reason: Reason | None = None
    until: float = 0.0
    is_local: bool = False  # a special-use name, for which we are the authority ourselves
