"""The texts of a mail: found, decoded, reduced to what a person sees, and what was odd on the way there.

Work is bounded: so many octets of each part and of all together are decoded, so many characters of what is seen are
kept. Alternatives that say the same count once.

Standards: RFC 2045 §6 (encodings), RFC 2046 §4.1, §5.1.4 (alternatives).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from scop.mime import Entity, Message
from scop.mime.charsets import decode_text
from scop.mime.transfer import KNOWN_ENCODINGS, decode_content
from scop.spam.evidence.files import file_tokens, is_file
from scop.spam.evidence.folding import fold, tricks_of
from scop.spam.evidence.markup import Page, read_page, read_words
from scop.spam.evidence.values import Scope
from scop.spam.evidence.words import Chunks

__all__ = ["MAX_SEEN_CHARACTERS", "Text", "Texts", "read_texts"]

MAX_PARTS = 50
MAX_PART_OCTETS = 262_144  # of one part, before decoding: letters carry their style sheet first
MAX_TEXT_OCTETS = 524_288  # of all parts together
MAX_SEEN_CHARACTERS = 65_536  # of all parts together; what lies below hardly changes a verdict
MAX_FILES = 20

_ESCAPED_LETTERS = re.compile(rb"(?:=(?:4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa])){3}")
_META_CHARSET = re.compile(r"<meta[^>]{0,200}charset=[\"']?([\w-]{1,40})", re.IGNORECASE)
_UUENCODED = re.compile(r"^begin [0-7]{3,4} [^\n]{1,200}\n.*?(?:^end$|\Z)", re.DOTALL | re.MULTILINE)
_SAME = 0.6  # of the words of one alternative that the other has too: then it says the same
_DIFFERENT = 0.2


class Text(msgspec.Struct, frozen=True):
    """One text as a person sees it."""

    subtype: str
    seen: str
    folded: str
    words: list[str]  # in the order in which they come first; some may come again
    chunks: Chunks


@dataclass(slots=True)
class Texts:
    """All texts of a mail, and what was found while they were read."""

    scope: Scope
    texts: list[Text] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)


def read_texts(message: Message, scope: Scope) -> Texts:
    """Read the texts of a mail."""
    found = Texts(scope)
    octets_left, characters_left, files = MAX_TEXT_OCTETS, MAX_SEEN_CHARACTERS, 0
    kinds: list[str] = []
    for part in list(message.walk())[:MAX_PARTS] if message.parts else (message,):
        kinds.append(part.content_type.media_type[:80])
        if is_file(part) and files < MAX_FILES:
            files += 1
            found.tokens += file_tokens(part)
        if part.content_type.maintype == "text" and octets_left > 0 and characters_left > 0:
            octets, source = _decoded(part, min(octets_left, MAX_PART_OCTETS), found.tokens)
            octets_left -= octets
            characters_left -= _take(found, part.content_type.subtype, source, characters_left)
    found.tokens += [f"part:{kind}" for kind in kinds]
    found.tokens.append(f"part:{len(kinds) if len(kinds) < 4 else 'many'}")
    if "text/html" in kinds and "text/plain" not in kinds:
        found.tokens.append("part:html-only")
    _compare(found)
    return found


def _take(found: Texts, subtype: str, source: str, characters: int) -> int:
    """Add a text of which at most so many `characters` are kept; return how many are."""
    if subtype == "html":
        page = read_page(source) if found.scope is Scope.FULL else read_words(source)
        found.pages.append(page)
        found.tokens += page.tokens
        seen = page.seen[:characters]
    else:
        seen = source[:characters]
        if "\nbegin " in seen:
            seen = _UUENCODED.sub("", seen)
            found.tokens.append("file:uuencoded")
    if not seen.isascii():
        found.tokens += tricks_of(seen)
    folded = fold(seen)
    chunks = Chunks.of(folded)
    found.texts.append(Text(subtype, seen, folded, chunks.words(), chunks))
    return len(seen)


def _decoded(part: Entity, limit: int, tokens: list[str]) -> tuple[int, str]:
    """Return how many octets of a part were read, and their text; what is odd about them goes to `tokens`."""
    span, encoding = part.span, part.transfer_encoding
    body = span.octets[span.body : min(span.end, span.body + limit)]
    content = decode_content(body, encoding)
    charset = part.content_type.parameters.get("charset", "").lower()[:40]
    text = decode_text(content, charset)
    tokens.append(f"charset:{charset or 'none'}")
    tokens.append(f"encoding:{encoding[:20] or 'none'}")
    is_ascii = content.isascii()
    if encoding == "base64" and is_ascii:
        tokens.append("trick:base64-of-ascii")
    elif encoding == "quoted-printable" and _ESCAPED_LETTERS.search(body):
        tokens.append("trick:letters-escaped")
    elif encoding not in KNOWN_ENCODINGS:
        tokens.append("encoding:unknown")
    if not is_ascii and charset in ("", "us-ascii", "ascii"):
        tokens.append("charset:undeclared")
    if not is_ascii and "\ufffd" in text:
        tokens.append("charset:broken")
    meta = _META_CHARSET.search(text[:4_000]) if "<" in text[:2_000] else None
    if meta is not None and charset and meta[1].lower() != charset:
        tokens.append("charset:two")
    return len(body), text


def _compare(found: Texts) -> None:
    """Drop a plain text that its HTML repeats; note where the two say different things."""
    plain = next((text for text in found.texts if text.subtype == "plain"), None)
    page = next((text for text in found.texts if text.subtype == "html"), None)
    if plain is None or page is None or not plain.words or not page.words:
        return
    one, other = set(plain.words), set(page.words)
    common = len(one & other) / len(one)
    if common >= _SAME:
        found.texts.remove(plain)
        found.tokens.append("part:alternatives-alike")
    elif common < _DIFFERENT:
        found.tokens.append("part:alternatives-differ")
