"""The labelled corpus of the shared folder, read straight from its archive, in a fixed order."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from functools import cache

from fakes.shared import shared_path

__all__ = ["corpus_sample"]


@cache
def corpus_sample(every: int) -> tuple[tuple[str, bytes], ...]:
    """Return each `every`-th mail of the corpus as (`ham` or `spam`, octets); skips aloud where it is absent."""
    return tuple(_labelled()) if every == 1 else corpus_sample(1)[::every]  # to unpack it costs more than to keep it


def _labelled() -> Iterator[tuple[str, bytes]]:
    found: dict[str, bytes] = {}
    with tarfile.open(shared_path("corpora", "spamassassin.tar.xz")) as archive:
        for member in archive:
            if member.isfile() and (opened := archive.extractfile(member)) is not None:
                found[member.name] = opened.read()
    for name in sorted(found):
        yield name.split("/")[1], found[name]
