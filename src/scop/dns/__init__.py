"""DNS as values: questions, answers, records and names, and a dict that answers.

The zone side (`scop.dns.zone`, `update`, `tsig`) stands on dnspython and is imported by its own name only.

Standards: RFC 1034, RFC 1035, RFC 2181, RFC 2308, RFC 3596, RFC 3597, RFC 6891.
"""

from scop.dns.answer import Answer, Question
from scop.dns.rdata import AAAA, CNAME, MX, NS, PTR, SOA, TLSA, TXT, A, Opaque, Rdata
from scop.dns.static import TIMEOUT, StaticNames, run
from scop.dns.words import Opcode, Rcode, Security

__all__ = [
    "AAAA",
    "CNAME",
    "MX",
    "NS",
    "PTR",
    "SOA",
    "TIMEOUT",
    "TLSA",
    "TXT",
    "A",
    "Answer",
    "Opaque",
    "Opcode",
    "Question",
    "Rcode",
    "Rdata",
    "Security",
    "StaticNames",
    "run",
]
