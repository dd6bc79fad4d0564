"""From a mail to the set of tokens that is weighed: words of the text and of the header, hosts of links, structure.

Work is bounded: only the first octets of each part are read, and no more than so many tokens are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.mime import Entity, Message, parse

__all__ = ["MAX_TOKENS", "tokens_of"]

MAX_TOKENS = 4000
MAX_PARTS = 50
MAX_TEXT_CHARACTERS = 65_536  # of one part; what is below it hardly changes a verdict
MAX_WORD_CHARACTERS = 24  # longer ones are told by their length and beginning

_WORD = re.compile(r"[^\W_][\w'$€£%!-]{1,60}")
_URL = re.compile(r"https?://([^\s/\"'<>?#]{1,200})", re.IGNORECASE)
_MARKUP = re.compile(
    r"<(?:(?:script|style)\b[^>]*>.*?</(?:script|style)|!--.*?--|[^>]{0,2000})>", re.IGNORECASE | re.DOTALL
)
_TAG = re.compile(r"<\s*([a-z][a-z0-9]{0,12})", re.IGNORECASE)

# Fields whose words say something; each word bears the field's name.
_FIELDS = ("From", "Reply-To", "Subject", "To", "X-Mailer", "User-Agent", "List-Id", "Return-Path", "Content-Type")
# Fields that are clues by being there or not.
_NOTED = ("List-Unsubscribe", "In-Reply-To", "References", "Precedence", "Mime-Version", "Message-ID", "Date")


def tokens_of(octets: bytes) -> frozenset[str]:
    """Return the tokens of a mail; any octets are a mail."""
    found: set[str] = set()
    for token in _all_tokens(parse(octets)):
        found.add(token)
        if len(found) >= MAX_TOKENS:
            break
    return frozenset(found)


def _all_tokens(message: Message) -> Iterator[str]:
    for name in _FIELDS:
        value = message.header.get(name)
        if value:
            yield from (f"{name.lower()}:{word}" for word in _words(value))
    for name in _NOTED:
        yield f"{'has' if message.header.get(name) is not None else 'no'}:{name.lower()}"
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS:
            return
        yield from _part_tokens(part)


def _part_tokens(part: Entity) -> Iterator[str]:
    media_type = part.content_type.media_type
    yield f"part:{media_type}"
    if part.filename:
        yield f"file:{part.filename.rpartition('.')[2].lower()[:MAX_WORD_CHARACTERS]}"
    if part.parts or part.content_type.maintype != "text":
        return
    text = part.text[:MAX_TEXT_CHARACTERS]
    yield from (f"url:{piece}" for host in _URL.findall(text) for piece in _host_pieces(host))
    if media_type == "text/html":
        yield from (f"tag:{tag.lower()}" for tag in _TAG.findall(text))
        text = _MARKUP.sub(" ", text)
    yield from _words(text)


def _host_pieces(host: str) -> Iterator[str]:
    """Yield a host and each of its parents: links of one sender differ in their first label."""
    labels = host.lower().rpartition("@")[2].partition(":")[0].split(".")
    yield from (".".join(labels[start:]) for start in range(max(0, len(labels) - 4), len(labels)))


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        lower = word.lower()
        yield lower if len(lower) <= MAX_WORD_CHARACTERS else f"long:{lower[0]}{len(lower) // 10}"
