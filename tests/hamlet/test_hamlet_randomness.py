"""The chances of the corpus: the same everywhere, and fair."""

from __future__ import annotations

from collections import Counter
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.hamlet.draw import Draw, spread

_SEEDS = st.integers(-(10**20), 10**20)


@given(_SEEDS, st.integers(0, 10**9), st.integers(1, 1 << 32))
def test_draw_is_pure(seed: int, index: int, end: int) -> None:
    """Equal arguments give equal streams, and every number is in its range."""
    first, second = Draw(seed, index, "values"), Draw(seed, index, "values")
    numbers = [first.below(end) for _ in range(40)]
    assert numbers == [second.below(end) for _ in range(40)]
    assert all(0 <= number < end for number in numbers)


def test_draw_streams_differ() -> None:
    """Another seed, another index and another purpose are another stream; digits cannot move between them."""
    names = [
        (1, 1, "values"),
        (1, 1, "spelling"),
        (1, 2, "values"),
        (2, 1, "values"),
        (11, 1, "values"),
        (1, 11, "values"),
    ]
    assert len(names) == len({Draw(*name).octets(32) for name in names})


def test_draw_known_numbers() -> None:
    """The stream is BLAKE2b in counter mode, whatever the machine: numbers that were drawn once."""
    draw = Draw(1, 0, "values")
    assert [181, 390, 119, 534, 533, 495, 322, 39] == [draw.below(1000) for _ in range(8)]


@pytest.mark.parametrize("end", [2, 3, 7, 10, 37])
def test_below_is_uniform(end: int) -> None:
    """Each result comes about equally often: within six standard deviations."""
    draws = 20_000
    draw = Draw(3, end, "uniform")
    counts = Counter(draw.below(end) for _ in range(draws))
    share = draws / end
    assert all(abs(counts[result] - share) < 6 * share**0.5 for result in range(end))


def test_below_is_not_biased_by_its_words() -> None:
    """A range of three quarters of a word is fair, too: cutting a product would give a third of it twice as often."""
    draw = Draw(4, 0, "biased?")
    counts = Counter(draw.below(3 << 30) % 3 for _ in range(6_000))
    assert all(abs(counts[rest] - 2_000) < 220 for rest in range(3))


def test_shuffled_orders_are_equally_likely() -> None:
    """Every order of four items comes, each about as often as the others."""
    draw = Draw(5, 0, "orders")
    counts = Counter(tuple(draw.shuffled("abcd")) for _ in range(4_800))
    assert factorial(4) == len(counts)
    assert all(abs(count - 200) < 6 * 200**0.5 for count in counts.values())


@given(st.integers(0, 300))
def test_octets_are_as_many_as_asked(count: int) -> None:
    """`octets(n)` are n octets."""
    assert count == len(Draw(6, count, "octets").octets(count))


def test_choice_follows_weights() -> None:
    """`spread` makes an item as likely as its weight."""
    items = spread((3, "a"), (1, "b"))
    assert ("a", "a", "a", "b") == items
    draw = Draw(7, 0, "weights")
    count = sum(draw.choice(items) == "b" for _ in range(4_000))
    assert abs(count - 1_000) < 170
