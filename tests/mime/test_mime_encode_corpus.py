"""Real and awkward mails, written again from their values alone."""

from __future__ import annotations

from collections.abc import Iterator

from fakes.corpus import corpus_sample
from fakes.shared import shared_path
from scop.mime import encode, parse


def _failure(octets: bytes) -> str:
    """Return what goes wrong on the way from values to octets to values, "" where nothing does."""
    values = parse(octets).values()
    try:
        written = b"".join(encode(values))
    except ValueError as error:
        return f"refused: {error}"
    return "" if parse(written).values() == values else "read as another mail"


def _vectors() -> Iterator[tuple[str, bytes]]:
    for path in sorted(shared_path("vectors", "mime").rglob("*")):
        if path.suffix in (".raw", ".eml"):
            yield f"{path.parent.name}/{path.name}", path.read_bytes()


def test_values_of_the_corpus_are_written_and_read_alike() -> None:
    """What real mail says survives being written anew."""
    sample = corpus_sample(20)
    failures = [failure for _, octets in sample if (failure := _failure(octets))]
    assert [] == failures
    assert len(sample) > 250


def test_values_of_awkward_mails_are_written_and_read_alike() -> None:
    """What broken mail says survives too."""
    failures = {name: failure for name, octets in _vectors() if (failure := _failure(octets))}
    assert {} == failures
