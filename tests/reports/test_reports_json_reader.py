"""The small JSON reader: what the standard library reads it reads alike, but for what I-JSON forbids."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scop.base import LimitExceeded, RemoteProtocolError
from scop.reports.json_reader import Json, read_json
from scop.reports.limits import DEFAULT_LIMITS, Limits

_TEXTS = ("", "a", "é", '\n\x01"\\/', "\U0001f600", "\ufffe", " b ")
_SIMPLE: tuple[Json, ...] = (None, True, False, 0, -7, 2**60, 1.5, -2e-9, 1e300)
_TOKENS = (
    *("{", "}", "[", "]", ",", ":", '"a"', '"b\\n"', '"\\ud83d\\ude00"', '"\\ud800"', "1", "-0", "01", "1.5e3", "1."),
    *(" ", "true", "null", "nul", "NaN", '"', "\\", "\n", "é", "\x00", "-", '"a":', "1,"),
)


def value_of(chance: random.Random, depth: int) -> Json:
    """Return some value."""
    kind = chance.randrange(4) if depth < 4 else chance.randrange(2)
    if kind == 0:
        return chance.choice(_SIMPLE)
    if kind == 1:
        return chance.choice(_TEXTS)
    inner = [value_of(chance, depth + 1) for _ in range(chance.randrange(4))]
    return inner if kind == 2 else {f"{chance.choice(_TEXTS)}{at}": each for at, each in enumerate(inner)}


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32))
def test_what_is_written_is_read(seed: int) -> None:
    """RFC 8259: every value, however it is escaped and spaced."""
    value = value_of(random.Random(seed), 0)
    text = json.dumps(value, ensure_ascii=bool(seed % 2), indent=seed % 3 or None)
    assert value == read_json(text.encode(), DEFAULT_LIMITS)


def tokens(seed: int) -> str:
    """Return some of what JSON is made of, in any order; a third of them in a list or an object."""
    chance = random.Random(seed)
    text = "".join(chance.choice(_TOKENS) for _ in range(chance.randrange(1, 7)))
    return chance.choice((text, f"[{text}]", f'{{"x":{text}}}'))


def _strictly(octets: bytes) -> Json:
    def once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    def refuse(word: str) -> Json:
        raise ValueError(word)

    value: Json = json.loads(octets.decode(), object_pairs_hook=once, parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode()  # half a character has no octets
    return value


@settings(max_examples=300)
@given(text=st.integers(0, 2**32).map(tokens))
@example(text='{"a":1,"a":2}')
@example(text="[1,]")
@example(text="[" * 30)
def test_what_the_library_reads_is_read_alike(text: str) -> None:
    """The same texts are JSON to both; names twice, NaN and half characters, which it lets pass, are none here."""
    try:
        expected = _strictly(text.encode())
    except ValueError:
        with pytest.raises(RemoteProtocolError):
            read_json(text.encode(), DEFAULT_LIMITS)
    else:
        assert expected == read_json(text.encode(), DEFAULT_LIMITS)


BROKEN = {
    "empty": (b" ", "JSON, line 1: it ends too early"),
    "name twice": (b'{"a": 1,\n"a": 2}', "JSON, line 2: the name 'a' stands twice"),
    "name twice, escaped": (b'{"a": 1, "\\u0061": 2}', "the name 'a' stands twice"),
    "half a character": (b'["\\ud800"]', "half a character"),
    "no name": (b"{1: 2}", "a name should be here"),
    "no colon": (b'{"a" 1}', ": should be here"),
    "open": (b'{"a": [1', "it ends too early"),
    "two values": (b"{} {}", "'{}' stands behind the value"),
    "not UTF-8": (b'"\xff"', "the octets are not UTF-8"),
    "line end in a string": (b'"a\nb"', "is no value"),
    "huge number": (b"1" * 40, "is no value"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_json_is_refused(name: str) -> None:
    """RFC 8259 §2, RFC 7493 §2: each with a sentence that says where."""
    octets, sentence = BROKEN[name]
    with pytest.raises(RemoteProtocolError) as caught:
        read_json(octets, DEFAULT_LIMITS)
    assert sentence in str(caught.value)


def test_depth_strings_and_values_are_bounded() -> None:
    """At the limit they are read, one beyond it they are not."""
    limits = Limits(depth=3, text_characters=4, values=4)
    assert [[["abcd"]]] == read_json(b'[[["abcd"]]]', limits)
    with pytest.raises(LimitExceeded, match="values of JSON: at most 4"):
        read_json(b"[1, 2, 3, 4]", limits)
    with pytest.raises(LimitExceeded, match="levels of JSON: at most 3"):
        read_json(b"[[[[]]]]", limits)
    with pytest.raises(LimitExceeded, match="characters of a string: at most 4"):
        read_json(b'"abcde"', limits)
