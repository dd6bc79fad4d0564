"""Who is let in, waits or is refused: entries with an end, allow lists, own networks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.reputation import (
    Action,
    Cause,
    Deed,
    Entry,
    Firewall,
    FirewallOptions,
    Standing,
    load_firewall,
    snapshot,
)
from scop.reputation.counts import Row
from scop.reputation.entries import MAX_FOUND, MAX_ORDERED, Entries

NOW = 1_700_000_000.0
HOST = "192.0.2.7"
OPTIONS = FirewallOptions(
    ban_seconds=5.0, allow=("192.0.2.128/25", "2001:db8:a::/48"), own_networks=("10.0.0.0/8", "2001:db8:b::/48")
)
WELCOME, DELAY, REFUSE = Standing


def shut_out(*addresses: str, times: int = 10, wall: Firewall | None = None) -> tuple[Firewall, list[str]]:
    """Let each address bring that many forgeries; return the firewall and whom they shut out."""
    wall = wall or Firewall(OPTIONS)
    made = [wall.note(Deed.FORGERY, address, "", NOW) for address in addresses for _ in range(times)]
    return wall, [entry.subject for entries in made for entry in entries]


def ordered(subject: str, action: Action = Action.BLOCK, seconds: float | None = None) -> Entry:
    """Return what an operator orders."""
    return Entry(subject, action, Cause.OPERATOR, NOW, None if seconds is None else NOW + seconds, "by hand")


def test_firewall_shuts_out_after_the_tenth_forgery_and_lets_in_again() -> None:
    """To the moment; afterwards the client waits, and its next forgery shuts the door at once."""
    wall, shut = shut_out(HOST)
    assert [HOST] == shut
    times = (0, 4.9, 5.0)
    assert [REFUSE, REFUSE, DELAY] == [wall.verdict(HOST, NOW + later).standing for later in times]
    assert WELCOME is wall.verdict("192.0.2.8", NOW).standing
    (entry,) = wall.note(Deed.FORGERY, HOST, "", NOW + 6)
    assert (NOW + 11, Cause.FORGERY) == (entry.until_unix, entry.cause)
    assert REFUSE is wall.verdict(HOST, NOW + 6).standing


def test_firewall_counts_a_whole_ipv6_site_as_one() -> None:
    """RFC 6177 §2: ten addresses of one /64."""
    wall, shut = shut_out(*(f"2001:db8:c::{n}" for n in range(1, 11)), times=1)
    assert ["2001:db8:c::/64"] == shut
    assert [REFUSE, WELCOME] == [wall.verdict(a, NOW).standing for a in ("2001:db8:c::ffff", "2001:db8:c:1::1")]


@pytest.mark.parametrize("address", ["192.0.2.200", "2001:db8:a::7", "10.1.2.3", "2001:db8:b::1"])
def test_firewall_never_shuts_out_the_allowed_nor_our_own(address: str) -> None:
    """Whatever they bring."""
    wall, shut = shut_out(address, times=100)
    assert ([], WELCOME) == (shut, wall.verdict(address, NOW).standing)


def test_firewall_shuts_out_no_network_that_holds_allowed_addresses() -> None:
    """Its bad hosts are shut out one by one."""
    hosts = [f"192.0.2.{n}" for n in range(1, 6)]
    assert hosts == shut_out(*hosts)[1]
    elsewhere = [f"198.51.100.{n}" for n in range(1, 5)]
    assert [*elsewhere[:3], "198.51.100.0/24", elsewhere[3]] == shut_out(*elsewhere)[1]
    ours = FirewallOptions(own_networks=("198.51.100.128/25",))
    assert elsewhere == shut_out(*elsewhere, wall=Firewall(ours))[1]
    asked = Firewall(OPTIONS)
    asked.order(ordered("198.51.100.99", Action.ALLOW))
    assert elsewhere == shut_out(*elsewhere, wall=asked)[1]


def test_firewall_does_as_operators_say() -> None:
    """What is allowed wins over every block; a later order takes the place of the contrary one."""
    wall, _ = shut_out(HOST)
    wall.order(ordered(HOST, Action.ALLOW))
    assert WELCOME is wall.verdict(HOST, NOW).standing
    wall.order(ordered("192.0.0.0/16"))
    assert [WELCOME, REFUSE] == [wall.verdict(a, NOW).standing for a in (HOST, "192.0.3.1")]
    wall.order(ordered(HOST, seconds=60))
    assert [REFUSE, REFUSE] == [wall.verdict(HOST, NOW + later).standing for later in (0, 61)]
    assert [HOST] == [entry.subject for entry in wall.entries.withdraw(HOST)]
    wall.entries.withdraw("192.0.0.0/16")
    assert DELAY is wall.verdict(HOST, NOW).standing
    wall.reputation.forget(HOST)
    assert WELCOME is wall.verdict(HOST, NOW).standing


def test_firewall_knows_ipv4_clients_of_an_ipv6_listener() -> None:
    """RFC 4291 §2.5.5.2: each is its own host, and the one that it is elsewhere."""
    wall, shut = shut_out(f"::ffff:{HOST}")
    assert [HOST] == shut
    wall.order(ordered("198.51.0.0/17"))
    clients = (f"::ffff:{HOST}", HOST, "::ffff:192.0.2.8", "::ffff:198.51.100.1", "::ffff:192.0.2.200")
    assert [REFUSE, REFUSE, WELCOME, REFUSE, WELCOME] == [wall.verdict(client, NOW).standing for client in clients]


def test_firewall_lets_deeds_change_no_order() -> None:
    """A block for good does not become one of five seconds."""
    wall = Firewall(OPTIONS)
    wall.order(ordered(HOST))
    made = [entry for _ in range(20) for entry in wall.note(Deed.FORGERY, HOST, "", NOW)]
    assert ([], REFUSE) == (made, wall.verdict(HOST, NOW + 1000).standing)


@pytest.mark.parametrize(
    ("subject", "seconds", "told"),
    [
        ("lagoon.test", None, "lagoon.test is a domain"),
        ("10.1.0.0/16", None, "has addresses of our own network 10.0.0.0/8"),
        ("2001:db8::/32", None, "has addresses of our own network 2001:db8:b::/48"),
        ("64.0.0.0/6", None, "too much of the Internet; the largest that can be shut out is a /8"),
        ("2000::/3", None, "too much of the Internet; the largest that can be shut out is a /16"),
        (HOST, 0.0, "an entry lasts more than nothing"),
        (HOST, 367 * 86_400.0, "at most a year"),
    ],
)
def test_firewall_refuses_orders_that_would_harm(subject: str, seconds: float | None, told: str) -> None:
    """With a sentence that names the thing."""
    with pytest.raises(ValueError, match=told):
        Firewall(OPTIONS).order(ordered(subject, seconds=seconds))


def test_firewall_takes_a_bounded_number_of_orders() -> None:
    """As many as the limit, and no more."""
    wall = Firewall(OPTIONS)
    for n in range(MAX_ORDERED):
        wall.order(ordered(f"198.18.{n >> 8}.{n & 255}"))
    with pytest.raises(ValueError, match="there are 1000 entries of operators already"):
        wall.order(ordered(HOST))


def test_firewall_forgets_the_oldest_ban_for_a_new_one() -> None:
    """The table is bounded, and an operator's entry is not among what has to go."""
    entries = Entries()
    entries.put(ordered("198.51.100.1"))
    for n in range(MAX_FOUND + 1):
        subject = f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"
        entries.put(Entry(subject, Action.BLOCK, Cause.FORGERY, NOW, NOW + 9))
    kept = [entry.subject for entry in entries.holding(NOW)]
    assert (MAX_FOUND, "198.51.100.1", "10.0.0.2") == (len(kept), kept[0], kept[1])


@pytest.mark.parametrize("subject", ["192.0.0.0/16", "192.0.2.0/25", "192.0.0.0/8", "192.0.2.6/31"])
def test_firewall_knows_networks_of_any_size(subject: str) -> None:
    """Each by its own bits, until it is taken away; the other family and the neighbours are none of it."""
    wall = Firewall(OPTIONS)
    for other in ("192.0.2.4/31", "191.0.0.0/8", "c000::/16"):
        wall.order(ordered(other))
    assert WELCOME is wall.verdict(HOST, NOW).standing
    wall.order(ordered(subject))
    assert REFUSE is wall.verdict(HOST, NOW).standing
    wall.entries.withdraw(subject)
    assert [WELCOME, REFUSE] == [wall.verdict(a, NOW).standing for a in (HOST, "192.0.2.5")]


def test_firewall_tells_what_has_ended_and_what_ends_next() -> None:
    """So that whoever shows the list knows when to look again."""
    entries = Entries()
    for n, seconds in enumerate((5, 9, 7)):
        entries.put(ordered(f"198.51.100.{n}", seconds=seconds))
    entries.put(ordered("198.51.100.9"))
    assert NOW + 5 == entries.next_end(NOW)
    assert ["198.51.100.0", "198.51.100.2"] == [entry.subject for entry in entries.expire(NOW + 8)]
    assert [NOW + 9, None] == [entries.next_end(NOW + later) for later in (8, 9)]


def test_firewall_shuts_nobody_out_for_years_because_of_a_clock() -> None:
    """That was ahead by ten of them and was put right: what was to last an hour lasts an hour from then on."""
    entries, ahead = Entries(), NOW + 10 * 366 * 86_400
    entries.put(Entry(HOST, Action.BLOCK, Cause.FORGERY, ahead, ahead + 3600))
    entries.put(Entry("192.0.2.8", Action.BLOCK, Cause.OPERATOR, ahead))
    entries.put(Entry("192.0.2.9", Action.BLOCK, Cause.FORGERY, NOW + 2, NOW + 5))
    assert () == entries.expire(NOW)
    assert [NOW + 3600, None, NOW + 5] == [entry.until_unix for entry in entries.holding(NOW)]


SUBJECTS = st.sampled_from([HOST, "198.51.100.4", "2001:db8:c::1", "10.0.0.1", "192.0.2.200"])
DEEDS = st.lists(st.tuples(st.sampled_from(list(Deed)), SUBJECTS, st.sampled_from(["", "lagoon.test"])), max_size=80)


def known(wall: Firewall, now: float) -> list[Row]:
    """Return all that is known."""
    return [wall.reputation.row(subject, now) for subject in wall.reputation.subjects()]


@given(DEEDS, st.floats(0, 1e5))
def test_firewall_is_the_same_when_saved_and_loaded(deeds: list[tuple[Deed, str, str]], later: float) -> None:
    """Counts, entries, and whatever is judged by them."""
    wall, loaded = Firewall(OPTIONS), Firewall(OPTIONS)
    for deed, address, domain in deeds:
        wall.note(deed, address, domain, NOW)
    wall.order(ordered("198.51.0.0/17", seconds=60))
    wall.order(ordered("198.51.100.4", Action.ALLOW))
    saved = snapshot(wall, NOW).to_octets()
    load_firewall(loaded, saved)
    assert saved == snapshot(loaded, NOW).to_octets()
    assert known(wall, NOW + later) == known(loaded, NOW + later)
    assert list(wall.entries.holding(NOW + later)) == list(loaded.entries.holding(NOW + later))


@pytest.mark.parametrize(
    "domain",
    ["foo-.evil.test", "*.evil.test", "a'b.evil.test", f"{'a' * 64}.evil.test", "Evil.test", "::1", "x\ty.test"],
)
def test_firewall_counts_no_domain_that_could_not_be_kept(domain: str) -> None:
    """DKIM of evil.test is aligned with all of them: who writes one must not spoil what is saved, nor the list."""
    wall, loaded = Firewall(OPTIONS), Firewall(OPTIONS)
    wall.note(Deed.HAM, HOST, domain, NOW)
    load_firewall(loaded, snapshot(wall, NOW).to_octets())
    assert ("192.0.2.7", "192.0.2.0/24") == loaded.reputation.subjects()


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "does not begin"),
        (b"scop.reputation 2\n", "does not begin"),
        (b"scop.reputation 1\nknown", "does not begin"),
        (b"scop.reputation 1\nx\n", "line 2: neither a tally nor an entry"),
        (b"scop.reputation 1\nknown\t192.0.2.7\t1\t2\tnan\t4\t5\n", "line 2: nan is no count"),
        (b"scop.reputation 1\nknown\t192.0.2.07\t1\t2\t3\t4\t5\n", "line 2: '192.0.2.07' is no address"),
        (b"scop.reputation 1\nentry\t192.0.2.7\tkeep\toperator\t1\t-\t\n", "line 2: 'keep' is not a valid Action"),
        (b"\xff", "codec"),
    ],
)
def test_firewall_names_the_line_that_spoils_what_was_saved(octets: bytes, told: str) -> None:
    """Nothing half-read is taken for the whole."""
    with pytest.raises(ValueError, match=told):
        load_firewall(Firewall(OPTIONS), octets)


@given(st.binary(max_size=200))
def test_firewall_reads_any_octets_or_raises_a_value_error(octets: bytes) -> None:
    """No other fault escapes."""
    try:
        load_firewall(Firewall(), b"scop.reputation 1\n" + octets)
    except ValueError:
        return
