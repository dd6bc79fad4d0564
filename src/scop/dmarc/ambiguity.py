"""What about the author of a mail is doubtful, in closed words, and what follows from it.

A program that checks a mail and one that shows it may each find another author in the same octets. Where that can
be, nothing authenticates the mail: it never passes, whoever signed it. What is merely unusual is noted.

Standards: RFC 9989 §4.4, §11.5 (such mail is a threat), RFC 5322 §3.6 (fields that stand once), RFC 6854 (groups),
RFC 2047 §5 (where no encoded word stands), RFC 6376 §8.15 (fields added to a signed mail).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from scop.base import printable
from scop.dmarc.author import (
    MAX_AUTHOR_DOMAINS,
    MAX_FROM_CHARACTERS,
    FromBodies,
    domains_in_from,
    encoded_domains,
    from_bodies,
    has_unclear_end,
    hidden_domains,
    plain_domains,
    simple_domain,
)
from scop.dmarc.result import DmarcResult, DmarcWord

if TYPE_CHECKING:
    from scop.mime import Message

__all__ = ["Authorship", "Doubt", "DoubtWord", "read_authorship", "strictly"]

MAX_SHOWN = 80  # characters of a field in a doubt
MAX_DOUBTS = 10  # of one kind; more tell nothing new

# RFC 5322 §3.6, RFC 2045 §3: at most one of each, and readers differ in which one they show
_ONCE = (
    *(b"date", b"sender", b"reply-to", b"to", b"cc", b"message-id", b"subject", b"mime-version", b"content-type"),
    *(b"content-transfer-encoding", b"content-disposition"),
)
# These read a header in lower case with a line end before it: a pattern that begins with a literal is quick to look for
_LINE_OF_ONE = re.compile(rb"\n(" + b"|".join(map(re.escape, _ONCE)) + rb")[ \t]*+(?=[:\n]|\Z)")
_SENDER = re.compile(rb"\nsender[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_GROUP = re.compile(r"^[^<>@\"(),;:]+:[^:]*;")


class DoubtWord(StrEnum):
    """Why a mail may have another author to one reader than to the next."""

    # Nothing passes that has one of these
    NO_FROM = "no_from"
    NO_AUTHOR_DOMAIN = "no_author_domain"  # From holds no address with a domain
    IMPOSSIBLE_DOMAIN = "impossible_domain"  # it has no A-labels, and readers leave out what is odd about it
    FROM_TOO_LONG = "from_too_long"  # to be read to its end
    SEVERAL_FROM = "several_from"  # fields
    MANY_DOMAINS = "many_domains"  # more than are checked
    HIDDEN_FROM = "hidden_from"  # a field to those only who forgive much
    UNCLEAR_HEADER_END = "unclear_header_end"
    CONTROL_CHARACTER = "control_character"  # in From, or NUL, a bare CR or LF anywhere in the header
    ENCODED_ADDRESS = "encoded_address"  # another address comes out where encoded words are decoded
    HIDDEN_ADDRESS = "hidden_address"  # another whole address stands in quotes or in a comment
    DUPLICATE_FIELD = "duplicate_field"  # of those that stand once, others than From

    # Only unusual: each domain that could be the author's counts anyway
    SEVERAL_DOMAINS = "several_domains"
    GROUP = "group"
    OTHER_SENDER = "other_sender"  # Sender names another domain, which some programs show

    @property
    def misleads(self) -> bool:
        """Say whether no pass can be had with it."""
        return self not in _UNUSUAL


_UNUSUAL = (DoubtWord.SEVERAL_DOMAINS, DoubtWord.GROUP, DoubtWord.OTHER_SENDER)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubt, and the printable piece of the mail that raises it."""

    word: DoubtWord
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.word} ({self.detail})" if self.detail else str(self.word)


@dataclass(frozen=True, slots=True)
class Authorship:
    """The domains that are to be judged, and the doubts about them."""

    domains: tuple[str, ...]
    doubts: tuple[Doubt, ...] = ()

    @property
    def misleads(self) -> bool:
        """Say whether readers may see an author who is not among those that were checked."""
        return any(doubt.word.misleads for doubt in self.doubts)


def read_authorship(message: Message) -> Authorship:
    """Return whom a mail names as its author, by every reading, and what is doubtful about it."""
    bodies = from_bodies(message)
    domains = domains_in_from((*bodies.stated, *bodies.hidden))
    header = message.header.octets
    lines = b"\n" + header.lower()
    doubts = [*_field_doubts(bodies), *_address_doubts(bodies.stated), *_header_doubts(message, lines)]
    if bodies.stated and not domains:
        doubts.append(Doubt(DoubtWord.NO_AUTHOR_DOMAIN, _shown(bodies.stated[0])))
    doubts += [Doubt(DoubtWord.IMPOSSIBLE_DOMAIN, _shown(domain)) for domain in domains if not domain.isascii()]
    if len(domains) > MAX_AUTHOR_DOMAINS:
        doubts.append(Doubt(DoubtWord.MANY_DOMAINS, f"{len(domains)} domains"))
    elif len(domains) > 1:
        doubts.append(Doubt(DoubtWord.SEVERAL_DOMAINS, _shown(" ".join(domains))))
    if (sender := _other_sender(header, lines, domains)) is not None:
        doubts.append(Doubt(DoubtWord.OTHER_SENDER, sender))
    return Authorship(domains, tuple(dict.fromkeys(doubts)))


def strictly(result: DmarcResult, authorship: Authorship) -> DmarcResult:
    """Return `result` as it is for a mail with this authorship: no pass where readers may see somebody else."""
    doubts = [doubt for doubt in authorship.doubts if doubt.word.misleads]
    if result.result is not DmarcWord.PASS or not doubts:
        return result
    reason = f"{result.reason}; who wrote it is doubtful: {', '.join(map(str, doubts))}"
    if result.spf_aligned and all(doubt.word is DoubtWord.DUPLICATE_FIELD for doubt in doubts):
        # RFC 6376 §8.15: what was added to a mail takes its seal away, not the right of a server to send it
        by_spf = tuple(one for one in result.aligned if one.method == "spf")
        return replace(result, dkim_aligned=False, reason=reason, aligned=by_spf)
    # RFC 9989 §4.4: with a malformed or repeated From there is no alignment
    return replace(
        result,
        result=DmarcWord.FAIL,
        disposition=result.policy,
        spf_aligned=False,
        dkim_aligned=False,
        reason=reason,
        aligned=(),
    )


def _field_doubts(bodies: FromBodies) -> Iterator[Doubt]:
    if not bodies.stated:
        yield Doubt(DoubtWord.NO_FROM)
    if len(bodies.stated) > 1:
        yield Doubt(DoubtWord.SEVERAL_FROM, f"{len(bodies.stated)} fields")
    for body in bodies.hidden[:MAX_DOUBTS]:
        yield Doubt(DoubtWord.HIDDEN_FROM, _shown(body))


def _address_doubts(bodies: tuple[str, ...]) -> Iterator[Doubt]:
    for body in bodies[:MAX_DOUBTS]:
        if simple_domain(body) is not None:
            continue
        if len(body) == MAX_FROM_CHARACTERS:
            yield Doubt(DoubtWord.FROM_TOO_LONG, _shown(body))
        if _CONTROL.search(body):
            yield Doubt(DoubtWord.CONTROL_CHARACTER, _shown(body))
        if _GROUP.search(body):
            yield Doubt(DoubtWord.GROUP, _shown(body))
        plain = set(plain_domains(body))
        if set(encoded_domains(body)) - plain:
            yield Doubt(DoubtWord.ENCODED_ADDRESS, _shown(body))
        if set(hidden_domains(body)) - plain:
            yield Doubt(DoubtWord.HIDDEN_ADDRESS, _shown(body))


def _header_doubts(message: Message, lines: bytes) -> Iterator[Doubt]:
    if has_unclear_end(message):
        yield Doubt(DoubtWord.UNCLEAR_HEADER_END)
    header = message.header.octets
    if b"\0" in header:
        yield Doubt(DoubtWord.CONTROL_CHARACTER, "NUL in the header")
    whole = header.count(b"\r\n")
    if header.count(b"\r") != whole:
        yield Doubt(DoubtWord.CONTROL_CHARACTER, "a bare CR in the header")
    if whole and header.count(b"\n") != whole:
        yield Doubt(DoubtWord.CONTROL_CHARACTER, "a bare LF in the header")
    for name in _twice(lines):
        yield Doubt(DoubtWord.DUPLICATE_FIELD, name.decode("ascii"))


def _twice(lines: bytes) -> list[bytes]:
    """Return the fields that stand more than once and may stand once only."""
    names: list[bytes] = _LINE_OF_ONE.findall(lines)
    once = set(names)
    return sorted(name for name in once if names.count(name) > 1) if len(once) < len(names) else []


def _other_sender(header: bytes, lines: bytes, domains: tuple[str, ...]) -> str | None:
    sender = _SENDER.search(lines)
    if sender is None:
        return None
    # What is found lies one octet further on than in the header
    body = header[sender.start(1) - 1 : sender.end(1) - 1][:MAX_FROM_CHARACTERS].decode("utf-8", "surrogateescape")
    return _shown(body) if set(domains_in_from([body])) - set(domains) else None


def _shown(text: str) -> str:
    return printable(text.strip(), limit=MAX_SHOWN)
