"""Resolving one question without I/O: down from the closest known zone, referral by referral.

Theory of operation. `Iteration.find` is a generator. It yields whom to ask what and is sent the message that came back,
or None where none did. It returns what stands at that very name, an alias included; who wants the end of a chain asks
for each link. Referrals go into the table of delegations, so the next question starts further down. Each referral leads
strictly further down, look-ups of servers' own addresses are counted, and every question has one budget of queries:
however a hostile zone is built, resolving it ends soon (RFC 1034 §5.3.3 "bound the amount of work").

What comes is of the wire, `indeterminate`: validation judges it, who calls remembers it.

Standards: RFC 1034 §5.3.3, RFC 2308, RFC 4035 §4.2 (where a DS stands), RFC 5452 §6, RFC 8109, RFC 9156.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scop.base import Clock
from scop.dns.answer import Question
from scop.dns.asking import Overspent, Server, Step, Unanswered
from scop.dns.known import Known, Reason
from scop.dns.names import parent_name
from scop.dns.rdata import AAAA, A
from scop.dns.resolver.caching import Cache
from scop.dns.resolver.delegations import Delegation, Delegations, NameServer
from scop.dns.resolver.exchange import Exchange, Round
from scop.dns.resolver.limits import MAX_ADDRESSES, MAX_ALIASES, MAX_DEPTH, MAX_LOOKUPS, MAX_NAMES_LOOKED_UP
from scop.dns.resolver.minimising import Minimiser
from scop.dns.resolver.options import Resort
from scop.dns.resolver.resolution import NoteKind
from scop.dns.resolver.responses import (
    Asked,
    Found,
    Outcome,
    Referral,
    Useless,
    Why,
    read_glue,
    read_priming,
    target_of,
)
from scop.dns.resolver.special import SpecialNames
from scop.dns.words import Ede, Rcode, Security

__all__ = ["Iteration"]

_SAID = (Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN)
PRIMED_IN_VAIN_SECONDS = 60  # hints that name no servers are asked again after so long


class Iteration:
    """Finds what stands at names, all for one question of an asker."""

    def __init__(self, exchange: Exchange, delegations: Delegations, cache: Cache, clock: Clock) -> None:
        self._exchange = exchange
        self._options = exchange.options
        self._special = SpecialNames(exchange.options)
        self._delegations = delegations
        self._cache = cache
        self._clock = clock
        self._memo: dict[Question, Known] = {}
        self._spare: dict[Question, Known] = {}  # said beside an answer; of use only where nobody else says it
        self._open: set[Question] = set()
        self._lookups_left = MAX_LOOKUPS
        self._denied: dict[Question, Question] = {}
        self._minimises = self._options.minimise
        self.ends_at_denials = False  # where a signed denial of a name above is judged, so that it may be the answer

    def find(self, question: Question, depth: int = 0) -> Step[Known]:
        """Return what stands at the name for the type; raises `Unanswered` where no server could or would say."""
        known = self._memo.get(question)
        if known is not None:
            return known
        if question in self._open:
            raise Unanswered(f"{question.name} {question.type} is needed to find itself")
        self._open.add(question)
        try:
            known = yield from self._found(question, depth)
            if not known.rrsets and not known.authority:  # an empty word is no better than none
                known = self._spare.get(question, known)
        except Unanswered:
            # Lenient: RFC 2181 §5.4.1 ranks it low, but servers are about that know a name only at a chain's end.
            if question not in self._spare:
                raise
            known = self._spare[question]
        finally:
            self._open.discard(question)
        self._memo[question] = known
        return known

    def find_proof(self, question: Question) -> Step[Known]:
        """Return a DS or DNSKEY for who judges.

        Nothing that was not judged is kept for others: a forged key would make its zone bogus for all of its time.
        """
        known = self._memo.get(question) or self._remembered(question)
        if known is None or known.security is Security.INDETERMINATE:
            known = yield from self._find_or_fail(question, 1)
        return known

    def _find_address(self, question: Question, depth: int) -> Step[Known]:
        """Return the address of a server, out of the cache if it is there, and kept in it."""
        known = self._memo.get(question) or self._remembered(question)
        if known is None:
            known = yield from self._find_or_fail(question, depth)
            if known.security is Security.INDETERMINATE:
                known = self._cache.learn(question, known, self._clock.monotonic())
        return known

    def _remembered(self, question: Question) -> Known | None:
        known = self._cache.find(question, self._clock.monotonic())
        if known is not None and (known.rcode not in _SAID or known.security is Security.BOGUS):
            raise Unanswered(f"{question.name} {question.type} failed a moment ago", Ede.CACHED_ERROR)
        return known

    def _find_or_fail(self, question: Question, depth: int) -> Step[Known]:
        try:
            return (yield from self.find(question, depth))
        except Overspent:
            raise
        except Unanswered as fault:
            reason = Reason(str(fault), fault.ede)
            self._cache.learn(question, Known(Rcode.SERVFAIL, reason=reason), self._clock.monotonic())
            raise

    def denied(self, question: Question) -> Question | None:
        """Return the name above that does not exist, by a signed denial, where that is what `find` returned.

        It has to be judged for that name; what is below is not there either (RFC 8020 §2).
        """
        return self._denied.get(question)

    def forget(self) -> None:
        """Forget what was found for this question, as it is to be found anew, and by its whole name."""
        self._memo.clear()
        self._spare.clear()
        self._denied.clear()
        self._minimises = False

    def _found(self, question: Question, depth: int) -> Step[Known]:
        special = self._special.answer(question)
        if special is not None:
            return special
        passed_over = frozenset[str]()
        while True:
            delegation = self._start(question, passed_over)
            try:
                return (yield from self._descend_or_restart(delegation, question, depth, passed_over))
            except Unanswered:
                zone = delegation.configured
                if zone is None or zone.resort is not Resort.WORLD or zone.name in passed_over:
                    raise
                passed_over |= {zone.name}

    def _start(self, question: Question, passed_over: frozenset[str]) -> Delegation:
        # RFC 4035 §4.2: a DS stands above the cut.
        name = parent_name(question.name) if question.type == "DS" else question.name
        delegation = self._delegations.closest(name, self._clock.monotonic(), passed_over)
        if delegation is None:
            raise Unanswered("no root is known, nor a zone above the name")
        return delegation

    def _descend_or_restart(
        self, delegation: Delegation, question: Question, depth: int, passed_over: frozenset[str]
    ) -> Step[Known]:
        # What is learned while a configured zone is passed over must not be asked in its stead the next time.
        keeps = not passed_over
        try:
            return (yield from self._descend(delegation, question, depth, keeps=keeps))
        except Unanswered as fault:
            if delegation.is_fixed or isinstance(fault, Overspent):
                raise
            # What a referral said some time ago may be outdated: once more from above.
            self._delegations.forget(delegation.zone)
            return (yield from self._descend(self._start(question, passed_over), question, depth, keeps=keeps))

    def _descend(self, delegation: Delegation, question: Question, depth: int, *, keeps: bool) -> Step[Known]:
        minimiser = Minimiser(question, is_off=not self._minimises or delegation.is_forward)
        while True:
            delegation = yield from self._primed(delegation, depth)
            asked = self._asked(delegation, minimiser.next(delegation.zone))
            outcome = yield from self._probe_or_ask(delegation, asked, question, depth)
            if isinstance(outcome, Referral):
                if keeps:
                    self._delegations.learn(outcome.delegation, outcome.ttl_seconds, self._clock.monotonic())
                if outcome.signer is not None:
                    self._memo[Question(outcome.delegation.zone, "DS")] = outcome.signer
                delegation = outcome.delegation
            elif asked.question == question and isinstance(outcome, Found):
                (self._memo if delegation.is_forward else self._spare).update(outcome.rest)
                self._spare.update(outcome.signers)
                return outcome.known
            elif isinstance(outcome, Found) and outcome.known.rcode is Rcode.NOERROR:
                minimiser.is_no_cut(asked.question)
            elif isinstance(outcome, Found) and self.ends_at_denials and not depth and _is_signed_denial(outcome.known):
                self._denied[question] = asked.question
                return outcome.known
            else:
                minimiser.give_up()

    def _probe_or_ask(self, delegation: Delegation, asked: Asked, question: Question, depth: int) -> Step[Outcome]:
        """Return the answer to the whole question, or what a part of its name shows; a useless word on that will do."""
        if asked.question == question:
            return (yield from self._ask_zone(delegation, asked, depth))
        remembered = self._memo.get(asked.question) or self._cache.find(asked.question, self._clock.monotonic())
        if remembered is not None and remembered.rcode is Rcode.NOERROR:
            return Found(remembered)
        try:
            return (yield from self._ask_zone(delegation, asked, depth, is_probe=True))
        except Unanswered:
            return Useless(Why.FAILED, "no server says")

    def _ask_zone(self, delegation: Delegation, asked: Asked, depth: int, *, is_probe: bool = False) -> Step[Outcome]:
        """Ask the zone's servers until one is of use: at once, by their names, and the silent ones a second time."""
        round_ = self._exchange.round(asked, depth, ends_at_useless=is_probe)
        sure, unsure = _places(delegation.servers, verify=self._options.verify_glue)
        # One that was of no use to the zone waits until the others are looked up.
        useless = [place for place in sure if self._exchange.is_useless(place, delegation.zone)]
        outcome = yield from round_.ask_each(place for place in sure if place not in useless)
        if outcome is None and depth < MAX_DEPTH:
            outcome = yield from self._ask_by_name(round_, delegation, depth)
        outcome = outcome or (yield from round_.ask_each(useless)) or (yield from round_.ask_each(unsure))
        if outcome is None and not is_probe:  # after a probe the whole name is asked for, which is a second time too
            outcome = yield from round_.ask_again()
        outcome = outcome or (yield from self._ask_resolvers(round_, asked, depth))
        if outcome is None:
            raise Unanswered(f"no server of {delegation.zone or 'the root'} gives an answer: {round_.summary}")
        return outcome

    def _ask_by_name(self, round_: Round, delegation: Delegation, depth: int) -> Step[Outcome | None]:
        """Look up the addresses of the servers, one family and one server after the other, and ask there."""
        unknown = [server for server in delegation.servers if server.name and not (server.is_in_zone and server.places)]
        for server in unknown[:MAX_NAMES_LOOKED_UP]:
            for type_ in self._address_types():
                places = yield from self._places_of(server, type_, delegation, depth)
                outcome = yield from round_.ask_each(places)
                if outcome is not None:
                    return outcome
        # What the parents of the servers' own zones say, where those themselves are wrong or silent.
        now = self._clock.monotonic()
        glue = [place for server in unknown for place in self._delegations.glue_of(server.name, now)]
        return (yield from round_.ask_each(glue))

    def _ask_resolvers(self, round_: Round, asked: Asked, depth: int) -> Step[Outcome | None]:
        """Ask the servers that turned out to be resolvers as such: better their word than none."""
        if not round_.resolvers or asked.is_forward:
            return None
        last = self._exchange.round(replace(asked, is_forward=True), depth)
        return (yield from last.ask_each(round_.resolvers))

    def _address_types(self) -> list[str]:
        kinds = ((A.type, self._options.ask_ipv4), (AAAA.type, self._options.ask_ipv6))
        return [type_ for type_, is_asked in kinds if is_asked]

    def _places_of(self, server: NameServer, type_: str, delegation: Delegation, depth: int) -> Step[list[Server]]:
        """Look up a server's addresses; none where that fails, since the zone has other servers."""
        if not self._lookups_left:
            return []
        self._lookups_left -= 1
        question = Question(server.name, type_)
        try:
            if server.is_in_zone:
                known = yield from self._glue(question, delegation, depth + 1)
            else:
                known = yield from self._followed(question, depth + 1)
        except Unanswered:
            return []
        rdatas = [rdata for rrset in known.rrsets if rrset.type == type_ for rdata in rrset.rdatas]
        addresses = [rdata.address for rdata in rdatas if isinstance(rdata, (A, AAAA))]
        return [Server(address, self._options.port) for address in addresses[:MAX_ADDRESSES]]

    def _glue(self, question: Question, delegation: Delegation, depth: int) -> Step[Known]:
        """Ask the zone's parent for the address of a server that could only be found through itself."""
        parent = self._delegations.closest(parent_name(delegation.zone), self._clock.monotonic())
        if parent is None or not delegation.zone:
            raise Unanswered("there is no parent to ask for glue")
        places = [place for server in parent.servers for place in server.places]
        for _ in range(2):  # the name, or what it is an alias for
            round_ = self._exchange.round(self._asked(parent, question), depth, read=read_glue)
            outcome = yield from round_.ask_each(places)
            if not isinstance(outcome, Found):
                break
            target = target_of(outcome.known, question)
            if target is None:
                return outcome.known
            question = Question(target, question.type)
        raise Unanswered(f"the parent of {delegation.zone} has no glue")

    def _followed(self, question: Question, depth: int) -> Step[Known]:
        # RFC 2181 §10.3: a server's name is no alias. Lenient: some are.
        for _ in range(MAX_ALIASES):
            known = yield from self._find_address(question, depth)
            target = target_of(known, question)
            if target is None:
                return known
            question = Question(target, question.type)
        raise Unanswered(f"more than {MAX_ALIASES} aliases")

    def _primed(self, delegation: Delegation, depth: int) -> Step[Delegation]:
        """Return the zone's own idea of its servers where all that is known of them is hints (RFC 8109)."""
        zone, now = delegation.zone, self._clock.monotonic()
        is_hint = delegation.configured.is_primed if delegation.configured else not zone and self._options.prime
        if not is_hint or self._delegations.is_primed(zone, now):
            return delegation
        asked = self._asked(delegation, Question(zone, "NS"))
        primed: tuple[Delegation, int] | None = None
        for place in delegation.servers[0].places[:2]:
            message = yield from self._exchange.ask(place, asked, depth)
            primed = None if message is None else read_priming(message, asked)
            if primed is not None:
                text = f"{len(primed[0].servers)} servers of {zone or 'the root'}, by its own word"
                self._exchange.note(NoteKind.REFERRED, asked.question, text, server=place, depth=depth)
                break
        found, seconds = primed or (delegation, PRIMED_IN_VAIN_SECONDS)
        found = Delegation(zone, (*found.servers, *(delegation.servers if primed else ())), delegation.configured)
        self._delegations.prime(found, seconds, self._clock.monotonic())
        return found

    def _asked(self, delegation: Delegation, question: Question) -> Asked:
        zone = delegation.zone
        is_own = self._delegations.configured_above(zone) is not None
        return Asked(zone, question, delegation.is_forward, self._options.port, is_own, len(delegation.servers))


def _places(servers: Iterable[NameServer], *, verify: bool) -> tuple[list[Server], list[Server]]:
    """Return the addresses that may be used at once, and those that have to be looked up first."""
    sure, unsure = list[Server](), list[Server]()
    for server in servers:
        (unsure if verify and not server.is_in_zone else sure).extend(server.places)
    return sure, unsure


def _is_signed_denial(known: Known) -> bool:
    proofs = [rrset for rrset in known.authority if rrset.type in {"NSEC", "NSEC3"}]
    return known.rcode is Rcode.NXDOMAIN and bool(proofs) and all(rrset.signatures for rrset in proofs)
