"""Other readers of mail beside ours: in how many mails, and about what, each says something else than was written.

The values that a mail was written from are the truth; nobody has to vote. A reader is asked by its own ordinary calls
(`hamlet_readers`), and what it gives is put into our values: text is read by our field parsers, so that a reader that
hands a field out as it stands agrees. Each disagreement has a cause and the index of a mail that shows it.
"""

from __future__ import annotations

import datetime
import importlib.util
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from scop.cli.hamlet_readers import PEERS, Read, reader_of
from scop.mime import ContentType, EntityValues, Group
from scop.mime.charsets import decode_text
from scop.mime.fields import FieldValue, parse_field, transfer_encoding
from scop.mime.fields.message_ids import MessageId

__all__ = ["PEERS", "Cause", "Tally", "Watch", "merged", "missing_peers"]

_MESSAGE_TYPES = frozenset({"message/rfc822", "message/global"})


class Cause(msgspec.Struct):
    """How many mails show a disagreement, and the first that does."""

    mails: int
    example: int


class Tally(msgspec.Struct):
    """What a peer made of a corpus: mails in which it disagrees anywhere, and why."""

    mails: int = 0
    causes: dict[str, Cause] = {}


def missing_peers(names: Iterable[str]) -> tuple[str, ...]:
    """Return the packages that are not installed of those that these peers need."""
    return tuple([PEERS[name].package for name in names if not _is_there(PEERS[name].module)])


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


class Watch:
    """Shows mails to peers and counts their disagreements."""

    def __init__(self, names: Iterable[str]) -> None:
        self._readers = {name: reader_of(name) for name in names}
        self.tallies: dict[str, Tally] = {name: Tally() for name in self._readers}

    def observe(self, index: int, octets: bytes, values: EntityValues) -> None:
        """Let each peer read one mail."""
        for name, reader in self._readers.items():
            try:
                causes = set(disagreements(values, reader(octets)))
            except Exception as error:  # what a peer raises is what we count
                causes = {f"raised {type(error).__name__}"}
            if causes:
                tally = self.tallies[name]
                tally.mails += 1
                for cause in causes:
                    tally.causes.setdefault(cause, Cause(0, index)).mails += 1


def merged(tallies: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    """Return the sums of several runs of mails, given in the order of their mails; the commonest cause first."""
    sums: dict[str, Tally] = {}
    for one in tallies:
        for name, tally in one.items():
            total = sums.setdefault(name, Tally())
            total.mails += tally.mails
            for cause, seen in tally.causes.items():
                total.causes.setdefault(cause, Cause(0, seen.example)).mails += seen.mails
    for total in sums.values():
        total.causes = dict(sorted(total.causes.items(), key=lambda item: (-item[1].mails, item[0])))
    return sums


_Pair: TypeAlias = tuple[EntityValues, Read, bool]


def disagreements(values: EntityValues, read: Read) -> Iterator[str]:
    """Yield why a peer's reading of a mail is not what it was written from; a cause may come twice."""
    waiting: list[_Pair] = [(values, read, False)]
    while waiting:
        wanted, found, in_digest = waiting.pop()
        media = _media(wanted, in_digest=in_digest)
        if found.media_type != media.media_type:
            yield f"structure: another type than {_kind(media)}"
            continue  # all below follows from that
        yield from _field_causes(wanted, found)
        parts = wanted.content if isinstance(wanted.content, tuple) else ()
        if len(parts) != len(found.parts):
            yield f"structure: other parts of {_kind(media)}"
        elif parts:
            is_digest = media.media_type == "multipart/digest"
            waiting += [(part, other, is_digest) for part, other in zip(parts, found.parts, strict=True)]
        elif isinstance(wanted.content, bytes):
            yield from _content_causes(wanted.content, found, media, _encoding(wanted))


def _media(values: EntityValues, *, in_digest: bool) -> ContentType:
    for name, value in values.fields:
        if name.lower() == "content-type":
            return value if isinstance(value, ContentType) else ContentType()
    return ContentType("message", "rfc822") if in_digest else ContentType()


def _kind(media: ContentType) -> str:
    """Return a media type as far as the structure of a mail depends on it."""
    return media.media_type if media.maintype == "message" else f"{media.maintype}/*"


def _encoding(values: EntityValues) -> str:
    return next((str(value) for name, value in values.fields if name.lower() == "content-transfer-encoding"), "")


def _field_causes(wanted: EntityValues, found: Read) -> Iterator[str]:
    if found.fields is None:  # this reader does not show the fields of parts
        return
    names = Counter(name.lower() for name, _ in wanted.fields)
    other_names = Counter(name.lower() for name, _ in found.fields)
    if names != other_names:
        is_blank = names == Counter(name.lower().rstrip() for name, _ in found.fields)
        yield "header: a blank before the colon is of the name" if is_blank else "header: other fields"
        return
    said: dict[str, list[object]] = {}
    for name, value in found.fields:
        said.setdefault(name.lower(), []).append(value)
    for name, value in wanted.fields:
        yield from _value_causes(name, value, said[name.lower()])


def _value_causes(name: str, value: FieldValue, said: list[object]) -> Iterator[str]:
    """Hold a value against what a peer gives for the fields of its name, which may be in another order."""
    is_text = isinstance(value, str) and name.lower() not in transfer_encoding.NAMES
    readings = [parse_field(name, one) if isinstance(one, str) and not is_text else one for one in said]
    agreeing = next((at for at, one in enumerate(readings) if _agree(value, one)), None)
    if agreeing is None:
        yield f"header: {_family(name, value)}{_how(value, readings[0] if readings else None)}"
    else:
        del said[agreeing]


def _agree(value: FieldValue, other: object) -> bool:
    if isinstance(value, tuple) and isinstance(other, tuple):
        # A reader that forgets which group a mailbox is in has still found the mailbox.
        return list(_mailboxes(value)) == list(_mailboxes(other))
    if isinstance(value, ContentType) and isinstance(other, ContentType):
        return (value.media_type, dict(value.parameters)) == (other.media_type, dict(other.parameters))
    if isinstance(other, datetime.datetime) and other.tzinfo is None:  # the standard library's form of "-0000"
        other = other.replace(tzinfo=datetime.UTC)
    return value == other


def _mailboxes(value: Iterable[object]) -> Iterator[object]:
    for member in value:
        if isinstance(member, Group):
            yield from member.members
        else:
            yield member


def _family(name: str, value: FieldValue) -> str:
    if isinstance(value, str):
        return "Content-Transfer-Encoding" if name.lower() in transfer_encoding.NAMES else "text"
    if isinstance(value, tuple):
        return "Message-IDs" if value and isinstance(value[0], MessageId) else "addresses"
    return type(value).__name__


def _how(value: FieldValue, other: object) -> str:
    if not isinstance(value, str) or not isinstance(other, str):
        return ""
    if value.split() == other.split():
        return ", white space only"
    return ", not ASCII" if not value.isascii() else ""


def _content_causes(content: bytes, found: Read, media: ContentType, encoding: str) -> Iterator[str]:
    if found.content is not None and found.content != content:
        kind = ", line ends only" if found.content.split() == content.split() else ""
        yield f"content: {encoding.lower() or 'no encoding'}{kind}"
    charset = media.parameters.get("charset", "")
    if found.text is not None and found.text.split() != decode_text(content, charset).split():
        yield f"text: charset {charset.lower() or 'none'}"
