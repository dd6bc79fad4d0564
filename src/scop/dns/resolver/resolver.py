"""The resolver's face: a question in, upstream questions out, the whole answer at the end; no I/O.

Drive it by hand with any transport and clock:

    step = Resolver(options, cache, clock, judge).resolve(Question("example.org", "MX"))
    ask = next(step)                      # Ask(server, question, protocol, …)
    ask = step.send(message_or_none)      # and so on until StopIteration, whose value is the Resolution
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from scop.base import Clock
from scop.dns.answer import Question
from scop.dns.resolver.asking import Step
from scop.dns.resolver.known import Known
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolution import Resolution

__all__ = ["Cache", "Find", "Judge", "Resolver"]

# How a judge gets the DS and DNSKEY that it needs: not judged yet.
Find: TypeAlias = Callable[[Question], Step[Known]]


class Cache(Protocol):
    """What is remembered of names; times are of the caller's monotonic clock."""

    def find(self, question: Question, now: float) -> Known | None:
        """Return what is known, its TTLs counted down to now: the RRset, its alias, or its proved absence."""

    def learn(self, question: Question, known: Known, now: float) -> Known:
        """Remember for as long as its TTLs say, and return it with `until`.

        What is `indeterminate` was not judged yet (servers' addresses, keys): it may answer its own question only.
        """


class Judge(Protocol):
    """What DNSSEC says: the same `known` back, with its security and the reason."""

    def judge(self, question: Question, known: Known, find: Find) -> Step[Known]:
        """Judge an answer of the wire."""


class Resolver:
    """Resolves questions, one generator each; what they learn is shared by the cache and the table of delegations.

    Without a `judge` nothing is validated and every answer is insecure.
    """

    def __init__(self, options: ResolverOptions, cache: Cache, clock: Clock, judge: Judge | None = None) -> None:
        self._options = options
        self._cache = cache
        self._clock = clock
        self._judge = judge

    def resolve(self, question: Question, *, checking_disabled: bool = False) -> Step[Resolution]:
        """Return the answer; SERVFAIL with its reason where there is none to be had.

        `checking_disabled` gives what came, judged or not (RFC 4035 §3.2.2).
        """
        raise NotImplementedError

    def recall(
        self, question: Question, find: Callable[[Question, float], Known | None] | None = None
    ) -> Resolution | None:
        """Return the whole answer if nobody has to be asked for it; `find` looks elsewhere than in the fresh cache."""
        raise NotImplementedError
