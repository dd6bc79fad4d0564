"""What a scenario's options mean to our resolver, or why the scenario is not for it.

An option that is not named here makes its scenario "not supported": nothing is passed over silently.
"""

from __future__ import annotations

import calendar
import ipaddress
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from scenarios.rpl import Scenario
from scop.dns.asking import Server
from scop.dns.dnssec.algorithms import MODERN, WITH_SHA1, Algorithm
from scop.dns.names import normal_name
from scop.dns.resolver.cache import MAX_TTL_SECONDS
from scop.dns.resolver.nat64 import WELL_KNOWN_PREFIX
from scop.dns.resolver.options import Network, ResolverOptions, Resort, Way, Zone
from scop.dns.resolver.reply import Manners

__all__ = ["NotSupported", "Settings", "settings_of"]

# They change nothing that is compared here, or are what we always do.
PASSED_OVER = frozenset(
    {
        "ede",  # reasons are told to whoever speaks EDNS
        "do-not-query-localhost",  # all addresses may be asked, as all are mocked
        "edns-tcp-keepalive",
        "harden-algo-downgrade",
        "harden-below-nxdomain",  # done where it is proved
        "harden-large-queries",
        "harden-referral-path",  # answers steer us nowhere
        "harden-short-bufsize",
        "iter-scrub-promiscuous",  # they are always scrubbed
        "log-queries",
        "log-servfail",
        "log-time-ascii",
        "minimal-responses",  # what may be left out is not compared
        "outbound-msg-retry",
        "qname-minimisation-strict",
        "rrset-roundrobin",
        "stub-name",  # what a hint is called
        "target-fetch-policy",  # we fetch no address ahead
        "trust-anchor-signaling",
        "val-log-level",
        "verbosity",
    }
)
# What we do not do, by decision.
UNSUPPORTED = {
    "dns64-prefix": "DNS64 is not done",
    "local-zone": "local zones are the primary's business",
    "local-data": "local zones are the primary's business",
    "num-queries-per-thread": "how many questions are in flight is the cell's business",
    "iter-scrub-ns": "RRsets of servers are kept whole",
    "cachedb": "there is no second cache",
}
UNSUPPORTED_BLOCKS = {
    "AUTOTRUST_FILE": "trust anchors are configured, not followed (RFC 5011)",
    "TEMPFILE_CONTENTS": "zone files in the resolver are the primary's business",
}
MODULES = {"iterator": False, "validator iterator": True, "respip validator iterator": True}
NO_DATE = "-1"
MILLISECONDS = 1000


# The world of a scenario is not ours: all addresses may be asked, and the names that Unbound asks for are.
_BEGINNING = ResolverOptions(ask_private=True, ordinary_names=frozenset({"local", "alt"}))
_SILENT = Manners()


class NotSupported(Exception):
    """The scenario wants something that our resolver does not do."""


@dataclass(frozen=True)
class Settings:
    """What a scenario is played with."""

    resolver: ResolverOptions = _BEGINNING
    manners: Manners = _SILENT
    anchors: tuple[str, ...] = ()
    negative_anchors: tuple[str, ...] = ()
    aggressive: bool = False  # Unbound's default
    max_ttl_seconds: int = MAX_TTL_SECONDS
    validates: bool = True
    accepts_sha1: bool = False
    unix: float = 1_700_000_000.0
    zones: tuple[Zone, ...] = field(default=())


def settings_of(scenario: Scenario) -> Settings:
    """Return the settings; raises `NotSupported` with the reason."""
    for block in sorted(scenario.blocks):
        raise NotSupported(UNSUPPORTED_BLOCKS[block])
    settings = Settings(unix=_unix(scenario))
    hides = {"hide-identity": False, "hide-version": False}
    for section, pairs in _sections(scenario.options):
        if section in {"stub-zone", "forward-zone"}:
            settings = replace(settings, zones=(*settings.zones, _zone(section, pairs)))
            continue
        if section != "server":
            raise NotSupported(f"the option {section}")
        for key, value in pairs:
            if key in hides:
                hides[key] = value == "yes"
            else:
                settings = _with_option(settings, key, value)
    _check_access(scenario)
    _check_algorithms(settings)
    return _placed(_hidden(settings, hides))


def _check_access(scenario: Scenario) -> None:
    """Pass over who may ask, unless that is what the scenario plays."""
    ways = {value.split()[-1] for key, value in scenario.options if key == "access-control" and value}
    if any("refuse" in way or "deny" in way for way in ways):
        raise NotSupported("who may ask is the cell's business")
    asked = [step.entry for step in scenario.steps if step.kind == "QUERY" and step.entry is not None]
    if "allow_snoop" in ways and any("RD" not in entry.flags for entry in asked):
        raise NotSupported("nobody may look into our memory")


def _sections(options: list[tuple[str, str]]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    section, pairs = "server", list[tuple[str, str]]()
    for key, value in options:
        if value == "" and key in {"server", "stub-zone", "forward-zone", "auth-zone", "remote-control", "view"}:
            if pairs:
                yield section, pairs
            section, pairs = key, []
        else:
            pairs.append((key, value))
    if pairs:
        yield section, pairs


def _zone(section: str, pairs: list[tuple[str, str]]) -> Zone:
    name, servers, first, primed = "", list[Server](), False, False
    for key, value in pairs:
        match key.partition("-")[2] or key:
            case "name":
                name = value
            case "addr":
                servers.append(_server(value))
            case "first":
                first = value == "yes"
            case "prime":
                primed = value == "yes"
            case "no-cache" | "tls-upstream" | "ssl-upstream" if value == "no":
                pass
            case _:
                raise NotSupported(f"the option {key}")
    way = Way.STUB if section == "stub-zone" else Way.FORWARD
    return Zone(name, tuple(servers), way, Resort.WORLD if first else Resort.NONE, primed)


def _server(value: str) -> Server:
    address, _, port = value.partition("@")
    return Server(str(ipaddress.ip_address(address)), int(port or 53))


def _with_option(settings: Settings, key: str, value: str) -> Settings:
    if key in PASSED_OVER:
        return settings
    if key in UNSUPPORTED:
        raise NotSupported(UNSUPPORTED[key])
    taken = _OPTIONS.get(key)
    if taken is None:
        raise NotSupported(f"the option {key}: {value}")
    return taken(settings, value)


def _of_resolver(make: Callable[[ResolverOptions, str], ResolverOptions]) -> Callable[[Settings, str], Settings]:
    return lambda settings, value: replace(settings, resolver=make(settings.resolver, value))


def _of_manners(make: Callable[[Manners, str], Manners]) -> Callable[[Settings, str], Settings]:
    return lambda settings, value: replace(settings, manners=make(settings.manners, value))


def _modules(settings: Settings, value: str) -> Settings:
    if value not in MODULES:
        raise NotSupported(f"the modules {value}")
    return replace(settings, validates=MODULES[value])


def _nsid(value: str) -> bytes:
    return value.removeprefix("ascii_").encode() if value.startswith("ascii_") else bytes.fromhex(value)


def _nat64(options: ResolverOptions, value: str) -> ResolverOptions:
    return replace(options, nat64_prefix=options.nat64_prefix or WELL_KNOWN_PREFIX) if _is_yes(value) else options


def _is_yes(value: str) -> bool:
    return value == "yes"


def _hardened(settings: Settings, value: str) -> Settings:
    if not _is_yes(value):
        raise NotSupported("glue of other zones is never believed")
    return settings


_OPTIONS: dict[str, Callable[[Settings, str], Settings]] = {
    "query-minimization": _of_resolver(lambda options, value: replace(options, minimise=value in {"yes", "on"})),
    "qname-minimisation": _of_resolver(lambda options, value: replace(options, minimise=_is_yes(value))),
    "do-ip4": _of_resolver(lambda options, value: replace(options, ask_ipv4=_is_yes(value))),
    "do-ip6": _of_resolver(lambda options, value: replace(options, ask_ipv6=_is_yes(value))),
    "do-nat64": _of_resolver(_nat64),
    "nat64-prefix": _of_resolver(lambda options, value: replace(options, nat64_prefix=ipaddress.IPv6Network(value))),
    "harden-unverified-glue": _of_resolver(lambda options, value: replace(options, verify_glue=_is_yes(value))),
    "max-global-quota": _of_resolver(lambda options, value: replace(options, max_queries=int(value))),
    "private-address": _of_resolver(
        lambda options, value: replace(options, private_networks=(*options.private_networks, _network(value)))
    ),
    "private-domain": _of_resolver(
        lambda options, value: replace(options, private_domains=options.private_domains | {normal_name(value)})
    ),
    "do-not-query-address": _of_resolver(
        lambda options, value: replace(options, excluded_servers=(*options.excluded_servers, _network(value)))
    ),
    "nsid": _of_manners(lambda manners, value: replace(manners, nsid=_nsid(value))),
    "identity": _of_manners(lambda manners, value: replace(manners, identity=value)),
    "version": _of_manners(lambda manners, value: replace(manners, version=value)),
    "edns-tcp-keepalive-timeout": _of_manners(
        lambda manners, value: replace(manners, idle_seconds=int(value) / MILLISECONDS)
    ),
    "trust-anchor": lambda settings, value: replace(settings, anchors=(*settings.anchors, value)),
    "domain-insecure": lambda settings, value: replace(
        settings, negative_anchors=(*settings.negative_anchors, normal_name(value))
    ),
    "aggressive-nsec": lambda settings, value: replace(settings, aggressive=_is_yes(value)),
    "access-control": lambda settings, value: settings,  # see _check_access
    "module-config": _modules,
    "harden-glue": _hardened,
    "cache-max-ttl": lambda settings, value: replace(settings, max_ttl_seconds=int(value)),
    "fake-sha1": lambda settings, value: replace(settings, accepts_sha1=_is_yes(value)),
    "val-override-date": lambda settings, value: settings,  # see _unix
    "val-override-timestamp": lambda settings, value: replace(settings, unix=float(value)),
    "stub-addr": lambda settings, value: replace(settings, zones=(*settings.zones, Zone("", (_server(value),)))),
}


def _hidden(settings: Settings, hides: dict[str, bool]) -> Settings:
    manners = settings.manners
    if hides["hide-identity"]:
        manners = replace(manners, identity="")
    if hides["hide-version"]:
        manners = replace(manners, version="")
    return replace(settings, manners=manners)


def _placed(settings: Settings) -> Settings:
    """Make the stub zone of the root our hints: testbound's way to say them, in a comment with the server's name."""
    roots = [zone for zone in settings.zones if not zone.name and zone.way is Way.STUB and not zone.is_primed]
    servers = tuple(server for zone in roots for server in zone.servers)
    zones = tuple(zone for zone in settings.zones if zone not in roots)
    return replace(settings, resolver=replace(settings.resolver, roots=servers, zones=zones))


def _network(value: str) -> Network:
    return ipaddress.ip_network(value)


def _unix(scenario: Scenario) -> float:
    dates = [value for key, value in scenario.options if key == "val-override-date"]
    if not dates:
        return Settings.unix
    if dates[-1] != NO_DATE:
        return float(calendar.timegm(time.strptime(dates[-1], "%Y%m%d%H%M%S")))
    # "any date": as the signatures begin.
    records = [r for entry in scenario.entries for section in entry.sections.values() for r in section]
    began = [int.from_bytes(record.octets[12:16]) for record in records if record.type == "RRSIG"]
    return max(began, default=0) + 1.0


def _check_algorithms(settings: Settings) -> None:
    accepted = (WITH_SHA1 if settings.accepts_sha1 else MODERN).algorithms
    used = {_algorithm(anchor.split()) for anchor in settings.anchors}
    if used - accepted:
        names = ", ".join(map(str, sorted(used - accepted)))
        raise NotSupported(f"its trust begins with algorithm {names}, which counts as unsigned by decision")


def _algorithm(words: list[str]) -> int:
    """Return the algorithm's number, the third word of a DNSKEY's data and the second of a DS's."""
    at = next(place for place, word in enumerate(words) if word.upper() in {"DS", "DNSKEY"})
    word = words[at + (2 if words[at].upper() == "DS" else 3)]
    return int(word) if word.isdecimal() else Algorithm[word.upper().replace("-", "_")]
