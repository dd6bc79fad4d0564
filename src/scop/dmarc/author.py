"""Who a mail says its author is: the domain, or domains, in From, and what about that is doubtful.

A reader of mail may be shown any address that stands in any From field, so every domain that some
reader could find there counts. A display name in quotes and a comment are no address; an `@` outside
of them is, also where the grammar would not have it, and so is what only looks like a From to some.

Standards: RFC 9989 §5.3.1 (extraction), §11.5 (several authors), RFC 5322 §3.6.2 (From), RFC 5890 §2.3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from scop.base import a_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scop.mime import Message

__all__ = [
    "MAX_AUTHOR_DOMAINS",
    "MAX_FROM_CHARACTERS",
    "author_domain",
    "author_domains",
    "domains_in_from",
    "encoded_domains",
    "from_bodies",
    "has_unclear_end",
    "hidden_domains",
    "plain_domains",
    "simple_domain",
]

MAX_AUTHOR_DOMAINS = 5  # RFC 9989 §11.5: a large number is a form of attack
MAX_FROM_CHARACTERS = 16_384  # hundreds of authors; what is longer is doubtful, whoever stands in it
MAX_FROM_FIELDS = 20  # more than one is refused, so that there are many need not be counted
MAX_LOOKED_AT = 10_000  # words that may be the name of a From field; bounds what a header of 50 MB costs
MAX_LINE_LOOKED_BACK = 998  # RFC 5322 §2.1.1

_PIECE = re.compile(r'\\.?|["()]|[^"()\\]+', re.DOTALL)
_SPACE_INSIDE = re.compile(r" ?([.@]) ?")
# Some readers take the wide and the small sign for what they look like
_DOMAIN = re.compile('[@\uff20\ufe6b]([^\\x00-\\x20\\x7f()<>@,;:\\\\"\\[\\]]+)')
_ANGLE_DOMAIN = re.compile('<[^<>]*[@\uff20\ufe6b]([^\\x00-\\x20\\x7f()<>@,;:\\\\"\\[\\]]++)[^<>@]*+>')
_BEGINNING = re.compile("[A-Za-z0-9._\x80-\U0010ffff-]+")
# Where a domain ends and another address may begin, or where a program in C ends the text; and what a bracket opens
_CUT_OFF = re.compile('[@\uff20\ufe6b]([^\\x00-\\x20\\x7f()<>@,;:\\\\"\\[\\]]++) *+[\\x00-\\x08\\x0a-\\x1f\\x7f,;>]')
_BRACKETED = re.compile('<[^<>@]*+[@\uff20\ufe6b]([^\\x00-\\x20\\x7f()<>@,;:\\\\"\\[\\]]++)')
# As forgiving programs know an encoded word: with any sign in its text, of any charset
_WORD = re.compile(r"=\?([^?*\s]*+)(?:\*[^?\s]*+)?\?([bBqQ])\?(.*?)\?=")
_NOT_IN_NAMES = re.compile(r"[\\\[\]<>@:]")
_QUOTED_ELEMENT = re.compile(r'(?:^|[,;:>])[ \t]*+"((?:[^"\\]++|\\.)*+)"[ \t]*+(?=$|[,;])')
_SEPARATOR = re.compile("[,;]")
# What may pass for the name of a From field: whatever is no printable ASCII around it. This reads a header in lower
# case, since a pattern that begins with a literal is looked for ten times as fast.
_FROM = re.compile(rb"from[\x00-\x20\x7f-\xff]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+")
# A name of plain words, bare or quoted, and an address of plain atoms
_SIMPLE = re.compile(
    r"""(?:(?:[\w .'!-]*|"[\w .,'!-]*") ?<)?[\w.+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>?""", re.ASCII
)
_PLAIN_NAME = re.compile(rb"from[ \t]*+:", re.IGNORECASE)
_NO_LETTERS = bytes(range(0x21)) + bytes(range(0x7F, 0x100))
_LINE_FEED = 10
_SEEN_AS_LINE_ENDS = re.compile(rb"[\n\r\v\f\x1c-\x1e]")  # some programs cut text at all of them
_LINE_ENDS = re.compile(r"[\r\n]+")


class FromBodies(NamedTuple):
    """The bodies of the From fields of a mail on one line each, nothing decoded; `hidden` are those not all see."""

    stated: tuple[str, ...]
    hidden: tuple[str, ...] = ()


def author_domain(message: Message) -> str | None:
    """Return the one author domain, in lower case and A-labels; None where there is none or several."""
    domains = author_domains(message)
    return domains[0] if len(domains) == 1 else None


def author_domains(message: Message) -> tuple[str, ...]:
    """Return each different domain in the From fields, in the order they stand there."""
    bodies = from_bodies(message)
    return domains_in_from((*bodies.stated, *bodies.hidden))


def domains_in_from(bodies: Iterable[str]) -> tuple[str, ...]:
    """Return each different domain in the bodies of From fields."""
    found = (domain for body in bodies for domain in _domains_in(body))
    return tuple(dict.fromkeys(found))


def simple_domain(body: str) -> str | None:
    """Return the domain of a body that every reader reads alike; None where it is not as simple as that."""
    match = _SIMPLE.fullmatch(body)
    return match[1].lower() if match is not None else None


def from_bodies(message: Message) -> FromBodies:
    """Return the From fields of a mail, also those that only some readers see."""
    header, span = message.header.octets, message.span
    stated, hidden = _cut_from_fields(header)
    if has_unclear_end(message):
        # Where no empty line ends the header, other readers pass over a line that is no field, and show a From below it
        return FromBodies(stated, hidden + sum(_cut_from_fields(message.body), ()))
    if span.octets[span.header_end - 2 : span.body] != b"\r\n\r\n" and b"\r\n" in header:
        # Where an empty line is not CRLF CRLF, the header goes on for readers that know no other line end
        rest, end, _ = message.body.partition(b"\r\n\r\n")
        return FromBodies(stated, hidden + sum(_cut_from_fields(rest), ()) if end else hidden)
    return FromBodies(stated, hidden)


def has_unclear_end(message: Message) -> bool:
    """Say whether readers may differ in where the header ends, since no empty line does it where we stop reading."""
    defects = message.cut_defects
    return bool(defects) and any(defect.kind == "missing_blank_line" for defect in defects)


def _cut_from_fields(header: bytes) -> FromBodies:
    stated: list[str] = []
    hidden: list[str] = []
    for count, match in enumerate(_FROM.finditer(header.lower())):
        start, end = match.span()
        field = header[start:end]
        body = field.partition(b":")[2].decode("utf-8", "surrogateescape")
        if (start == 0 or header[start - 1] == _LINE_FEED) and _PLAIN_NAME.match(field):
            # RFC 5322 §2.2.3
            stated.append(body.replace("\r\n", "").replace("\n", "").strip(" \t\r")[:MAX_FROM_CHARACTERS])
        elif _may_be_name(header, start):
            hidden.append(_LINE_ENDS.sub(" ", body[:MAX_FROM_CHARACTERS]))
        if count == MAX_LOOKED_AT:
            hidden.append("")  # another may stand below
        if len(stated) + len(hidden) >= MAX_FROM_FIELDS or count == MAX_LOOKED_AT:
            break
    return FromBodies(tuple(stated), tuple(hidden))


def _may_be_name(header: bytes, start: int) -> bool:
    """Say whether a From at `start` begins a line to those who forgive much: behind a bare CR, NUL or first space."""
    near = header[max(0, start - MAX_LINE_LOOKED_BACK) : start]
    blank = near[len(near.rstrip(_NO_LETTERS)) :]
    before, *rest = _SEEN_AS_LINE_ENDS.split(blank)
    if not rest and len(blank) < len(near):
        return False  # there are letters before it on its line
    line = rest[-1] if rest else before
    return line[:1] not in (b" ", b"\t") or len(line) == start  # else it is folded


def _domains_in(body: str) -> Iterator[str]:
    simple = simple_domain(body)
    if simple is not None:
        yield simple
        return
    for read in (plain_domains, hidden_domains, encoded_domains):
        yield from read(body)


def plain_domains(body: str) -> Iterator[str]:
    """Find the domains that stand outside of quotes and comments, encoded words left as they are."""
    yield from _domains(_visible(body))


def hidden_domains(body: str) -> Iterator[str]:
    """Find the domains of what looks like a whole address, brackets and all, within quotes and comments."""
    if '"' in body or "(" in body:
        yield from _named(_ANGLE_DOMAIN.findall(body))
        # A quoted string that is an element of the list by itself is shown as an author
        for quoted in _QUOTED_ELEMENT.findall(body):
            yield from _domains(quoted)


def encoded_domains(body: str) -> Iterator[str]:
    """Find the domains that readers see who decode first and then look for addresses (RFC 2047 §5 forbids it)."""
    if "=?" not in body or "?=" not in body:
        return
    decoded = _decoded(body)
    for pattern in (_ANGLE_DOMAIN, _BRACKETED, _CUT_OFF):
        yield from _named(pattern.findall(decoded))
    outside = _without_quotes_and_comments(body)
    is_broken = outside is None  # a quote or comment does not end, and hides nothing
    visible = body if outside is None else outside
    for element in _SEPARATOR.split(visible):
        # Where an element of the list has no other address, the encoded one is what is shown
        if "=?" in element and not any("=?" not in domain for domain in _DOMAIN.findall(element)):
            yield from _domains(_decoded(element))
        # Where words make up an address, its beginning is: up to NUL, or to the first of several @. Where a name is
        # none by the grammar, some read on from the middle of it
        name, _, address = element.rpartition("<")
        if "=?" in address or ("=?" in name and (is_broken or _NOT_IN_NAMES.search(_without_words(name)))):
            yield from _domains(_decoded(element))
    yield from _domains(_without_words(visible))


def _decoded(text: str) -> str:
    """Return text with its encoded words decoded, as the most forgiving programs would."""
    from scop.mime.words import decode_words

    words, rest = _words_and_rest(text)
    return decode_words(_WORD.sub(_well_formed, words)) + rest


def _without_words(text: str) -> str:
    words, rest = _words_and_rest(text)
    return _WORD.sub(" ", words) + rest


def _words_and_rest(text: str) -> tuple[str, str]:
    # What begins a word before the last end of one is found to have an end: no search is in vain
    end = text.rfind("?=") + len("?=") if "?=" in text else 0
    return text[:end], text[end:]


def _well_formed(word: re.Match[str]) -> str:
    from scop.mime.charsets import is_known_charset

    charset, encoding, text = word.groups()
    known = charset if is_known_charset(charset) else "latin-1"
    return f"=?{known}?{encoding}?{text.replace('?', '=3F' if encoding in 'qQ' else '')}?="


def _domains(text: str) -> Iterator[str]:
    # RFC 5322 §4.4: white space around dots is obsolete, and read by many
    spaced = " ".join(text.split())
    joined = _SPACE_INSIDE.sub(r"\1", spaced)
    yield from _named(_DOMAIN.findall(joined))
    if joined != spaced:  # others end the domain there, if it is one
        yield from (name for name in _named(_DOMAIN.findall(spaced)) if "." in name)


def _named(domains: Iterable[str]) -> Iterator[str]:
    for domain in domains:
        # RFC 9989 §5.3.1: U-labels MUST be converted
        if name := a_labels(domain).strip("."):
            yield name
        # What no domain has in it ends one to readers that are content with a beginning
        beginning = _BEGINNING.match(domain)
        if beginning is not None and beginning[0] != domain and (name := a_labels(beginning[0]).strip(".")):
            yield name


def _visible(body: str) -> str:
    # A quote or comment that does not end hides nothing
    visible = _without_quotes_and_comments(body)
    return body if visible is None else visible


def _without_quotes_and_comments(text: str) -> str | None:
    """Return what stands outside of quotes and comments; None where one does not end."""
    visible: list[str] = []
    depth = 0
    quoted = False
    for piece in _PIECE.findall(text):
        if quoted:
            quoted = piece != '"'
        elif piece == '"' and not depth:
            quoted = True
            visible.append('"')  # stands for a display name or a quoted local part, and ends a domain
        elif piece in "()":
            depth += 1 if piece == "(" else -1
            if depth < 0:
                return None
            visible.append(" ")
        elif not depth:
            visible.append(piece)
    return None if quoted or depth else "".join(visible)
