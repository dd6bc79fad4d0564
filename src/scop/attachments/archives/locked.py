"""What is told of files that nobody can look into here: their names, and why."""

from __future__ import annotations

from collections.abc import Iterator

from scop.attachments.finding import Kind, Severity
from scop.attachments.thing import Found, Thing, shown

__all__ = ["locked", "opaque"]


def locked(thing: Thing, name: str = "") -> Iterator[Found]:
    """Yield that a file in an archive, or all of it, needs a password; its name alone is judged."""
    where = f"{shown(name)} in {thing.shown_name}" if name else thing.where
    reason = f"{where} is locked with a password, so that nobody can look into it on the way."
    yield thing.finding(Kind.ENCRYPTED, Severity.SUSPICIOUS, reason)
    if name:
        yield thing.only_named(name)


def opaque(thing: Thing, name: str) -> Iterator[Found]:
    """Yield that a file in an archive is packed in a way that is not read here; its name alone is judged."""
    reason = f"{shown(name)} in {thing.shown_name} is packed in a way that cannot be looked into here."
    yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
    yield thing.only_named(name)
