"""The canonical order of names (RFC 4034 §6.1), and finding one's place in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns.dnssec.canonical import name_key
from scop.dns.names import name_from_labels, name_labels
from scop.dns.zone.order import SortedNames, canonical_key

# RFC 4034 §6.1, its own example
IN_ORDER = (
    "example",
    "a.example",
    "yljkjljk.a.example",
    "z.a.example",
    "zabc.a.example",
    "z.example",
    "\\001.z.example",
    "*.z.example",
    "\\200.z.example",
)

_labels = st.lists(st.binary(min_size=1, max_size=5), max_size=4).map(tuple)
_names = _labels.map(name_from_labels)


def test_zone_order_of_the_standard() -> None:
    """The example of RFC 4034 §6.1 is sorted as it stands there, here and where answers are judged."""
    assert list(IN_ORDER) == list(SortedNames.of(reversed(IN_ORDER)))
    assert list(IN_ORDER) == sorted(sorted(IN_ORDER), key=name_key)


@given(_names, _names)
def test_zone_order_is_that_of_labels(one: str, other: str) -> None:
    """Keys compare as the labels do from the root down, as unsigned octets, a missing one first (RFC 4034 §6.1)."""
    first, second = ([label.lower() for label in name_labels(name)][::-1] for name in (one, other))
    assert (first < second) == (canonical_key(one) < canonical_key(other))
    assert (first == second) == (canonical_key(one) == canonical_key(other))


@pytest.mark.parametrize(
    ("name", "at_or_before", "before", "after"),
    [
        ("a.example", "a.example", "example", "yljkjljk.a.example"),
        ("b.example", "zabc.a.example", "zabc.a.example", "z.example"),
        ("example", "example", "\\200.z.example", "a.example"),
        ("zz.example", "\\200.z.example", "\\200.z.example", "example"),
        ("aaa", "\\200.z.example", "\\200.z.example", "example"),
    ],
)
def test_zone_order_finds_neighbours(name: str, at_or_before: str, before: str, after: str) -> None:
    """Names stand on a ring, so every name has one before and one after it (RFC 4034 §4.1.1)."""
    names = SortedNames.of(IN_ORDER)
    assert (at_or_before, before, after) == (names.at_or_before(name), names.before(name), names.after(name))


@given(st.sets(_names, max_size=8), st.dictionaries(_names, st.booleans(), max_size=8))
def test_zone_order_moves_like_a_set(names: set[str], there: dict[str, bool]) -> None:
    """Moving names in and out gives what sorting anew gives, and leaves the elder as it was."""
    elder = SortedNames.of(names)
    wanted = (names | {name for name, is_there in there.items() if is_there}) - {n for n in there if not there[n]}
    assert list(SortedNames.of(wanted)) == list(elder.moved(there))
    assert list(SortedNames.of(names)) == list(elder)
