"""The public faces of the resolver, as its package's page says they are used."""

import subprocess
import sys

import scop.dns.resolver
from fakes.name_world import authority
from fakes.signed_world import NOW
from scop.base import Clock
from scop.dns import NS, A, Question
from scop.dns.message import Message
from scop.dns.resolver import Ask, Cache, HandClock, Protocol, Resolver, ResolverOptions, Server, drive
from scop.dns.words import Rcode

ROOT = "198.41.0.4"
WORLD = authority({"": {"": (NS("a.root"),), "www.test1": (A("185.1.1.1"),)}})
OPTIONS = ResolverOptions(roots=(Server(ROOT),), prime=False, minimise=False)


def test_resolver_is_driven_with_a_transport_and_a_clock_of_the_callers() -> None:
    """Nothing of it does I/O; the transport sees server, protocol and question."""
    asked = list[Ask]()

    def transport(ask: Ask) -> Message | None:
        asked.append(ask)
        return WORLD(ask)

    clock = HandClock(NOW)
    resolver = Resolver(OPTIONS, Cache(), clock)
    resolution = drive(resolver.resolve(Question("www.test1", "A")), transport)
    assert (resolution.rcode, resolution.answers[0].rdatas) == (Rcode.NOERROR, (A("185.1.1.1"),))
    assert [(ask.server, ask.protocol, ask.question.name) for ask in asked] == [
        (Server(ROOT), Protocol.UDP, "www.test1")
    ]
    clock.now += 100
    assert drive(resolver.resolve(Question("www.test1", "A")), transport).answers[0].ttl_seconds == 200
    assert len(asked) == 1


def test_resolver_takes_silence_for_an_answer_that_did_not_come() -> None:
    """A transport that has nothing says None."""
    resolver = Resolver(OPTIONS, Cache(), HandClock())
    assert drive(resolver.resolve(Question("www.test1", "A")), lambda ask: None).rcode is Rcode.SERVFAIL


def test_hand_clock_is_a_clock() -> None:
    """It shows what it is set to, both ways."""
    clock: Clock = HandClock(7.0)
    assert (7.0, 7.0) == (clock.unix(), clock.monotonic())


def test_package_has_all_its_faces_and_no_other() -> None:
    """Fifteen names at most, each of which can be had."""
    names = scop.dns.resolver.__all__
    assert len(names) <= 15
    assert all(getattr(scop.dns.resolver, name).__name__ == name for name in names if name not in {"Step"})


def test_package_loads_no_more_than_is_asked_for() -> None:
    """A cell that only names servers does without the resolver."""
    code = "import sys, scop.dns.asking; print('scop.dns.resolver.resolver' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"
