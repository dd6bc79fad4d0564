"""What a filter remembers: hashes that need the key, a table that finds what it was given, octets that are checked."""

from __future__ import annotations

import mmap
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from scop.spam.classifier import Classifier
from scop.spam.fading import fade, share_of
from scop.spam.model import HAM, SPAM, Hasher, Memory, TokenTable
from scop.spam.model.memory import UNIT
from scop.spam.model.packing import pack_slots, unpack_slots

KEY = bytes(range(16))
HEAD_OCTETS = 104


def keys_of(numbers: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """Return keys as the table takes them."""
    return np.array(numbers, np.uint32)


# Hashes


@given(st.lists(st.text(min_size=1, max_size=130), max_size=20))
def test_hash_of_a_token_is_its_own(tokens: list[str]) -> None:
    """Each token's hash is what it is alone, whatever stands beside it, and is never 0."""
    hasher = Hasher(KEY)
    keys, is_fact = hasher.keys(tokens)
    assert [hasher.keys([token])[0][0] for token in tokens] == keys.tolist()
    assert [":" in token or "=" in token for token in tokens] == is_fact.tolist()
    assert keys.all()


def test_hashes_need_the_key() -> None:
    """Another key gives other hashes; ten thousand tokens hardly ever share one."""
    tokens = [f"word{number}" for number in range(10_000)]
    ours, others = Hasher(KEY).keys(tokens)[0], Hasher(bytes(16)).keys(tokens)[0]
    assert not (ours == others).any()
    assert len(set(ours.tolist())) >= 9_998


@given(st.binary(max_size=300))
def test_grams_of_header_and_text_lie_apart(octets: bytes) -> None:
    """Slots are distinct and in order; the header's come first, and there are no more than octets."""
    slots, header = Hasher(KEY).gram_slots(octets)
    assert sorted(set(slots.tolist())) == slots.tolist()
    assert header == np.count_nonzero(slots < 1 << 19)
    assert len(slots) <= len(octets)
    assert slots.tolist() == unpack_slots(pack_slots(slots)).tolist()


@given(st.binary(max_size=80))
def test_unpacking_slots_raises_nothing_but_value_error(octets: bytes) -> None:
    """What was not packed is refused."""
    with suppress(ValueError):
        assert octets == pack_slots(unpack_slots(octets))


# The table


@given(st.lists(st.lists(st.integers(1, 3_000), unique=True, max_size=300), max_size=12))
@drawn(15)
def test_table_is_a_dictionary(steps: list[list[int]]) -> None:
    """Keys are found with what was added to them, others are not found; what is dropped is gone."""
    table, model = TokenTable(), dict[int, int]()
    for number, step in enumerate(steps):
        if number % 3 == 2:
            known, place = table.find(keys_of(step))
            assert [number for number, key in enumerate(step) if key in model] == known.tolist()
            table.drop(place)
            model = {key: count for key, count in model.items() if key not in step}
        else:
            place = table.places(keys_of(step))
            table.numbers[place, HAM] += 1
            model.update({key: model.get(key, 0) + 1 for key in step})
    assert len(model) == table.used
    known, place = table.find(keys_of(list(model)))
    assert list(range(len(model))) == known.tolist()
    assert list(model.values()) == table.numbers[place, HAM].tolist()


def test_table_grows_and_keeps_what_it_has() -> None:
    """A hundred thousand keys are found where they are after doublings; 24 octets a token at most but for the last."""
    table = TokenTable()
    keys = np.random.default_rng(1).permutation(np.arange(1, 100_001, dtype=np.uint32) * np.uint32(42_949))
    for start in range(0, len(keys), 5_000):
        place = table.places(keys[start : start + 5_000])
        table.numbers[place, SPAM] = 7
    known, place = table.find(keys)
    assert len(keys) == len(known)
    assert len(keys) == table.used == len(np.unique(place))
    assert (table.numbers[place, SPAM] == 7).all()
    assert 1 << 17 == len(table.keys)


# Its octets


def taught() -> Classifier:
    """Return a classifier that learned a little."""
    classifier = Classifier(KEY)
    for number in range(6):
        classifier.learn(b"Subject: mail %d\r\n\r\nsome words, number %d" % (number, number), "spam")
    return classifier


def test_save_and_load_is_the_identity() -> None:
    """A model read from octets is the one that was written, and can learn on."""
    saved = taught().save()
    loaded = Classifier.load(saved)
    assert saved == loaded.save()
    assert (KEY, 0, 6) == (loaded.key, loaded.ham_count, loaded.spam_count)
    loaded.learn(b"\r\nmore", "ham")
    assert 1 == loaded.ham_count
    assert saved == Classifier.load(saved).save()


def test_mapped_model_changes_its_own_pages_only(tmp_path: Path) -> None:
    """A private mapping is weighed and taught in place; the file stays what it was."""
    path = tmp_path / "model"
    path.write_bytes(taught().save())
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    classifier = Classifier.load(memoryview(mapped))
    classifier.learn(b"\r\nmore", "ham")
    assert 1 == classifier.ham_count
    assert taught().save() == path.read_bytes()


def test_load_refuses_what_is_no_model() -> None:
    """Garbage, other versions, cut and lengthened models and wrong heads raise ValueError."""
    octets = taught().save()
    wrong = bytearray(octets)
    wrong[40] ^= 1
    for garbage in (b"", b"x", octets[:-1], octets + b"x", b"SCoP spam model 3\n" + octets[18:], bytes(wrong)):
        with pytest.raises(ValueError, match="model"):
            Classifier.load(garbage)


@given(st.integers(0, HEAD_OCTETS - 5), st.integers(0, 255))
@drawn(20)
def test_no_head_leads_to_anything_but_a_model_or_a_value_error(place: int, octet: int) -> None:
    """Also one whose checksum was made to fit: its numbers are bounded."""
    octets = bytearray(taught_once)
    octets[place] = octet
    octets[HEAD_OCTETS - 4 : HEAD_OCTETS] = struct.pack("<I", zlib.crc32(octets[: HEAD_OCTETS - 4]))
    with suppress(ValueError):
        Classifier.load(bytes(octets)).classify(b"Subject: mail\r\n\r\nsome words")


taught_once = taught().save()


@given(st.data())
@drawn(10)
def test_no_array_leads_to_a_score_that_is_none(pick: st.DataObject) -> None:
    """Whatever numbers stand in a damaged model, scores lie between 0 and 1, and it learns on."""
    octets = bytearray(taught_once)
    start = pick.draw(st.integers(HEAD_OCTETS, len(octets) - 5_000))
    octets[start : start + 4_096] = pick.draw(st.sampled_from([b"\xff", b"\x7f", b"\x80"])) * 4_096
    with suppress(ValueError):  # of what lies behind the arrays
        classifier = Classifier.load(bytes(octets))
        assert 0.0 <= classifier.classify(b"Subject: mail 1\r\n\r\nsome words").score <= 1.0
        classifier.learn(b"Subject: mail 1\r\n\r\nsome words", "ham")


# Fading


def test_what_is_old_counts_half_and_rare_old_words_go() -> None:
    """After a half-life a count is half; what one mail had is gone after the fourth."""
    memory = Memory(KEY)
    memory.ham_units = 100 * UNIT
    memory.tokens.numbers[memory.tokens.places(keys_of([1])), HAM] = 100 * UNIT
    memory.tokens.numbers[memory.tokens.places(keys_of([2])), SPAM] = UNIT
    halves = []
    for _ in range(4):
        fade(memory)
        halves.append((memory.ham_units // UNIT, memory.tokens.used))
    assert [(50, 2), (25, 2), (12, 2), (6, 1)] == halves


def test_lesson_of_an_earlier_generation_is_taken_back_as_what_is_left_of_it() -> None:
    """Counts stay exact over a fading: a mail that was half forgotten is half taken back."""
    classifier = Classifier(KEY, half_life_lessons=4)
    first = classifier.lesson_of(b"Subject: once\r\n\r\nonly here", "ham")
    classifier.take(first)
    for number in range(3):
        classifier.learn(b"Subject: spam %d\r\n\r\nother words" % number, "spam")
    without = Classifier(KEY, half_life_lessons=4)
    for number in range(3):
        without.learn(b"Subject: spam %d\r\n\r\nother words" % number, "spam")
    classifier.take_back(first)
    assert (UNIT, UNIT // 2, 0) == (share_of(0, 0), share_of(0, 1), share_of(0, 20))
    assert (0, 3, without.token_count) == (classifier.ham_count, classifier.spam_count, classifier.token_count)
