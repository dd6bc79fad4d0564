"""Resolving without I/O: from the root hints to an answer, as a generator that yields whom to ask what.

Whoever drives it owns the sockets and the time, so any transport and any clock will do:

    from scop.dns import Question
    from scop.dns.dnssec import Anchors, Validator, anchors_of, parse_trust_anchors
    from scop.dns.resolver import Cache, HandClock, Resolver, ResolverOptions, Server, drive

    clock = HandClock(1_700_000_000.0)            # or anything with unix() and monotonic(), both in seconds
    anchors = anchors_of(parse_trust_anchors(". IN DS 20326 8 2 E06D…"))
    judge = Validator(Anchors(anchors), clock)    # leave it out, and nothing is proved
    options = ResolverOptions(roots=(Server("198.41.0.4"),))
    resolver = Resolver(options, Cache(), clock, judge)

    resolution = drive(resolver.resolve(Question("example.org", "MX")), transport)

where `transport(ask)` is a function that returns the server's `Message` (of `scop.dns.message.parse_message(octets)`),
or None for silence. `drive` is but this loop, and one's own may do more between two steps, as move the clock:

    step = resolver.resolve(Question("example.org", "MX"))
    ask = next(step)                              # ask.server.address, .port; ask.protocol; ask.question.name, .type
    clock.now += 0.02
    ask = step.send(message_or_none)              # until StopIteration, whose value is the Resolution

An `Ask` also says `edns` (None: ask without), `recursion_desired`, `checking_disabled` and how long to wait. A
`Resolution` has rcode, answers, authority, security, the reason, and the trace of all steps. What was learned stays in
the resolver and its cache. Hints, stub and forward zones and all else that is decided before is in `ResolverOptions`;
a root of one's own wants `has_own_root=True`, private addresses `ask_private=True`.

Standards: RFC 1034 §5.3.3, RFC 2308, RFC 4035, RFC 8198, RFC 8767, RFC 9156.
"""

from scop.dns.asking import Ask, Protocol, Server, Step
from scop.dns.resolver.cache import Cache, CacheOptions
from scop.dns.resolver.driving import HandClock, drive
from scop.dns.resolver.options import ResolverOptions, Resort, Way, Zone
from scop.dns.resolver.resolution import Resolution
from scop.dns.resolver.resolver import Judge, Resolver

__all__ = [
    "Ask",
    "Cache",
    "CacheOptions",
    "HandClock",
    "Judge",
    "Protocol",
    "Resolution",
    "Resolver",
    "ResolverOptions",
    "Resort",
    "Server",
    "Step",
    "Way",
    "Zone",
    "drive",
]
