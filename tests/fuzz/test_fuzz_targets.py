"""The fuzzer itself: its laws hold for all seeds and for what was once a find, and a planted fault is found."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fakes.shared import shared_path
from fuzz import engine, targets
from fuzz.__main__ import shrink
from fuzz.seeds import write_seeds
from fuzz.tokens import TOKENS, dictionary

_EVERY = 7

# What the fuzzer found: (target, octets). Each broke its law once.
FINDS = [
    ("transfer", b"\x01\x03a = \r\n"),
    ("sink", b"\nContent-Type:multipart/m;boundary=a\n\n--a--"),
    ("values", b"Content-Type:multipart/m\nContent-Transfer-Encoding:base64\n\nw"),
    ("values", b"Content-Type:multipart/m boundary=X\n\n--X\n\na\n--X--"),
]


@pytest.mark.parametrize("name", targets.TARGETS)
def test_fuzz_laws_hold_for_the_seeds(name: str, tmp_path: Path) -> None:
    """No seed of a target breaks its law."""
    shared_path("vectors", "mime")
    assert write_seeds(name, tmp_path) > len(TOKENS)
    for path in sorted(tmp_path.iterdir())[::_EVERY]:
        targets.TARGETS[name](path.read_bytes())


@pytest.mark.parametrize(("name", "octets"), FINDS)
def test_fuzz_finds_stay_mended(name: str, octets: bytes) -> None:
    """What once broke a law keeps it."""
    targets.TARGETS[name](octets)


def _faulty(octets: bytes) -> None:
    if b"(" in octets:
        raise KeyError(octets)


def test_fuzz_blind_mutation_finds_a_planted_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without atheris, too, a fault is found, told by the exit status, and its octets are kept."""
    monkeypatch.setitem(targets.TARGETS, "mail", _faulty)
    places = engine.Places.below(tmp_path)
    (places.seeds / "seed").write_bytes(b"Subject: a\r\n\r\nbody\r\n")
    assert engine.FOUND == engine.blind("mail", 60, places)
    (found,) = places.artifacts.iterdir()
    assert b"(" == shrink(_faulty, found.read_bytes())


def test_fuzz_blind_mutation_ends_by_itself(tmp_path: Path) -> None:
    """When the time is up and nothing was found, the status is that of success."""
    places = engine.Places.below(tmp_path)
    (places.seeds / "seed").write_bytes(b"a")
    assert 0 == engine.blind("charsets", 1, places)


def test_fuzz_mutation_is_bounded() -> None:
    """However often pieces are doubled, octets stay below the limit."""
    chance = random.Random(1)
    assert all(len(engine.mutate(chance, [b"a" * engine.MAX_OCTETS])) <= engine.MAX_OCTETS for _ in range(200))


def test_fuzz_dictionary_is_what_libfuzzer_reads() -> None:
    """One quoted word a line, every octet escaped."""
    lines = dictionary().splitlines()
    assert len(TOKENS) == len(lines)
    assert r'"\x0d\x0a"' == lines[0]
