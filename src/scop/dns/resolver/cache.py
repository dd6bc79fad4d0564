"""What the resolver remembers of names: answers, aliases and absences, each with its security, and failures.

Theory of operation. An entry is what one server's words came to (`Known`) after they were judged, under the name and
the type that stands there: the type asked for, CNAME where an alias stands in its place, no type where nothing at all
is at the name. Beside them live failures and bogus answers, for seconds; they never drive out what is good. Looking up
also finds what follows from other entries: an alias out of a DNAME further up, that nothing is below a name that is
proved not to exist, and what signed NSEC and NSEC3 records say of names that nobody asked for yet. All of it is bounded
in octets; when it is full, what was not used for longest goes first. What ran out stays until then, for the hour in
which no server answers. Glue and delegations are kept elsewhere: they lead to servers and are no answers
(RFC 2181 §5.4.1).

Standards: RFC 2181 §5.2, RFC 2308 §5 and §7, RFC 4035 §4.5 and §4.7, RFC 6672 §3.4, RFC 8020, RFC 8198, RFC 8767,
RFC 9520.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scop.dns.answer import Question
from scop.dns.known import Known, Reason
from scop.dns.names import is_at_or_below, name_to_wire, parent_name
from scop.dns.rdata import CNAME, DNAME, SOA
from scop.dns.resolver.aggressive import Denials
from scop.dns.resolver.bounded import Bounded
from scop.dns.resolver.responses import ANY
from scop.dns.resolver.stale import MAX_STALE_SECONDS, as_stale, is_of_use
from scop.dns.resolver.weight import weight_of
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Rcode, Security

__all__ = ["Cache", "CacheOptions", "EarlyRiser"]

MAX_TTL_SECONDS = 86_400  # RFC 8767 §4 lets a week; a day lets mistakes of others heal
MAX_NEGATIVE_TTL_SECONDS = 3600  # RFC 2308 §5: one to three hours work well
FAILURE_SECONDS = 5.0  # RFC 9520 §3.2: one second to five minutes; a name server is restarted in as much
BOGUS_SECONDS = 60.0  # RFC 4035 §4.7: briefly; a zone whose signatures are repaired is back within the minute
MAX_CACHE_OCTETS = 33_554_432
PREFETCH_PART = 0.1  # the last tenth of its time: long enough to ask again, and no more questions than a tenth
_DENIALS_PART = 8  # an eighth of the octets is for denials: a zone's NSEC records answer for all of its names
_TROUBLE_PART = 16  # and a sixteenth for failures: who makes many of them drives out nothing but others

_ANYTHING = ""  # the type under which "nothing at all is at this name" is kept
_NOTHING_KNOWN = (Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN)


@dataclass(frozen=True, slots=True)
class CacheOptions:
    """How much is kept, for how long, and what is concluded from it.

    `apart` are zones that somebody else answers for than whom the names above them lead to (stub and forward zones,
    negative trust anchors): nothing is concluded for them, or for what is below them, from what is known above.
    """

    max_octets: int = MAX_CACHE_OCTETS
    max_ttl_seconds: int = MAX_TTL_SECONDS
    max_negative_ttl_seconds: int = MAX_NEGATIVE_TTL_SECONDS
    max_stale_seconds: float = MAX_STALE_SECONDS
    apart: tuple[str, ...] = ()
    aggressive: bool = True  # RFC 8198


@dataclass(frozen=True, slots=True)
class _Entry:
    known: Known
    lives_seconds: float

    def is_live(self, now: float, *, fresh: bool) -> bool:
        until = self.known.until
        return now < (until - self.lives_seconds * PREFETCH_PART if fresh else until)


class Cache:
    """All of it; `now` is the time of a monotonic clock."""

    def __init__(self, options: CacheOptions = CacheOptions()) -> None:
        self._options = options
        self._entries: Bounded[tuple[str, str], _Entry] = Bounded(options.max_octets)
        self._trouble: Bounded[tuple[str, str], _Entry] = Bounded(options.max_octets // _TROUBLE_PART)
        self._denials = Denials(options.max_octets // _DENIALS_PART)

    def __len__(self) -> int:
        return len(self._entries) + len(self._trouble)

    @property
    def weight_octets(self) -> int:
        """How much is kept, as far as that is measured."""
        return self._entries.weight + self._trouble.weight + self._denials.weight

    def find(self, question: Question, now: float, *, fresh: bool = False) -> Known | None:
        """Return what is known of a question, its alias or its absence included, with TTLs that count down.

        `fresh` passes over what is in the last tenth of its time.
        """
        entry = self._live_entry(question, now, fresh=fresh)
        if entry is not None:
            return _at(entry.known, now)
        concluded = self._concluded(question, now, fresh=fresh)
        if concluded is not None:
            return concluded
        trouble = self._trouble.get((question.name, question.type))
        return _remembered_trouble(trouble.known, now) if trouble is not None and trouble.known.until > now else None

    def find_stale(self, question: Question, now: float, now_unix: float) -> Known | None:
        """Return what was known until not long ago, for when nobody can be asked (RFC 8767)."""
        entries = ((type_, self._entries.peek((question.name, type_))) for type_ in _kinds(question))
        found = [entry.known for type_, entry in entries if entry is not None and _answers(question, type_, entry)]
        for known in sorted(found, key=lambda known: -known.until):
            if known.until > now:
                return _at(known, now)
            if is_of_use(known, now, now_unix, self._options.max_stale_seconds):
                return as_stale(known)
        return None

    def is_ageing(self, question: Question, now: float) -> bool:
        """Say whether what is known of a question is in the last tenth of its time, so worth asking for again."""
        entry = self._live_entry(question, now, fresh=False)
        return entry is not None and not entry.is_live(now, fresh=True)

    def learn(self, question: Question, known: Known, now: float) -> Known:
        """Remember what was found and judged; return it with the TTLs and the time until which it holds here."""
        if known.security is Security.BOGUS or known.rcode not in _NOTHING_KNOWN:
            return self._learn_trouble(question, known, now)
        ttl = self._ttl_seconds(known)
        known = replace(_shortened(known, ttl), until=now + ttl)
        if ttl > 0 and self._may_displace(question, known, now):
            self._keep(question, known, ttl)
            if known.security is Security.SECURE and self._options.aggressive:
                self._denials.learn(known, now)
        return known

    def forget(self, apex: str) -> None:
        """Forget all that is known at or below a name."""
        for store in (self._entries, self._trouble):
            for key in store.all_keys():
                if is_at_or_below(key[0], apex):
                    store.drop(key)
        self._denials.forget(apex)

    def _live_entry(self, question: Question, now: float, *, fresh: bool) -> _Entry | None:
        for type_ in _kinds(question):
            entry = self._entries.get((question.name, type_))
            if entry is not None and entry.is_live(now, fresh=fresh) and _answers(question, type_, entry):
                return entry
        return None

    def _concluded(self, question: Question, now: float, *, fresh: bool) -> Known | None:
        """Return what follows from what is known of names further up."""
        floor = max((apex for apex in self._options.apart if is_at_or_below(question.name, apex)), key=len, default="")
        above = question.name
        while above and above != floor:
            above = parent_name(above)
            nothing = self._entries.peek((above, _ANYTHING))
            # RFC 8020 §2. Stricter: only where it is proved, since servers that say NXDOMAIN where names stand further
            # down are not rare; to be asked once more costs them little, and us no mail.
            if nothing is not None and nothing.is_live(now, fresh=fresh) and _is_secure(nothing.known):
                return _at(nothing.known, now)
            alias = self._entries.peek((above, DNAME.type))
            # RFC 6672 §3.4. Stricter: only where it is proved, since one forged answer would move all names below.
            if alias is not None and alias.known.rrsets and alias.is_live(now, fresh=fresh) and _is_secure(alias.known):
                return _through_dname(question.name, _at(alias.known, now))
        return self._denials.find(question, now, floor) if self._options.aggressive else None

    def _learn_trouble(self, question: Question, known: Known, now: float) -> Known:
        seconds = BOGUS_SECONDS if known.security is Security.BOGUS else FAILURE_SECONDS
        known = replace(_shortened(known, round(seconds)), until=now + seconds)
        self._trouble.put((question.name, question.type), _Entry(known, seconds), weight_of(known))
        return known

    def _may_displace(self, question: Question, known: Known, now: float) -> bool:
        """Say whether it is no worse than what is there: what nobody judged never drives out what was."""
        if known.security is not Security.INDETERMINATE:
            return True
        entry = self._live_entry(question, now, fresh=False)
        return entry is None or entry.known.security is Security.INDETERMINATE

    def _keep(self, question: Question, known: Known, ttl: int) -> None:
        name, first = question.name, known.rrsets[0] if known.rrsets else None
        self._trouble.drop((name, question.type))
        if known.rcode is Rcode.NXDOMAIN:
            kind = _ANYTHING
        elif first is None:
            kind = question.type
        else:
            self._entries.drop((name, _ANYTHING))
            # Some of all is no answer to who asks for one type: an RRset may be missing (RFC 8482 §4.1).
            kind = ANY if question.type == ANY and first.owner == name else first.type
            if kind == DNAME.type and first.owner != name:
                name, known = first.owner, replace(known, rcode=Rcode.NOERROR, rrsets=(first,))
        self._entries.put((name, kind), _Entry(known, ttl), weight_of(known))

    def _ttl_seconds(self, known: Known) -> int:
        # RFC 2181 §5.2, RFC 2308 §5, RFC 9077 §3: what belongs together holds as long as the shortest of it.
        ttls = [rrset.ttl_seconds for rrset in (*known.rrsets, *known.authority)]
        if known.rrsets and known.rcode is not Rcode.NXDOMAIN:
            return min(self._options.max_ttl_seconds, *ttls)
        minima = [rdata.minimum_seconds for rdata in _starts(known.authority)]
        return min(self._options.max_negative_ttl_seconds, *ttls, *minima) if minima else 0


class EarlyRiser:
    """The same cache to who shall ask again before an answer runs out: its last tenth counts as gone.

    A resolver that looks here, behind one that answers from the whole time, fetches hot names before they are missed.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def find(self, question: Question, now: float) -> Known | None:
        """Return what is known and will be for a while."""
        return self._cache.find(question, now, fresh=True)

    def learn(self, question: Question, known: Known, now: float) -> Known:
        """Remember what was found and judged."""
        return self._cache.learn(question, known, now)


def _kinds(question: Question) -> tuple[str, ...]:
    """Return the types under which an answer to the question may be kept."""
    return (ANY, _ANYTHING) if question.type == ANY else (question.type, CNAME.type, _ANYTHING)


def _answers(question: Question, type_: str, entry: _Entry) -> bool:
    """Say whether an entry of this type answers the question: that there is no alias says nothing of other types."""
    return type_ in (question.type, _ANYTHING) or bool(entry.known.rrsets)


def _starts(authority: Iterable[RRset]) -> list[SOA]:
    return [rdata for rrset in authority for rdata in rrset.rdatas if isinstance(rdata, SOA)]


def _is_secure(known: Known) -> bool:
    return known.security is Security.SECURE


def _at(known: Known, now: float) -> Known:
    """Return the same with TTLs that count down to `until`."""
    return _shortened(known, max(0, round(known.until - now)))


def _shortened(known: Known, ttl: int) -> Known:
    return replace(known, rrsets=_capped(known.rrsets, ttl), authority=_capped(known.authority, ttl))


def _capped(rrsets: tuple[RRset, ...], ttl: int) -> tuple[RRset, ...]:
    if all(rrset.ttl_seconds <= ttl for rrset in rrsets):
        return rrsets
    return tuple([rrset if rrset.ttl_seconds <= ttl else replace(rrset, ttl_seconds=ttl) for rrset in rrsets])


def _remembered_trouble(known: Known, now: float) -> Known:
    # RFC 8914 §4.14. A bogus answer keeps its own reason: that is what the asker wants to know.
    if known.security is Security.BOGUS:
        return _at(known, now)
    text = known.reason.text if known.reason is not None else "it failed a moment ago"
    return replace(_at(known, now), reason=Reason(text, Ede.CACHED_ERROR))


def _through_dname(name: str, known: Known) -> Known:
    """Return the alias that a DNAME further up makes of `name` (RFC 6672 §3.1)."""
    dname = known.rrsets[0]
    first = dname.rdatas[0]
    assert isinstance(first, DNAME)
    head = name[: len(name) - len(dname.owner)] if dname.owner else name + "."
    target = (head + first.target).removesuffix(".")
    try:
        name_to_wire(target)
    except ValueError:
        return replace(known, rcode=Rcode.YXDOMAIN)  # RFC 6672 §2.2
    return replace(known, rrsets=(dname, RRset(name, CNAME.type, dname.ttl_seconds, (CNAME(target),))))
