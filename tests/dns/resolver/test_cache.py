"""The cache: what it finds, for how long, and what follows from what it knows."""

from __future__ import annotations

import dataclasses

from scop.dns.answer import Question
from scop.dns.known import Known, Reason
from scop.dns.rdata import CNAME, DNAME, RRSIG, SOA, A, Rdata
from scop.dns.resolver.cache import BOGUS_SECONDS, FAILURE_SECONDS, Cache, CacheOptions, EarlyRiser
from scop.dns.resolver.stale import STALE_TTL_SECONDS
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Rcode, Security

NOW = 1000.0
NOW_UNIX = 1_790_000_000.0
SECURE, INSECURE, BOGUS = Security.SECURE, Security.INSECURE, Security.BOGUS


def rrset(owner: str, rdata: Rdata, ttl: int = 300, signatures: tuple[Rdata, ...] = ()) -> RRset:
    """Return an RRset of one record."""
    return RRset(owner, rdata.type, ttl, (rdata,), signatures)


def start_of(zone: str, ttl: int = 3600, minimum: int = 600) -> RRset:
    """Return the SOA of a zone."""
    return rrset(zone, SOA(f"ns.{zone}", f"root.{zone}", 1, 2, 3, 4, minimum), ttl)


def address(owner: str, ttl: int = 300, security: Security = INSECURE) -> Known:
    """Return one address as it is known."""
    return Known(Rcode.NOERROR, (rrset(owner, A("192.0.2.1"), ttl),), zone="test", security=security)


def absence(rcode: Rcode, security: Security = INSECURE, ttl: int = 3600, minimum: int = 600) -> Known:
    """Return that there is nothing."""
    return Known(rcode, (), (start_of("test", ttl, minimum),), "test", security)


def asked(name: str, type_: str = "A") -> Question:
    """Return a question."""
    return Question(name, type_)


def test_cache_counts_ttls_down() -> None:
    """RFC 1034 §5.3.3, RFC 2181 §8: what was learned is found with the time that is left of it."""
    cache = Cache()
    cache.learn(asked("a.test"), address("a.test"), NOW)
    found = cache.find(asked("a.test"), NOW + 100)
    assert found is not None
    assert found.rrsets == (rrset("a.test", A("192.0.2.1"), 200),)


def test_cache_forgets_at_its_time() -> None:
    """RFC 1035 §3.2.1: at the end of its TTL an answer is none any more."""
    cache = Cache()
    cache.learn(asked("a.test"), address("a.test"), NOW)
    assert cache.find(asked("a.test"), NOW + 299.9) is not None
    assert cache.find(asked("a.test"), NOW + 300) is None


def test_cache_keeps_nothing_of_no_time() -> None:
    """RFC 1035 §3.2.1: a TTL of zero is for the one who asked."""
    cache = Cache()
    learned = cache.learn(asked("a.test"), address("a.test", 0), NOW)
    assert learned.rrsets == address("a.test", 0).rrsets
    assert len(cache) == 0


def test_cache_bounds_ttls() -> None:
    """RFC 8767 §4: a TTL of years is cut to a day."""
    learned = Cache().learn(asked("a.test"), address("a.test", 2**30), NOW)
    assert [found.ttl_seconds for found in learned.rrsets] == [86_400]
    assert learned.until == NOW + 86_400


def test_cache_takes_an_alias_for_each_type_but_its_own() -> None:
    """RFC 1034 §3.6.2: an alias stands for every type of its name."""
    cache = Cache()
    alias = Known(Rcode.NOERROR, (rrset("a.test", CNAME("b.test")),), security=INSECURE)
    cache.learn(asked("a.test"), alias, NOW)
    assert [cache.find(asked("a.test", type_), NOW) is not None for type_ in ("MX", "CNAME")] == [True, True]
    assert cache.find(asked("b.test", "MX"), NOW) is None


def test_cache_takes_no_missing_alias_for_an_answer() -> None:
    """RFC 2308 §5: that a name has no CNAME or no DNAME says nothing of its other types, or of names below it."""
    cache = Cache()
    for type_ in ("CNAME", "DNAME"):
        cache.learn(asked("a.test", type_), absence(Rcode.NOERROR, SECURE), NOW)
    assert cache.find(asked("a.test"), NOW) is None
    assert cache.find(asked("b.a.test"), NOW) is None
    assert cache.find_stale(asked("a.test"), NOW, NOW) is None
    assert cache.find(asked("a.test", "CNAME"), NOW) is not None


def test_cache_remembers_an_absence_as_long_as_its_soa_says() -> None:
    """RFC 2308 §5: the lesser of the SOA's TTL and its minimum, of this type only."""
    cache = Cache()
    cache.learn(asked("a.test", "MX"), absence(Rcode.NOERROR, minimum=60), NOW)
    assert cache.find(asked("a.test", "MX"), NOW + 59) is not None
    assert cache.find(asked("a.test", "MX"), NOW + 60) is None
    assert cache.find(asked("a.test", "A"), NOW) is None


def test_cache_does_not_remember_an_absence_without_soa() -> None:
    """RFC 2308 §5: without an SOA there is no time for which it holds."""
    cache = Cache()
    cache.learn(asked("a.test"), Known(Rcode.NXDOMAIN, security=INSECURE), NOW)
    assert cache.find(asked("a.test"), NOW) is None


def test_cache_takes_no_name_for_no_type() -> None:
    """RFC 2308 §5: NXDOMAIN is of every type."""
    cache = Cache()
    cache.learn(asked("a.test", "MX"), absence(Rcode.NXDOMAIN), NOW)
    found = cache.find(asked("a.test", "TXT"), NOW)
    assert found is not None
    assert found.rcode is Rcode.NXDOMAIN


def test_cache_unlearns_that_a_name_does_not_exist() -> None:
    """A name that has records now exists for all types."""
    cache = Cache()
    cache.learn(asked("a.test", "MX"), absence(Rcode.NXDOMAIN), NOW)
    cache.learn(asked("a.test"), address("a.test"), NOW)
    assert cache.find(asked("a.test", "TXT"), NOW) is None


def test_cache_cuts_below_a_proved_absence() -> None:
    """RFC 8020 §2: nothing is below a name that is proved not to exist; unproved, it is said of the name alone."""
    for security, expected in ((SECURE, Rcode.NXDOMAIN), (INSECURE, None)):
        cache = Cache()
        cache.learn(asked("no.test"), absence(Rcode.NXDOMAIN, security), NOW)
        found = cache.find(asked("a.b.no.test", "TXT"), NOW)
        assert (None if found is None else found.rcode) == expected


def test_cache_concludes_nothing_for_zones_apart() -> None:
    """A stub zone's names are its servers' to deny, whatever is proved above it."""
    cache = Cache(CacheOptions(apart=("corp.no.test",)))
    cache.learn(asked("no.test"), absence(Rcode.NXDOMAIN, SECURE), NOW)
    assert cache.find(asked("a.corp.no.test"), NOW) is None
    assert cache.find(asked("a.no.test"), NOW) is not None


def test_cache_makes_aliases_of_a_dname() -> None:
    """RFC 6672 §3.1: a DNAME makes an alias of each name below it, as secure as it is, and none of its own."""
    cache = Cache()
    dname = rrset("old.test", DNAME("new.test"))
    made = rrset("x.old.test", CNAME("x.new.test"))
    cache.learn(asked("x.old.test"), Known(Rcode.NOERROR, (dname, made), security=SECURE), NOW)
    found = cache.find(asked("a.b.old.test", "MX"), NOW + 100)
    assert found is not None
    assert (found.security, found.rrsets) == (
        SECURE,
        (rrset("old.test", DNAME("new.test"), 200), rrset("a.b.old.test", CNAME("a.b.new.test"), 200)),
    )
    assert cache.find(asked("old.test", "MX"), NOW) is None


def test_cache_says_yxdomain_where_a_dname_makes_too_long_a_name() -> None:
    """RFC 6672 §2.2: a name that would pass 255 octets is YXDOMAIN."""
    cache = Cache()
    dname = rrset("old.test", DNAME("n" * 60 + ".test"))
    cache.learn(asked("old.test", "DNAME"), Known(Rcode.NOERROR, (dname,), security=SECURE), NOW)
    long = ".".join(["x" * 60] * 3 + ["y" * 20, "old.test"])
    found = cache.find(asked(long), NOW)
    assert found is not None
    assert (found.rcode, found.rrsets) == (Rcode.YXDOMAIN, (dname,))


def test_cache_remembers_failures_briefly_and_says_so() -> None:
    """RFC 9520 §3.2, RFC 8914 §4.14: for seconds, as an error out of the cache."""
    cache = Cache()
    cache.learn(asked("a.test"), Known(Rcode.SERVFAIL, reason=Reason("silence", Ede.NO_REACHABLE_AUTHORITY)), NOW)
    found = cache.find(asked("a.test"), NOW + 1)
    assert found is not None
    assert (found.rcode, found.reason) == (Rcode.SERVFAIL, Reason("silence", Ede.CACHED_ERROR))
    assert cache.find(asked("a.test"), NOW + FAILURE_SECONDS) is None


def test_cache_keeps_bogus_answers_briefly_with_their_reason() -> None:
    """RFC 4035 §4.7: briefly, whatever their TTL; why it is bogus stays what the asker hears."""
    cache = Cache()
    reason = Reason("expired", Ede.SIGNATURE_EXPIRED)
    cache.learn(asked("a.test"), dataclasses.replace(address("a.test", 9999, BOGUS), reason=reason), NOW)
    found = cache.find(asked("a.test"), NOW + 1)
    assert found is not None
    assert (found.security, found.reason, found.rrsets[0].ttl_seconds) == (BOGUS, reason, round(BOGUS_SECONDS) - 1)
    assert cache.find(asked("a.test"), NOW + BOGUS_SECONDS) is None


def test_cache_lets_trouble_displace_nothing_good() -> None:
    """RFC 8767 §4: a failure while an answer holds, or is stale, does not cost the answer."""
    cache = Cache()
    cache.learn(asked("a.test"), address("a.test"), NOW)
    cache.learn(asked("a.test"), Known(Rcode.SERVFAIL), NOW)
    found = cache.find(asked("a.test"), NOW)
    assert found is not None
    assert found.rcode is Rcode.NOERROR


def test_cache_lets_the_unjudged_displace_nothing_judged() -> None:
    """RFC 2181 §5.4.1: less trustworthy words do not replace better ones that still hold."""
    cache = Cache()
    cache.learn(asked("a.test"), address("a.test", security=SECURE), NOW)
    cache.learn(asked("a.test"), address("a.test", security=Security.INDETERMINATE), NOW)
    found = cache.find(asked("a.test"), NOW)
    assert found is not None
    assert found.security is SECURE


def test_cache_serves_stale_answers_for_a_day() -> None:
    """RFC 8767 §4: when nobody can be asked, what was true is said with a TTL of 30 s and a word for it."""
    cache = Cache()
    cache.learn(asked("a.test"), address("a.test"), NOW)
    cache.learn(asked("no.test"), absence(Rcode.NXDOMAIN), NOW)
    later = NOW + 86_000
    found, nothing = (
        cache.find_stale(asked("a.test"), later, NOW_UNIX),
        cache.find_stale(asked("no.test"), later, NOW_UNIX),
    )
    assert found is not None
    assert nothing is not None
    assert [known.reason and known.reason.ede for known in (found, nothing)] == [
        Ede.STALE_ANSWER,
        Ede.STALE_NXDOMAIN_ANSWER,
    ]
    assert found.rrsets == (rrset("a.test", A("192.0.2.1"), STALE_TTL_SECONDS),)
    assert cache.find_stale(asked("a.test"), NOW + 300 + 86_400, NOW_UNIX) is None


def test_cache_serves_no_proof_beyond_its_signatures() -> None:
    """RFC 4035 §5.3.3: what was proved is said no longer than its signatures hold, and never as less than proved."""
    expiration = int(NOW_UNIX) + 400
    signature = RRSIG("A", 13, 2, 300, expiration, int(NOW_UNIX) - 400, 1, "test", b"s")
    known = Known(Rcode.NOERROR, (rrset("a.test", A("192.0.2.1"), 300, (signature,)),), security=SECURE)
    cache = Cache()
    cache.learn(asked("a.test"), known, NOW)
    before = cache.find_stale(asked("a.test"), NOW + 350, NOW_UNIX + 350)
    assert before is not None
    assert before.security is SECURE
    assert cache.find_stale(asked("a.test"), NOW + 450, NOW_UNIX + 450) is None


def test_cache_finds_a_live_answer_too_when_stale_ones_will_do() -> None:
    """RFC 8767 §4: stale words are for where there are no better ones."""
    cache = Cache()
    cache.learn(asked("a.test"), address("a.test"), NOW)
    found = cache.find_stale(asked("a.test"), NOW + 100, NOW_UNIX)
    assert found is not None
    assert (found.reason, found.rrsets[0].ttl_seconds) == (None, 200)


def test_cache_calls_the_last_tenth_ageing() -> None:
    """A hot name is asked for again in the last tenth of its time, so that nobody waits for it."""
    cache = Cache()
    cache.learn(asked("a.test"), address("a.test"), NOW)
    assert [cache.is_ageing(asked("a.test"), NOW + after) for after in (0, 269, 271, 300)] == [
        False,
        False,
        True,
        False,
    ]
    early = EarlyRiser(cache)
    assert [early.find(asked("a.test"), NOW + after) is None for after in (269, 271)] == [False, True]
    early.learn(asked("a.test"), address("a.test"), NOW + 271)
    assert cache.find(asked("a.test"), NOW + 570) is not None


def test_cache_is_bounded_in_octets() -> None:
    """However many names are asked for, what is kept stays within its octets; the unused go first."""
    cache = Cache(CacheOptions(max_octets=50_000))
    cache.learn(asked("used.test"), address("used.test"), NOW)
    for number in range(500):
        cache.learn(asked(f"a{number}.test"), address(f"a{number}.test"), NOW)
        cache.find(asked("used.test"), NOW)
    assert cache.weight_octets <= 50_000
    assert cache.find(asked("used.test"), NOW) is not None
    assert cache.find(asked("a0.test"), NOW) is None
    assert cache.find(asked("a499.test"), NOW) is not None


def test_cache_forgets_a_zone() -> None:
    """What is forgotten is all at and below a name, and nothing beside it."""
    cache = Cache()
    for name in ("a.test", "x.a.test", "b.test"):
        cache.learn(asked(name), address(name), NOW)
    cache.forget("a.test")
    assert [cache.find(asked(name), NOW) is None for name in ("a.test", "x.a.test", "b.test")] == [True, True, False]
