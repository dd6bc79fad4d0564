"""From a mail to the set of tokens that is weighed: words of the text and of the header, hosts of links, structure.

Work is bounded: so many octets of each part and of all together are read, whatever the mail's size;
every pattern scans its text once. HTML is reduced to what a person sees by rules that err towards
seeing more, in plain Python: nothing here is a browser.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from scop.mime import Entity, Message, parse
from scop.mime.charsets import decode_text
from scop.mime.transfer import decode_content

__all__ = ["tokens_of"]

MAX_PARTS = 50
MAX_PART_OCTETS = 65_536  # of one part, before decoding; what lies below it hardly changes a verdict
MAX_TEXT_OCTETS = 131_072  # of all parts together: a mail costs a few milliseconds at most
MAX_FIELD_CHARACTERS = 2_000
MAX_WORD_CHARACTERS = 24  # longer ones are told by their length and beginning
MAX_HOST_LABELS = 4

_WORD = re.compile(r"[^\W_][\w'$€£%!-]{1,60}")
_URL = re.compile(r"https?://([^\s/\"'<>?#]{1,200})")
# Comments, scripts and styles vanish, as they do for the eye: "vi<!-- x -->agra" is one word.
# Each alternative matches whatever follows its opening, so that no "<" is scanned twice.
_UNSEEN = re.compile(r"<(?:!--.*?(?:-->|\Z)|(script|style)\b.*?(?:(?=</\1)|\Z))", re.DOTALL)
_TAG = re.compile(r"</?([a-z][a-z0-9]{0,12})[^<>]*+>?")

# Fields whose words say something; each word bears the field's name.
_FIELDS = ("From", "Reply-To", "Subject", "To", "X-Mailer", "User-Agent", "List-Id", "Return-Path", "Content-Type")
# Fields that are clues by being there or not.
_NOTED = ("List-Unsubscribe", "In-Reply-To", "References", "Precedence", "Mime-Version", "Message-ID", "Date")


def tokens_of(octets: bytes) -> set[str]:
    """Return the tokens of a mail; any octets are a mail."""
    message = parse(octets)
    found = set(_header_tokens(message))
    octets_left = MAX_TEXT_OCTETS
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS:
            break
        found.update(_structure_tokens(part))
        if octets_left > 0 and part.content_type.maintype == "text":
            span = part.span
            body = span.octets[span.body : min(span.end, span.body + min(octets_left, MAX_PART_OCTETS))]
            octets_left -= len(body)
            found |= _text_tokens(part, body)
    return found


def _header_tokens(message: Message) -> Iterator[str]:
    header = message.header
    for name in _FIELDS:
        value = header.get(name)
        if value:
            prefix = f"{name.lower()}:"
            for word in _words(value[:MAX_FIELD_CHARACTERS].lower()):
                yield prefix + word
    for name in _NOTED:
        yield f"{'has' if name in header else 'no'}:{name.lower()}"


def _structure_tokens(part: Entity) -> Iterator[str]:
    yield f"part:{part.content_type.media_type[:80]}"
    if part.filename:
        yield f"file:{part.filename.rpartition('.')[2].lower()[:MAX_WORD_CHARACTERS]}"


def _text_tokens(part: Entity, body: bytes) -> set[str]:
    content_type = part.content_type
    text = decode_text(decode_content(body, part.transfer_encoding), content_type.parameters.get("charset", "")).lower()
    found = {f"url:{piece}" for host in set(_URL.findall(text)) for piece in _host_pieces(host)}
    if content_type.subtype == "html":
        text = _UNSEEN.sub("", text)
        found.update(f"tag:{tag}" for tag in set(_TAG.findall(text)))
        text = html.unescape(_TAG.sub(" ", text)) if "&" in text else _TAG.sub(" ", text)
    found.update(_words(text))
    return found


def _host_pieces(host: str) -> Iterable[str]:
    """Return a host and its parents: links of one sender often differ in their first label."""
    labels = host.rpartition("@")[2].partition(":")[0].split(".")
    return [".".join(labels[start:]) for start in range(max(0, len(labels) - MAX_HOST_LABELS), len(labels))]


def _words(lower: str) -> set[str]:
    """Return the words of a text in lower case."""
    words = set(_WORD.findall(lower))
    long = [word for word in words if len(word) > MAX_WORD_CHARACTERS]
    if long:
        words.difference_update(long)
        words.update(f"long:{word[0]}{len(word) // 10}" for word in long)
    return words
