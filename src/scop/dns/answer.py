"""What is asked of the DNS and what comes back, as values.

Standards: RFC 1034 §3.7; RFC 4033 §5.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scop.dns.names import name_to_wire, normal_name
from scop.dns.rdata import Rdata, type_number
from scop.dns.words import Rcode, Security, class_number

__all__ = ["Answer", "Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """A name in its normal form (the constructor brings it there), a record type, and a class, nearly always IN.

    `spelling` is the name's octets as the asker wrote them, upper and lower case: a response repeats them
    (RFC 4343 §4.1), and an asker may have hidden a secret in them. It is no part of what is asked: two questions that
    differ in it only are equal. Raises `ValueError` for what cannot be a domain name, is no record type or no class.
    """

    name: str
    type: str
    qclass: str = "IN"
    spelling: bytes = field(default=b"", compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", normal_name(self.name))
        type_number(self.type)
        class_number(self.qclass)
        if self.spelling and self.spelling.lower() != name_to_wire(self.name):
            raise ValueError("the spelling is another name's")

    @classmethod
    def read(cls, name: str, type_: str, qclass: str, spelling: bytes) -> Question:
        """Make one of parts that a parser has read, so that they are in their normal form and fit each other."""
        question, fill = object.__new__(cls), object.__setattr__
        fill(question, "name", name)
        fill(question, "type", type_)
        fill(question, "qclass", qclass)
        fill(question, "spelling", spelling)
        return question


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of the type asked for, at the end of whatever CNAMEs led there.

    `canonical_name` is where they stand, the name asked for by default. An empty `records`
    with NOERROR means that the name exists and has none of the type. `reason` says why nothing is known, for the log;
    it is no part of what is known, so two answers that differ in it only are equal.
    """

    question: Question
    rcode: Rcode = Rcode.NOERROR
    records: tuple[Rdata, ...] = ()
    ttl_seconds: int = 0
    security: Security = Security.INSECURE
    canonical_name: str = ""
    reason: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.canonical_name:
            object.__setattr__(self, "canonical_name", self.question.name)

    @property
    def is_temporary(self) -> bool:
        """Whether nothing is known: no answer came, or none that can be believed."""
        known = self.rcode is Rcode.NOERROR or self.rcode is Rcode.NXDOMAIN
        return not known or self.security is Security.BOGUS

    @property
    def exists(self) -> bool:
        """Whether the name is known to exist, with records of the type or without."""
        return self.rcode is Rcode.NOERROR and not self.is_temporary
