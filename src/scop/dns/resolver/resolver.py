"""The resolver's face: a question in, upstream questions out, the whole answer at the end; no I/O.

Drive it by hand with any transport and clock:

    step = Resolver(options, cache, clock, judge).resolve(Question("example.org", "MX"))
    ask = next(step)                      # Ask(server, question, protocol, …)
    ask = step.send(message_or_none)      # and so on until StopIteration, whose value is the Resolution

Standards: RFC 1034 §5.3.3, RFC 4035 §4.3 and §3.2.2 (CD), RFC 6604 §3, RFC 8914, RFC 9520 §3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol, TypeAlias

from scop.base import Clock
from scop.dns.answer import Question
from scop.dns.asking import Overspent, Step, Unanswered
from scop.dns.dnssec.effort import Effort
from scop.dns.known import Known, Reason
from scop.dns.resolver.caching import Cache
from scop.dns.resolver.delegations import Delegations
from scop.dns.resolver.exchange import Exchange
from scop.dns.resolver.iteration import Iteration
from scop.dns.resolver.limits import MAX_ALIASES, MAX_JUDGED_AGAIN
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolution import NoteKind, Resolution
from scop.dns.resolver.responses import target_of
from scop.dns.resolver.servers import Chance, Servers, in_the_given_order
from scop.dns.resolver.special import SpecialNames
from scop.dns.words import Rcode, Security

__all__ = ["Cache", "Find", "Judge", "Resolver"]

# How a judge gets the DS and DNSKEY that it needs: not judged yet.
Find: TypeAlias = Callable[[Question], Step[Known]]
Recall: TypeAlias = Callable[[Question, float], Known | None]

_SAID = (Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN)


class Judge(Protocol):
    """What DNSSEC says: the same `known` back, with its security and the reason."""

    def judge(self, question: Question, known: Known, find: Find, effort: Effort) -> Step[Known]:
        """Judge an answer of the wire; `find` raises `Unanswered` where what is needed cannot be had.

        `effort` counts what all the links of an asker's question cost together.
        """

    def broken(self, question: Question) -> Reason | None:
        """Return why any answer would be bogus, where that is known without asking."""

    def settle(self, judged: Known) -> None:
        """Take a verdict as the last one on a question."""


class Resolver:
    """Resolves questions, one generator each; what they learn is shared by the cache and the table of delegations.

    Without a `judge` nothing is validated and every answer is insecure. `chance` returns a number below the one it is
    given; among servers that are equally quick it decides, without it their order does.
    """

    def __init__(
        self,
        options: ResolverOptions,
        cache: Cache,
        clock: Clock,
        judge: Judge | None = None,
        *,
        chance: Chance = in_the_given_order,
    ) -> None:
        self._options = options
        self._cache = cache
        self._clock = clock
        self._judge = judge
        self._delegations = Delegations(options.roots, options.zones)
        self._servers = Servers(chance)
        self._special = SpecialNames(options)

    def resolve(self, question: Question, *, checking_disabled: bool = False) -> Step[Resolution]:
        """Return the answer; SERVFAIL with its reason where there is none to be had.

        `checking_disabled` gives what came, judged or not (RFC 4035 §3.2.2).
        """
        exchange = Exchange(self._options, self._servers, self._clock, validates=self._judge is not None)
        iteration = Iteration(exchange, self._delegations, self._cache, self._clock)
        iteration.ends_at_denials = self._judge is not None and not checking_disabled
        chain = _Chain(question, checking_disabled=checking_disabled)
        while chain.wants is not None:
            try:
                known = yield from self._link(chain.wants, exchange, iteration, chain)
            except Unanswered as fault:
                reason = Reason(str(fault), fault.ede)
                exchange.note(NoteKind.FAILED, chain.wants, reason.text)
                # What an attacker's alias leads to has not failed because his question cost too much.
                failed = question if isinstance(fault, Overspent) else chain.wants
                self._cache.learn(failed, Known(Rcode.SERVFAIL, reason=reason), self._clock.monotonic())
                return Resolution(Rcode.SERVFAIL, reason=reason, trace=tuple(exchange.notes))
            chain.add(known)
            if chain.wants is not None:
                exchange.note(NoteKind.ALIAS, question, f"leads to {chain.wants.name}")
        return replace(chain.resolution(), trace=tuple(exchange.notes))

    def recall(self, question: Question, find: Recall | None = None) -> Resolution | None:
        """Return the whole answer if nobody has to be asked for it; `find` looks elsewhere than in the fresh cache."""
        chain, now = _Chain(question), self._clock.monotonic()
        while chain.wants is not None:
            known = (find or self._cache.find)(chain.wants, now) or self._special.answer(chain.wants)
            if known is None or (known.security is Security.INDETERMINATE and known.rcode in _SAID):
                return None
            chain.add(known)
        return chain.resolution()

    def _link(self, question: Question, exchange: Exchange, iteration: Iteration, chain: _Chain) -> Step[Known]:
        known = self._cache.find(question, self._clock.monotonic())
        if known is not None:
            exchange.note(NoteKind.REMEMBERED, question, f"{known.security.value}: {_count(known)}")
            is_judged = known.security is not Security.INDETERMINATE or known.rcode not in _SAID
            if is_judged or chain.checking_disabled:
                return known
        elif (special := self._special.answer(question)) is not None:
            exchange.note(NoteKind.SPECIAL, question, "a special-use name, answered here")
            return special
        if self._judge is not None and not chain.checking_disabled and (reason := self._judge.broken(question)):
            exchange.note(NoteKind.JUDGED, question, f"bogus, as a moment ago: {reason.text}")
            return Known(Rcode.SERVFAIL, security=Security.BOGUS, reason=reason)
        known = known or (yield from iteration.find(question))
        if chain.checking_disabled and known.security is Security.INDETERMINATE:
            return self._cache.learn(question, known, self._clock.monotonic())
        known = yield from self._judged(question, known, exchange, iteration, chain.effort)
        if self._judge is not None:
            self._judge.settle(known)
        if chain.effort.is_spent and chain.is_begun:
            return known  # as above: it is the question that is at fault, and not this name
        return self._cache.learn(question, known, self._clock.monotonic())

    def _judged(
        self, question: Question, known: Known, exchange: Exchange, iteration: Iteration, effort: Effort
    ) -> Step[Known]:
        if self._judge is None:
            return replace(known, security=Security.INSECURE)
        above = iteration.denied(question)
        if above is not None:
            judged = yield from self._verdict(self._judge, above, known, exchange, iteration, effort)
            if judged.security is Security.SECURE:
                self._cache.learn(above, judged, self._clock.monotonic())
                return judged  # RFC 8020 §2: what is below is not there either
            iteration.forget()
            known = yield from iteration.find(question)
        for _ in range(MAX_JUDGED_AGAIN):
            judged = yield from self._verdict(self._judge, question, known, exchange, iteration, effort)
            # One of the zone's servers may be wrong, or somebody between: another one is asked.
            if judged.security is not Security.BOGUS or not exchange.doubt():
                return judged
            iteration.forget()
            known = yield from iteration.find(question)
        return (yield from self._verdict(self._judge, question, known, exchange, iteration, effort))

    @staticmethod
    def _verdict(
        judge: Judge, question: Question, known: Known, exchange: Exchange, iteration: Iteration, effort: Effort
    ) -> Step[Known]:
        judged = yield from judge.judge(question, known, iteration.find_proof, effort)
        why = judged.reason.text if judged.reason is not None else ""
        exchange.note(NoteKind.JUDGED, question, f"{judged.security.value}{': ' if why else ''}{why}")
        return judged


class _Chain:
    """The links from a question's name to its answer, as they are found."""

    def __init__(self, question: Question, *, checking_disabled: bool = False) -> None:
        self.wants: Question | None = question
        self.checking_disabled = checking_disabled
        self.effort = Effort()  # of judging all of its links
        self._links = list[Known]()
        self._names = {question.name}
        self._failure: Reason | None = None

    @property
    def is_begun(self) -> bool:
        """Whether the wanted name is not the asker's, but where an alias leads."""
        return bool(self._links)

    def add(self, known: Known) -> None:
        """Take in what stands at the wanted name; `wants` is then the next one, or None at the end."""
        question = self.wants
        assert question is not None
        self._links.append(known)
        self.wants = None
        if known.security is Security.BOGUS and not self.checking_disabled:
            return
        target = target_of(known, question)
        if target is None:
            return
        if target in self._names or len(self._links) > MAX_ALIASES:
            self._failure = Reason(f"a chain of {len(self._links)} aliases leads nowhere")
            return
        self._names.add(target)
        self.wants = Question(target, question.type)

    def resolution(self) -> Resolution:
        """Return what it all comes to."""
        last = self._links[-1]
        security = _least(link.security for link in self._links)
        least_sure = (link.reason for link in self._links if link.security is security)
        reason = self._failure or next((reason for reason in least_sure if reason is not None), None)
        if self._failure is not None or (security is Security.BOGUS and not self.checking_disabled):
            return Resolution(Rcode.SERVFAIL, security=security, reason=reason)
        if last.rcode not in _SAID:
            return Resolution(last.rcode, reason=last.reason)
        # A DNAME may have made several links; it stands there once.
        answers = {(rrset.owner, rrset.type): rrset for link in self._links for rrset in link.rrsets}
        authority = tuple(dict.fromkeys(rrset for link in self._links for rrset in link.authority))
        is_local = all(link.is_local for link in self._links)
        return Resolution(last.rcode, tuple(answers.values()), authority, security, reason, is_local=is_local)


def _least(found: Iterable[Security]) -> Security:
    """Return how sure a chain is: as its least sure link; what nobody judged is insecure."""
    securities = set(found)
    if Security.BOGUS in securities:
        return Security.BOGUS
    return Security.SECURE if securities == {Security.SECURE} else Security.INSECURE


def _count(known: Known) -> str:
    return ", ".join(f"{len(rrset.rdatas)} {rrset.type}" for rrset in known.rrsets) or known.rcode.name
