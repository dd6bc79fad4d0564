"""What does no harm whatever stands in it: texts, tables, pictures, sound and film that are called what they are.

Where the bounds of an inspection end in one of these, the rest of it was not looked into; that is told, as a note.

Standards: none.
"""

from __future__ import annotations

import re

from scop.attachments.names import Promise, promise_of
from scop.attachments.thing import Thing
from scop.attachments.true_types import TrueType, true_type_of

__all__ = ["is_called_harmless", "is_harmless"]

_PLAIN_ENDINGS = frozenset(["", "csv", "tsv", "json", "jsonl", "ndjson", "sql", "geojson", "srt", "vtt"])
_OLD_LOG = re.compile(r"(?:log-?)?\d{1,8}")  # as programs name them: access.log.1, access.log-20261129
_SHOWN = (Promise.PICTURE, Promise.MEDIA)


def is_called_harmless(ending: str) -> bool:
    """Tell whether what has this ending is opened by what only shows it."""
    promise = promise_of(ending)
    is_plain = ending in _PLAIN_ENDINGS or promise is Promise.TEXT or _OLD_LOG.fullmatch(ending) is not None
    return is_plain or promise in _SHOWN


def is_harmless(thing: Thing) -> bool:
    """Tell whether a thing is by its beginning what its ending says, and that does no harm."""
    if not is_called_harmless(thing.ending):
        return False
    kind = true_type_of(thing)
    if kind in (TrueType.PICTURE, TrueType.MEDIA):
        return promise_of(thing.ending) in _SHOWN
    return kind is TrueType.TEXT and promise_of(thing.ending) not in _SHOWN
