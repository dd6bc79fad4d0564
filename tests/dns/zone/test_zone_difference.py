"""Differences between versions of a zone, and the merge of two that were changed apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns.message import Record
from scop.dns.rdata import TXT, A
from scop.dns.zone.difference import difference, merge
from scop.dns.zone.serial import following, is_later, moved, with_serial
from scop.dns.zone.zone import Zone

HEAD = "@ 300 SOA mx hostmaster {} 3600 600 1209600 10\n@ 300 NS mx\nmx 300 A 127.0.20.1\n"


def zone(lines: str = "", serial: int = 7) -> Zone:
    """Return harbor.test with more lines."""
    return Zone.parse(HEAD.format(serial) + lines, "harbor.test")


_bodies = st.dictionaries(
    st.sampled_from(("a", "b", "c.d", "mx")),
    st.lists(st.sampled_from(("one", "two", "three")), min_size=1, max_size=3, unique=True),
    max_size=4,
).map(lambda names: "".join(f'{name} 300 TXT "{text}"\n' for name, texts in names.items() for text in texts))


def records(of: Zone) -> set[Record]:
    """Return all records but the SOA."""
    return {record for record in of.records() if record.type != "SOA"}


@given(_bodies, _bodies)
def test_difference_leads_from_one_to_the_other(one: str, other: str) -> None:
    """Taking out and putting in makes the old version the new one, and nothing is named twice (RFC 1995 §4)."""
    before, after = zone(one), zone(other, 8)
    found = difference(before, after)
    assert set(after.records()) == (set(before.records()) - set(found.removed)) | set(found.added)
    assert not set(found.removed) & set(found.added)
    assert ["SOA", "SOA"] == [found.removed[0].type, found.added[0].type]


def test_difference_without_what_a_signer_makes() -> None:
    """Who asked for one record is told of that one."""
    found = difference(zone(), zone('a 300 TXT "x"\na 300 NSEC mx TXT\n', 8))
    assert ["SOA", "NSEC", "TXT"] == [record.type for record in found.added]
    assert ["TXT"] == [record.type for record in found.without(frozenset({"SOA", "NSEC"})).added]


def test_difference_of_a_zone_with_itself_is_nothing() -> None:
    """What is the same differs in nothing; from no zone to one all is new."""
    it = zone('a 300 TXT "one"\n')
    assert not difference(it, it)
    assert set(it.records()) == set(difference(None, it).added)


def test_difference_of_a_ttl_is_the_whole_rrset() -> None:
    """An RRset whose TTL changes goes out and comes in as a whole (RFC 2181 §5.2)."""
    found = difference(zone("a 300 A 127.0.0.1\n"), zone("a 60 A 127.0.0.1\n")).without(frozenset({"SOA"}))
    assert (Record("a.harbor.test", 300, A("127.0.0.1")),) == found.removed
    assert (Record("a.harbor.test", 60, A("127.0.0.1")),) == found.added


@given(_bodies, _bodies)
def test_merge_with_one_side_unchanged_is_the_other(base: str, changed: str) -> None:
    """What only one side changed holds, whichever side it was."""
    old, new = zone(base), zone(changed, 8)
    assert records(new) == records(merge(old, old, new).zone)
    assert merge(old, new, old).zone is new


@given(_bodies, _bodies, _bodies)
def test_merge_is_stable_and_moves_the_serial(base: str, one: str, other: str) -> None:
    """A merge merged again changes nothing, and its serial is later than ours where anything changed (RFC 1982)."""
    old, ours, theirs = zone(base, 7), zone(one, 9), zone(other, 8)
    merged = merge(old, ours, theirs)
    assert merged.zone is ours or is_later(merged.zone.serial, ours.serial)
    assert records(merged.zone) == records(merge(old, merged.zone, theirs).zone)


def test_merge_keeps_what_both_added() -> None:
    """Where both sides only added to an RRset, all of it holds."""
    old, ours, theirs = (zone(f'a 300 TXT "1"\n{more}') for more in ("", 'a 300 TXT "2"\n', 'a 300 TXT "3"\n'))
    merged = merge(old, ours, theirs)
    found = merged.zone.get("a.harbor.test", "TXT")
    assert found is not None
    assert {TXT.of(b"1"), TXT.of(b"2"), TXT.of(b"3")} == set(found.rdatas)
    assert () == merged.conflicts


def test_merge_lets_ours_win_and_says_so() -> None:
    """What both changed otherwise stays as ours, since it was answered as done; the conflict is named."""
    old, ours, theirs = (zone(f"a 300 A 127.0.0.{n}\n") for n in (1, 2, 3))
    merged = merge(old, ours, theirs)
    assert (ours, (("a.harbor.test", "A"),)) == (merged.zone, merged.conflicts)


def test_merge_takes_their_timers_and_the_later_serial() -> None:
    """Timers of the SOA that the other side changed hold, under a serial later than both."""
    theirs = Zone.parse(HEAD.format(20).replace("3600", "7200"), "harbor.test")
    merged = merge(zone(), zone("a 300 A 127.0.0.1\n", 9), theirs).zone
    assert (20, 7200) == (merged.serial, merged.soa_rdata.refresh_seconds)


def test_merge_that_is_no_zone_is_refused() -> None:
    """A CNAME that one side added beside the other's records makes no zone (RFC 2181 §10.1)."""
    with pytest.raises(ValueError, match="beside a CNAME"):
        merge(zone(), zone("a 300 A 127.0.0.1\n"), zone("a 300 CNAME mx\n"))


@pytest.mark.parametrize(("serial", "after"), [(1, 2), (2**32 - 2, 2**32 - 1), (2**32 - 1, 1)])
def test_following_serial_is_later_and_never_zero(serial: int, after: int) -> None:
    """The next serial wraps past zero and is later than its forerunner (RFC 1982 §3.1)."""
    assert after == following(serial)
    assert is_later(after, serial)
    assert not is_later(serial, after)


def test_moved_keeps_a_later_serial_and_replaces_another() -> None:
    """A serial that moved by itself stays; one that did not is the one after the old."""
    assert 9 == moved(zone(serial=9), zone(serial=7)).serial
    assert 8 == moved(zone(serial=3), zone(serial=7)).serial
    assert 3 == with_serial(zone(serial=7), 3).serial
