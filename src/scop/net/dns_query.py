"""One query as it goes out, and whether what comes back answers it.

Who cannot see a query has to guess its id and our port to forge an answer. To that are added the case of the name's
letters, which nearly every server repeats, and a cookie that a server gave us, where it does.

Standards: RFC 5452 §9.1 (what must match), RFC 7873 §5.3 (client cookies), draft-vixie-dnsext-dns0x20-00 §2 (case).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.base import RemoteProtocolError
from scop.dns import Question
from scop.dns.asking import Ask
from scop.dns.edns import Cookie
from scop.dns.header import HEADER_OCTETS, is_same_question, opcode_of, rcode_of, spelled_question
from scop.dns.message import Flag, Message, build_query, parse_message
from scop.dns.names import name_to_wire

__all__ = ["Heard", "Query", "Verdict", "spelled_by"]

_CASE_BIT = 0x20
_RESPONSE, _TRUNCATED = 0x80, 0x02  # of the third octet


class Verdict(StrEnum):
    """What a reply from the server's address is; one to something else has none."""

    ANSWER = "answer"
    OTHER_CASE = "the letters' case is not kept"
    NO_COOKIE = "the server's own cookie is lost"
    UNREADABLE = "no DNS"


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply and what it is; `message` is there where it is an answer."""

    verdict: Verdict
    message: Message | None = None


def spelled_by(name: str, chance: bytes) -> bytes:
    """Return a name's octets, each letter in the case that the lowest bit of its octet of `chance` says."""
    # The octets of lengths are below 64 and so are never letters.
    octets = name_to_wire(name)
    return bytes(
        octet ^ _CASE_BIT if 0x61 <= octet <= 0x7A and bit & 1 else octet
        for octet, bit in zip(octets, chance[: len(octets)], strict=True)
    )


@dataclass(frozen=True, slots=True)
class Query:
    """The octets of one query and what its answer must bear."""

    octets: bytes
    cookie: Cookie | None = None  # what was sent
    checks_case: bool = False

    @classmethod
    def of(cls, ask: Ask, id_: int, cookie: Cookie | None = None, *, spelling: bytes = b"") -> Query:
        """Write what `ask` wants to know."""
        edns = ask.edns if ask.edns is None or cookie is None else ask.edns.with_options(cookie.to_option())
        flags = Flag.RECURSION_DESIRED if ask.recursion_desired else 0
        flags |= Flag.CHECKING_DISABLED if ask.checking_disabled else 0
        question = Question(ask.question.name, ask.question.type, ask.question.qclass, spelling)
        octets = build_query(question, id_, flags=flags, edns=edns)
        return cls(octets, None if edns is None else cookie, bool(spelling))

    def judge(self, reply: bytes) -> Heard | None:
        """Say what comes from the server's address and port; None for a stray: late, doubled, or guessed."""
        if len(reply) < HEADER_OCTETS or reply[:2] != self.octets[:2] or not reply[2] & _RESPONSE or opcode_of(reply):
            return None
        if reply[4:6] == b"\0\0":  # what it could not read it need not repeat
            return self._read(reply) if rcode_of(reply) else None
        asked, answered = spelled_question(self.octets), spelled_question(reply)
        if asked is None or answered is None or not is_same_question(asked, answered):
            return None
        if self.checks_case and answered != asked:
            return Heard(Verdict.OTHER_CASE)
        return self._read(reply)

    def _read(self, reply: bytes) -> Heard | None:
        try:
            message = parse_message(reply, skips_malformed=True)
            cookie = message.edns.cookie if message.edns is not None else None
        except RemoteProtocolError:
            # Some cut in the middle of a record; the answer is to come by TCP anyway.
            return Heard(Verdict.ANSWER, self._cut()) if reply[2] & _TRUNCATED else Heard(Verdict.UNREADABLE)
        if self.cookie is None:
            return Heard(Verdict.ANSWER, message)
        if cookie is None:
            return Heard(Verdict.NO_COOKIE) if self.cookie.server else Heard(Verdict.ANSWER, message)
        # RFC 7873 §5.3: another client's cookie is a forgery, or an answer to somebody else.
        return Heard(Verdict.ANSWER, message) if cookie.client == self.cookie.client else None

    def _cut(self) -> Message:
        asked = parse_message(self.octets)
        return Message(asked.id, Flag.RESPONSE | Flag.TRUNCATED, question=asked.question)
