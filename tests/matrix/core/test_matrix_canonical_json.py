"""Canonical JSON: by the appendix, and as `canonicaljson` writes it."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import canonicaljson
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.matrix_appendices import canonical_vectors
from fakes.random_json import random_value
from scop.base import RemoteProtocolError
from scop.matrix import canonical_json

_TEXT = st.text()
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
)


def with_whole_numbers(text: str) -> object:
    """Return a value of JSON whose numbers are integers however they were written (the vectors have 1e10)."""
    return msgspec.json.Decoder(float_hook=lambda written: int(Decimal(written))).decode(text)


def test_canonical_json_is_as_the_appendix_has_it() -> None:
    """Matrix v1.19 appendices §Canonical JSON: all its examples."""
    vectors = canonical_vectors()
    assert len(vectors) == 10
    assert [octets for _, octets in vectors] == [canonical_json.encode(with_whole_numbers(text)) for text, _ in vectors]


def test_canonical_json_is_what_another_library_writes() -> None:
    """10,000 values, each as `canonicaljson` writes it."""
    random = Random(8)
    for _ in range(10_000):
        value = random_value(random)
        assert canonicaljson.encode_canonical_json(value) == canonical_json.encode(value)


def test_canonical_json_escapes_what_the_grammar_lists() -> None:
    """Appendices §Grammar: short escapes where there are such, long ones for other controls, and nothing else."""
    short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
    for code in range(0x80):
        escaped = short.get(code) or (f"\\u{code:04x}" if code < 32 else chr(code))
        assert f'"{escaped}"'.encode() == canonical_json.encode(chr(code))


@given(_VALUES)
def test_canonical_json_reads_back_as_the_value(value: object) -> None:
    """What was encoded is decoded, and encodes to the same octets."""
    octets = canonical_json.encode(value)
    assert value == msgspec.json.decode(octets)
    assert octets == canonical_json.encode(msgspec.json.decode(octets))


@given(st.dictionaries(_TEXT, _VALUES))
def test_canonical_json_does_not_see_the_order_of_keys(value: dict[str, object]) -> None:
    """Keys are sorted by code point wherever they stood."""
    backwards = dict(reversed(value.items()))
    assert canonical_json.encode(value) == canonical_json.encode(backwards)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1.0, "no floats"),
        (float("nan"), "no floats"),
        ({"a": [0.5]}, "no floats"),
        (2**53, "no integers beyond"),
        (-(2**53), "no integers beyond"),
        ([{"a": 2**64}], "no integers beyond"),
        ("\ud800", "lone surrogates"),
        ({"\udfff": 1}, "lone surrogates"),
        ({1: "one"}, "no keys but strings"),
        ({None: "none"}, "no keys but strings"),
        (b"octets", "no bytes"),
        ({"a": {"b"}}, "no set"),
    ],
)
def test_canonical_json_refuses_what_has_no_canonical_form(value: object, reason: str) -> None:
    """Appendices §Canonical JSON: floats, integers a double cannot hold, and what is no JSON, each with its reason."""
    with pytest.raises(RemoteProtocolError, match=reason):
        canonical_json.encode(value)


def test_canonical_json_takes_the_last_integers_of_its_range() -> None:
    """Appendices §Canonical JSON: [-(2^53)+1, 2^53-1], both ends within."""
    assert b"[-9007199254740991,9007199254740991]" == canonical_json.encode([-(2**53) + 1, 2**53 - 1])


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        ({"b": 50.57, "a": 1e22}, b'{"a":1e+22,"b":50.57}'),
        ([2**53, -(2**70)], b"[9007199254740992,-1180591620717411303424]"),
        ("é\x1f", b'"\xc3\xa9\\u001f"'),
    ],
)
def test_canonical_json_takes_any_number_for_old_rooms(value: object, octets: bytes) -> None:
    """Matrix v1.19 rooms/v1 §Canonical JSON: servers must not enforce the format there; Python writes such numbers."""
    assert octets == canonical_json.encode(value, strict=False)
    assert canonicaljson.encode_canonical_json(value) == octets


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.5, "\ud800"], {1: 1.5}, [1.5, b""], [2**60, {1}]])
def test_canonical_json_for_old_rooms_is_json_still(value: object) -> None:
    """What no JSON can write is refused in old rooms too."""
    with pytest.raises(RemoteProtocolError):
        canonical_json.encode(value, strict=False)


@pytest.mark.parametrize("strict", [True, False])
def test_canonical_json_of_depth_without_end_is_refused(strict: bool) -> None:
    """A value that holds itself, or nests beyond reason, ends in a sentence."""
    value: list[object] = [1.5] if not strict else []
    value.append(value)
    with pytest.raises(RemoteProtocolError):
        canonical_json.encode(value, strict=strict)


@pytest.mark.parametrize(("scalar", "strict"), [(1, True), (1.5, False)])
def test_canonical_json_has_a_depth_that_does_not_depend_on_the_caller(scalar: float, strict: bool) -> None:
    """An event that is read is never found too deep afterwards, when it is hashed or compared further down."""
    value: object = scalar
    for _ in range(canonical_json.MAX_DEPTH - 1):
        value = [value]
    octets = canonical_json.encode({"a": value}, strict=strict)
    assert canonical_json.MAX_DEPTH == octets.count(b"[") + octets.count(b"{")
    with pytest.raises(RemoteProtocolError, match="deep"):
        canonical_json.encode({"_": scalar, "a": [value]}, strict=strict)
