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
    return tuple(_labelled(every))


def _labelled(every: int) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(shared_path("corpora", "spamassassin.tar.xz")) as archive:
        members = sorted((member for member in archive if member.isfile()), key=lambda member: member.name)
        for member in members[::every]:
            opened = archive.extractfile(member)
            if opened is not None:
                yield member.name.split("/")[1], opened.read()
