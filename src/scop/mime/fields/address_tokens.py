"""Address lists cut into tokens, and what a run of tokens means: a phrase, a local part, a domain.

A token is a kind of one character and its text. The kinds of a run, joined, are its shape, and the grammar of
RFC 5322 is asked of shapes: so one small regular expression tells whether a run is a phrase, an addr-spec or a route.

    kind            token
    a               an atom
    q               a quoted string
    l               a domain literal
    (space)         white space and comments, as long as they come
    . @ , ; : < >   these signs
    x               what has no place in an address: controls, stray brackets, what is opened and never closed

Standards: RFC 5322 §3.2.3–§3.2.5, §3.4, §4.4; RFC 6532 §3.2.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from scop.mime.charsets import without_surrogates
from scop.mime.structured import is_atom, quote, unquote

__all__ = [
    "PLAIN_MAILBOX",
    "TOKEN",
    "Token",
    "domain_of",
    "is_addr_spec",
    "is_blank",
    "is_phrase",
    "is_route",
    "kind_of",
    "local_part_of",
    "phrase_of",
    "shape_of",
    "split_at_commas",
    "split_bare",
]

Token: TypeAlias = tuple[str, str]  # (kind, text)

# Each alternative takes all it looks at, or gives up at a sign that ends it: no text is scanned again and again.
TOKEN = re.compile(
    r'(?P<q>"(?:[^"\\]++|\\.)*+")'
    r'|(?P<Q>"(?:[^"\\]++|\\.)*+)'  # never closed
    r"|(?P<l>\[[^\[\]\\]*+\])"
    r"|(?P<p>\[(?:[^\[\]\\]++|\\.){0,200}+\])"  # with quoted pairs; bounded, since it may be tried at each "["
    r"|(?P<L>\[(?:[^\[\]\\<>,;]++|\\.)*+\]?)"  # never closed
    r"|(?P<b>[ \t\r\n]++)"
    r"|(?P<s>[<>@:;,.(])"
    r'|(?P<a>[^ \t\r\n<>@:;,.("\[]++)',
    re.DOTALL,
)

# Most mailboxes are as plain as this, and need no tokens: ASCII, no comment, no encoded word, nothing obsolete.
_PLAIN_ATOM = r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-]"
_PLAIN_SPEC = rf"{_PLAIN_ATOM}++(?:\.{_PLAIN_ATOM}++)*+"
PLAIN_MAILBOX = re.compile(
    rf"[ \t]*+(?:(?:(?P<words>{_PLAIN_ATOM}(?:{_PLAIN_ATOM}|[ .])*+)|\"(?P<quoted>[ !#-<>-\[\]-~]*+)\"[ \t]*+)?"
    rf"<(?P<local>{_PLAIN_SPEC})@(?P<domain>{_PLAIN_SPEC})>|(?P<bare>{_PLAIN_SPEC})@(?P<bare_domain>{_PLAIN_SPEC}))"
    r"[ \t]*+(?=[,;]|\Z)"
)

_KINDS = {"q": "q", "Q": "x", "l": "l", "p": "l", "L": "x", "b": " "}
_OBSOLETE_BLANK = re.compile(r" (?=[.@])|(?<=[.@]) ")  # RFC 5322 §4.4: it parts no words

_PHRASE = re.compile(r" ?[aq][aq. ]*")  # RFC 5322 §3.2.5 and §4.1 (obs-phrase)
_DOMAIN = r"(?:a(?: ?\. ?a)*|l)"  # RFC 5322 §3.4.1 and §4.4 (obs-domain)
_ADDR_SPEC = re.compile(rf" ?[aq](?: ?\. ?[aq])* ?@ ?{_DOMAIN} ?")  # RFC 5322 §3.4.1 and §4.4 (obs-local-part)
_ROUTE = re.compile(rf"[ ,]*@ ?{_DOMAIN} ?(?:, ?(?:@ ?{_DOMAIN} ?)?)*")  # RFC 5322 §4.4 (obs-domain-list)

_INSIDE_LITERAL = re.compile(r"\[((?:[^\]\\]++|\\.)*+)", re.DOTALL)
_LITERAL_PAIR = re.compile(r"\\(.)", re.DOTALL)
_BLANKS = re.compile(r"[ \t\r\n]+")
_LITERAL_BRACKET = re.compile(r"[\[\]\\]")
_TO_ESCAPE_IN_LITERAL = re.compile(r"[\[\]\\<>,;]")


def kind_of(group: str, text: str) -> str:
    """Return the kind of a token that the named group of `TOKEN` matched."""
    if group == "a":
        return "a" if is_atom(text) else "x"
    return _KINDS.get(group, text)


def shape_of(tokens: list[Token]) -> str:
    """Return the kinds of the tokens, joined."""
    return "".join([kind for kind, _ in tokens])


def is_blank(tokens: list[Token]) -> bool:
    """Tell whether nothing but white space and comments stands there."""
    return all(kind == " " for kind, _ in tokens)


def is_phrase(tokens: list[Token]) -> bool:
    """Tell whether the tokens are a display name by the grammar, the obsolete one too."""
    return _PHRASE.fullmatch(shape_of(tokens)) is not None


def is_addr_spec(tokens: list[Token]) -> bool:
    """Tell whether the tokens are an addr-spec by the grammar, the obsolete one too."""
    return _ADDR_SPEC.fullmatch(shape_of(tokens)) is not None


def is_route(tokens: list[Token]) -> bool:
    """Tell whether the tokens are the obsolete route that stands before a colon."""
    return _ROUTE.fullmatch(shape_of(tokens)) is not None


def split_bare(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """Split tokens without angle brackets into a display name and an addr-spec: the run around the last "@".

    Without an "@" a single run is a local part, several are a name that has no address.
    """
    shape = _OBSOLETE_BLANK.sub("_", shape_of(tokens))
    stripped = shape.strip(" ")
    if "@" not in shape:
        return (tokens, []) if " " in stripped else ([], tokens)
    at = shape.rfind("@")
    start = shape.rfind(" ", 0, at) + 1
    end = shape.find(" ", at)
    if end < 0:
        end = len(tokens)
    return tokens[:start] + tokens[end:], tokens[start:end]


def split_at_commas(tokens: list[Token]) -> list[list[Token]]:
    """Split what stands in one pair of angle brackets where commas show that it is more than one address."""
    pieces: list[list[Token]] = [[]]
    for token in tokens:
        if token[0] == ",":
            pieces.append([])
        else:
            pieces[-1].append(token)
    return [piece for piece in pieces if not is_blank(piece)] or [[]]


def phrase_of(tokens: list[Token]) -> str:
    """Return the text of a display name, quotes opened, a space between words; encoded words stand as they are."""
    return "".join(
        [unquote(text) if text[0] == '"' else " " if kind == " " else text for kind, text in _trimmed(tokens)]
    )


def local_part_of(tokens: list[Token]) -> str:
    """Return the local part that the tokens before the "@" mean."""
    words = [unquote(text) if text[0] == '"' else text for _, text in _spaced(tokens)]
    return without_surrogates("".join(words))


def domain_of(tokens: list[Token]) -> str:
    """Return the domain that the tokens behind the "@" mean, in the one form that reads as the same again."""
    return without_surrogates("".join([_domain_word(text) for _, text in _spaced(tokens)]))


def _domain_word(text: str) -> str:
    if text[0] == '"':
        return quote(unquote(text))
    return _normal_literal(text) if text[0] == "[" else text


def _normal_literal(text: str) -> str:
    """Return a domain literal closed, white space around and between its words reduced, quoted pairs only at need."""
    match = _INSIDE_LITERAL.match(text)
    inner = match[1] if match is not None else ""
    # RFC 5322 §3.4.1: folding white space; §4.1: quoted pairs
    plain = _BLANKS.sub(" ", _LITERAL_PAIR.sub(r"\1", inner)).strip(" ")
    if _LITERAL_BRACKET.search(plain):
        plain = _TO_ESCAPE_IN_LITERAL.sub(r"\\\g<0>", plain)
    return f"[{plain}]"


def _trimmed(tokens: list[Token]) -> list[Token]:
    shape = shape_of(tokens)
    start = len(shape) - len(shape.lstrip(" "))
    return tokens[start : len(shape.rstrip(" "))]


def _spaced(tokens: list[Token]) -> list[Token]:
    """Return the tokens of one side of an "@" with white space only where it parts two words, a space each."""
    shape = _OBSOLETE_BLANK.sub("_", shape_of(_trimmed(tokens)))
    found = zip(shape, _trimmed(tokens), strict=True)
    return [(" ", " ") if kind == " " else token for kind, token in found if kind != "_"]
