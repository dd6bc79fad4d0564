"""Whom a resolver asks what: the questions that its generator yields, and what it is sent back.

Who drives the generator owns sockets, clocks and chance: it picks message ids and the case of letters (0x20), checks
that an answer is the one to its question, and sends the parsed message back, or None where none came in time.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

from scop.dns.answer import Question
from scop.dns.message import Edns, Message
from scop.dns.words import Ede

__all__ = ["Ask", "Overspent", "Protocol", "Server", "Step", "Unanswered"]

ASK_SECONDS = 1.5  # what a distant server needs; who asks then turns to another one

_WANTING_PROOF = Edns(dnssec_ok=True)
_Outcome = TypeVar("_Outcome")


class Unanswered(Exception):
    """No server could or would say: the question fails for now; the text says why, `ede` in a word for the asker."""

    def __init__(self, text: str, ede: Ede = Ede.NO_REACHABLE_AUTHORITY) -> None:
        super().__init__(text)
        self.ede = ede


class Overspent(Unanswered):
    """The asker's question has cost what it may; that says nothing of the name that was to be asked for next."""


class Protocol(StrEnum):
    """How a server is asked."""

    UDP = "udp"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Server:
    """Where a name server listens, UDP and TCP."""

    address: str
    port: int = 53

    def __str__(self) -> str:
        return f"{self.address} port {self.port}"


@dataclass(frozen=True, slots=True)
class Ask:
    """One query to one server; `edns` is None for a server that cannot take it."""

    server: Server
    question: Question
    protocol: Protocol = Protocol.UDP
    edns: Edns | None = _WANTING_PROOF
    recursion_desired: bool = False  # only of a server that a zone is forwarded to
    timeout_seconds: float = ASK_SECONDS
    checking_disabled: bool = False  # of a resolver whose answers are proved here (RFC 6840 §5.9)


# What the generators of the resolver look like: an Ask out, its message or None in, the outcome at the end.
Step: TypeAlias = Generator[Ask, Message | None, _Outcome]
