"""Fields of mailing lists: which list it is, and what a reader can do about it.

Standards: RFC 2919 (List-Id), RFC 2369 (List-Help, List-Post, List-Unsubscribe, …).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.fields.addresses import Address, parse_addresses, write_phrase
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import without_comments

__all__ = [
    "ACTION_NAMES",
    "ID_NAMES",
    "ListActions",
    "ListId",
    "parse_list_actions",
    "parse_list_id",
    "write_list_actions",
    "write_list_id",
]

ID_NAMES = frozenset({"list-id"})
ACTION_NAMES = frozenset({"list-help", "list-subscribe", "list-unsubscribe", "list-post", "list-owner", "list-archive"})

_URI = re.compile(r"<([^<>]*+)>")
_BLANKS = re.compile(r"\s+")
_UNWRITABLE = re.compile(r"[\x00-\x20<>\x7f]")


@dataclass(frozen=True, slots=True)
class ListId:
    """A list's identifier, and its name for people."""

    identifier: str
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class ListActions:
    """URIs in the order of preference; `is_refused` is List-Post's "NO"."""

    uris: tuple[str, ...]
    is_refused: bool = False


def parse_list_id(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> ListId | None:
    """Return a list's identifier and name, None where the field holds neither."""
    found = parse_addresses(text, limits=limits)
    if len(found) == 1 and isinstance(found[0], Address) and found[0].addr_spec:
        return ListId(found[0].addr_spec, found[0].display_name)
    if defects is not None:
        defects.append(DefectKind.INVALID_LIST_FIELD)
    return None


def write_list_id(value: ListId) -> list[str]:
    """Return the words of a field body; `ValueError` for an identifier that would not read the same."""
    words = [*(write_phrase(value.phrase) if value.phrase else []), f"<{value.identifier}>"]
    if parse_list_id(" ".join(words)) != value:
        raise ValueError(f"not a list identifier: {value.identifier!r}")
    return words


def parse_list_actions(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> ListActions | None:
    """Return what a reader can do, None where the field names nothing."""
    plain = without_comments(text, limits=limits, defects=defects)
    # RFC 2369 §2: white space inside of the brackets is ignored.
    uris = tuple([without_surrogates(_BLANKS.sub("", uri)) for uri in islice(_URI.findall(plain), limits.addresses)])
    if all(uris) and uris:
        return ListActions(uris)
    if plain.strip().upper() == "NO":  # RFC 2369 §3.4
        return ListActions((), is_refused=True)
    if defects is not None:
        defects.append(DefectKind.INVALID_LIST_FIELD)
    return None


def write_list_actions(value: ListActions) -> list[str]:
    """Return the words of a field body; `ValueError` for a URI that would not read the same."""
    if value.is_refused:
        return ["NO"]
    for uri in value.uris:
        if not uri or _UNWRITABLE.search(uri):
            raise ValueError(f"not a URI for a list's field: {uri!r}")
    return [f"<{uri}>," for uri in value.uris[:-1]] + [f"<{uri}>" for uri in value.uris[-1:]]
