"""The vectors of the Matrix appendices, read from the specification itself."""

from __future__ import annotations

import re
from functools import cache

import msgspec

from fakes.shared import shared_path

__all__ = ["base64_vectors", "canonical_vectors", "event_signing_vectors", "json_signing_vectors", "signing_seed"]


@cache
def _text() -> str:
    return shared_path("matrix-spec", "content", "appendices.md").read_text("utf-8")


def _section(start: str, end: str) -> str:
    return _text().split(f"\n{start}\n", 1)[1].split(f"\n{end}\n", 1)[0]


def _pairs(section: str) -> list[tuple[str, str]]:
    """Return the blocks of JSON two by two: what is given, and what it shall become."""
    blocks = [block.strip() for block in re.findall(r"```json\n(.*?)```", section, re.DOTALL)]
    return list(zip(blocks[::2], blocks[1::2], strict=True))


def canonical_vectors() -> list[tuple[str, bytes]]:
    """Return texts of JSON and their canonical octets."""
    return [(given, shall.encode()) for given, shall in _pairs(_section("#### Examples", "### Signing Details"))]


def base64_vectors() -> list[tuple[bytes, str]]:
    """Return octets and their unpadded base64."""
    found = re.findall(r'UNPADDED_BASE64\("(.*?)"\) = "(.*?)"', _text())
    return [(plain.encode(), written) for plain, written in found]


def signing_seed() -> str:
    """Return the seed of the key that signs the vectors."""
    found = re.search(r'decode_base64\(\s*"([^"]+)"', _text())
    assert found is not None
    return found[1]


def _objects(section: str) -> list[tuple[dict[str, object], dict[str, object]]]:
    decode = msgspec.json.Decoder(dict[str, object]).decode
    return [(decode(given), decode(shall)) for given, shall in _pairs(section)]


def json_signing_vectors() -> list[tuple[dict[str, object], dict[str, object]]]:
    """Return objects, and what they are when signed."""
    return _objects(_section("### JSON Signing", "### Event Signing"))


def event_signing_vectors() -> list[tuple[dict[str, object], dict[str, object]]]:
    """Return events, and what they are when hashed and signed."""
    return _objects(_section("### Event Signing", "## Conventions for Matrix APIs"))
