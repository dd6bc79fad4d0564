"""The question for TLSA records: what secure, insecure, missing and broken answers mean for a host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fakes.recording_names import RecordingNames
from scop.dane import DaneState, TlsaFound, lookup
from scop.dns import CNAME, TIMEOUT, TLSA, A, Question, Rdata, Security, StaticNames, run

HOST = "mx.sea.test"
PIN = TLSA(3, 1, 1, bytes(32))
ALIEN = TLSA(1, 1, 1, bytes(32))
HERE = A("192.0.2.1")
SECURE = Security.SECURE

Zone = dict[tuple[str, str], Sequence[Rdata] | Literal["TIMEOUT"]]


def _asked(mapping: Zone, security: dict[str, Security], host: str = HOST) -> tuple[TlsaFound, list[Question]]:
    names = RecordingNames(StaticNames(mapping, security=security))
    return run(lookup(host), names), names.asked


def _found(mapping: Zone, security: dict[str, Security], host: str = HOST) -> TlsaFound:
    return _asked(mapping, security, host)[0]


def test_dane_lookup_finds_secure_records() -> None:
    """RFC 7672 §2.2: secure records beside a secure host ask for a certificate."""
    found = _found({(HOST, "A"): [HERE], (f"_25._tcp.{HOST}", "TLSA"): [PIN]}, {"sea.test": SECURE})
    assert TlsaFound(DaneState.USABLE, HOST, HOST, (PIN,)) == found
    assert (HOST, "sea.test") == found.names("sea.test")


def test_dane_lookup_asks_nothing_of_unsigned_zones() -> None:
    """RFC 7672 §2.2.2: where the address is insecure, TLSA is not even asked for."""
    found, asked = _asked({(HOST, "A"): [HERE], (f"_25._tcp.{HOST}", "TLSA"): [PIN]}, {})
    assert (DaneState.NONE, [Question(HOST, "A")]) == (found.state, asked)


def test_dane_lookup_believes_no_insecure_records() -> None:
    """RFC 7672 §2.2: records in an unsigned zone below are no records."""
    security = {"sea.test": SECURE, f"_tcp.{HOST}": Security.INSECURE}
    found = _found({(HOST, "A"): [HERE], (f"_25._tcp.{HOST}", "TLSA"): [PIN]}, security)
    assert DaneState.NONE is found.state


def test_dane_lookup_without_records_is_none() -> None:
    """RFC 7672 §2.2: a secure "there is none" leaves the host to other policies."""
    assert DaneState.NONE is _found({(HOST, "A"): [HERE]}, {"sea.test": SECURE}).state


def test_dane_lookup_needs_no_ipv4() -> None:
    """A host of IPv6 only is as secure: that it has no A record is proved too."""
    found = _found({(f"_25._tcp.{HOST}", "TLSA"): [PIN]}, {"sea.test": SECURE})
    assert DaneState.USABLE is found.state


def test_dane_lookup_fails_where_answers_are_kept_back() -> None:
    """RFC 7672 §2.1.1: bogus, or no answer, is no permission to go without."""
    for broken in ((f"_25._tcp.{HOST}", "TLSA"), (HOST, "A")):
        zone: Zone = {(HOST, "A"): [HERE], (f"_25._tcp.{HOST}", "TLSA"): [PIN], broken: TIMEOUT}
        assert DaneState.FAILED is _found(zone, {"sea.test": SECURE}).state
    zone = {(HOST, "A"): [HERE], (f"_25._tcp.{HOST}", "TLSA"): [PIN]}
    assert DaneState.FAILED is _found(zone, {"sea.test": SECURE, f"_tcp.{HOST}": Security.BOGUS}).state
    assert DaneState.FAILED is _found(zone, {"sea.test": Security.BOGUS}).state


def test_dane_lookup_tells_unusable_records_from_none() -> None:
    """RFC 7672 §2.2: secure records of which none is usable still ask for TLS."""
    found = _found({(HOST, "A"): [HERE], (f"_25._tcp.{HOST}", "TLSA"): [ALIEN]}, {"sea.test": SECURE})
    assert (DaneState.UNUSABLE, (ALIEN,)) == (found.state, found.records)


def test_dane_lookup_prefers_the_end_of_an_alias() -> None:
    """RFC 7672 §2.2.2: with a chain that is secure as a whole, records beside the last name come first."""
    real = "in.port.test"
    zone: Zone = {
        (HOST, "CNAME"): [CNAME(real)],
        (real, "A"): [HERE],
        (f"_25._tcp.{real}", "TLSA"): [PIN],
        (f"_25._tcp.{HOST}", "TLSA"): [ALIEN],
    }
    security = {"sea.test": SECURE, "port.test": SECURE}
    found = _found(zone, security)
    assert (real, (real, "sea.test", HOST)) == (found.base_domain, found.names("sea.test"))
    del zone[f"_25._tcp.{real}", "TLSA"]
    assert HOST == _found(zone, security).base_domain


def test_dane_lookup_of_an_alias_into_an_unsigned_zone() -> None:
    """RFC 7672 §2.2.2: where only the alias is secure, the records beside the first name count."""
    zone: Zone = {
        (HOST, "CNAME"): [CNAME("in.port.test")],
        ("in.port.test", "A"): [HERE],
        (f"_25._tcp.{HOST}", "TLSA"): [PIN],
        ("_25._tcp.in.port.test", "TLSA"): [ALIEN],
    }
    assert (DaneState.USABLE, HOST) == (
        _found(zone, {"sea.test": SECURE}).state,
        _found(zone, {"sea.test": SECURE}).base_domain,
    )
    assert DaneState.NONE is _found(zone, {"port.test": SECURE}).state


def test_dane_lookup_follows_an_aliased_record() -> None:
    """RFC 7671 §7: the TLSA name itself may be an alias, as hosters use it."""
    zone: Zone = {
        (HOST, "A"): [HERE],
        (f"_25._tcp.{HOST}", "CNAME"): [CNAME("tlsa.sea.test")],
        ("tlsa.sea.test", "TLSA"): [PIN],
    }
    assert (DaneState.USABLE, HOST) == (
        _found(zone, {"sea.test": SECURE}).state,
        _found(zone, {"sea.test": SECURE}).base_domain,
    )


def test_dane_lookup_of_what_is_no_name() -> None:
    """An address literal, or a name too long to stand below _25._tcp, has no records, and nothing is asked."""
    for host in (".".join(["a" * 62] * 4), "[192.0.2.1]"):
        found, asked = _asked({}, {}, host)
        assert (DaneState.NONE, []) == (found.state, asked)
