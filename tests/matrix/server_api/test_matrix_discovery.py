"""Where servers are: each step of the resolution of their names."""

from __future__ import annotations

import json

import pytest

from scop.base import RemoteProtocolError
from scop.dns import TIMEOUT, Question, StaticNames
from scop.dns.rdata import SRV
from scop.matrix.discovery import (
    FEDERATION_PORT,
    MAX_WELL_KNOWN_OCTETS,
    Destination,
    Place,
    WellKnownAnswer,
    WellKnownQuestion,
    locate,
    well_known_seconds,
)

_NAMES = StaticNames(
    {
        ("_matrix-fed._tcp.both.test", "SRV"): [
            SRV(10, 0, 1, "b.test"),
            SRV(5, 1, 2, "a.test"),
            SRV(5, 9, 3, "c.test"),
        ],
        ("_matrix._tcp.both.test", "SRV"): [SRV(0, 0, 9, "old.test")],
        ("_matrix._tcp.old.test", "SRV"): [SRV(0, 0, 9, "older.test")],
        ("_matrix-fed._tcp.nowhere.test", "SRV"): [SRV(0, 0, 0, "")],
        ("_matrix-fed._tcp.broken.test", "SRV"): TIMEOUT,
    }
)
_OF_BOTH = (Place("c.test", 3), Place("a.test", 2), Place("b.test", 1))


def says(server: object) -> WellKnownAnswer:
    """Return the answer of a host that names a server."""
    return WellKnownAnswer(200, json.dumps({"m.server": server}).encode())


def located(name: str, well_known: WellKnownAnswer | None = None) -> tuple[Destination, list[str]]:
    """Return where a server is, and what was asked for it."""
    asked = []
    check = locate(name)
    try:
        question = next(check)
        while True:
            if isinstance(question, WellKnownQuestion):
                asked.append(question.host)
                question = check.send(well_known or WellKnownAnswer(404))
            else:
                assert isinstance(question, Question)
                asked.append(question.name)
                question = check.send(_NAMES.answer(question))
    except StopIteration as end:
        found: Destination = end.value
        return found, asked


@pytest.mark.parametrize(
    ("name", "place", "host"),
    [
        ("1.2.3.4", Place("1.2.3.4", FEDERATION_PORT), "1.2.3.4"),
        ("1.2.3.4:80", Place("1.2.3.4", 80), "1.2.3.4:80"),
        ("[::1]", Place("::1", FEDERATION_PORT), "[::1]"),
        ("[::1]:80", Place("::1", 80), "[::1]:80"),
        ("sea.test:80", Place("sea.test", 80), "sea.test:80"),
    ],
)
def test_address_or_port_needs_no_question(name: str, place: Place, host: str) -> None:
    """Matrix v1.19 SS §Resolving server names, steps 1 and 2; and 3.1 and 3.2 for the server that is named instead."""
    destination = Destination((place,), host, place.host)
    assert (destination, []) == located(name)
    assert (destination, ["both.test"]) == located("both.test", says(name))


def test_server_named_instead_is_found_by_its_records() -> None:
    """Steps 3.3, 3.4 and 3.5: of the host named; it is that one's certificate."""
    fed, old = "_matrix-fed._tcp.", "_matrix._tcp."
    assert (Destination(_OF_BOTH, "both.test", "both.test"), ["sea.test", fed + "both.test"]) == located(
        "sea.test", says("both.test")
    )
    assert (
        Destination((Place("older.test", 9),), "old.test", "old.test"),
        ["sea.test", fed + "old.test", old + "old.test"],
    ) == located("sea.test", says("old.test"))
    assert (
        Destination((Place("b.test", FEDERATION_PORT),), "b.test", "b.test") == located("sea.test", says("b.test"))[0]
    )


@pytest.mark.parametrize(
    "answer",
    [
        WellKnownAnswer(0),
        WellKnownAnswer(404, b'{"m.server":"x.test:1"}'),
        WellKnownAnswer(200),
        WellKnownAnswer(200, b"<html>"),
        WellKnownAnswer(200, b"[]"),
        WellKnownAnswer(200, b"{}"),
        WellKnownAnswer(200, b"\xff"),
        says(1),
        says(""),
        says("no server"),
        says("x.test:99999"),
        WellKnownAnswer(200, b'{"m.server":"x.test:1"}'.ljust(MAX_WELL_KNOWN_OCTETS + 1)),
    ],
)
def test_well_known_that_is_none_is_passed_over(answer: WellKnownAnswer) -> None:
    """Step 3: "If the response is invalid …, skip to step 4", and steps 4, 5 and 6 by the name itself."""
    assert Destination(_OF_BOTH, "both.test", "both.test") == located("both.test", answer)[0]
    assert Destination((Place("older.test", 9),), "old.test", "old.test") == located("old.test", answer)[0]
    assert Destination((Place("sea.test", FEDERATION_PORT),), "sea.test", "sea.test") == located("sea.test", answer)[0]


def test_well_known_has_its_limit() -> None:
    """A host may say much else beside the server's name, and this much is read."""
    answer = WellKnownAnswer(200, b'{"m.server":"x.test:1"}'.ljust(MAX_WELL_KNOWN_OCTETS))
    assert (Place("x.test", 1),) == located("sea.test", answer)[0].places


def test_server_that_is_nowhere_has_no_places() -> None:
    """RFC 2782 §Target: "." is no host; and where the DNS does not answer, the host itself is tried."""
    assert Destination((), "nowhere.test", "nowhere.test") == located("nowhere.test")[0]
    assert (Place("broken.test", FEDERATION_PORT),) == located("broken.test")[0].places


def test_host_that_no_dns_can_have_is_asked_no_records() -> None:
    """A name of 255 characters is in the grammar of servers and leaves no room for a service before it."""
    host = ".".join(["a" * 50] * 5)[:250]
    assert (Place(host, FEDERATION_PORT),) == located(host)[0].places


@pytest.mark.parametrize("name", ["", "no server", "sea.test:"])
def test_name_that_is_none_is_refused(name: str) -> None:
    """What is no server's name is not looked for."""
    with pytest.raises(RemoteProtocolError):
        located(name)


@pytest.mark.parametrize(
    ("answer", "said", "hours"),
    [
        (says("x.test"), None, 24),
        (says("x.test"), "max-age=3600", 1),
        (says("x.test"), "public, Max-Age=7200", 2),
        (says("x.test"), "max-age=9999999", 48),
        (says("x.test"), "s-maxage=60", 24),
        (says("x.test"), "no-store", 0),
        (says("x.test"), "max-age=soon", 24),
        (WellKnownAnswer(404), None, 1),
        (WellKnownAnswer(404), "max-age=9999999", 1),
        (says("no server"), "max-age=0", 0),
    ],
)
def test_well_known_is_kept_for_its_time(answer: WellKnownAnswer, said: str | None, hours: int) -> None:
    """Step 3: as the host says, else a day; two days at most, and an hour for what is none."""
    assert hours * 3600 == well_known_seconds(answer, said)
