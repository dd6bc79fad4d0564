r"""Looks into RTF: objects, fields, templates, and the tricks that hide them.

RTF has more ways to write the same than any reader of it knows. So the text is not parsed as a whole, which would also
take seconds for a megabyte: each place where an object, a field or a template begins is found by one search, and only
from there on is read as Word does it, which passes over almost anything between two digits.

Standards: Rich Text Format Specification 1.9.1.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Generator, Iterator
from itertools import islice
from typing import TypeAlias

from scop.attachments.documents.fields import field_findings, link_finding
from scop.attachments.documents.ole_objects import read_ole1_object
from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_rtf"]

_MAX_PAYLOAD = 32 << 20
_MAX_FIELD_TOKENS = 4_000
_TOKEN_EFFORT = 1_300  # as `Inspection.spend` counts
_TIMES = 3  # so many times the document's own octets are read
_FREE_OCTETS = 1 << 20  # and this much besides: a short document costs nothing
_MAX_ODD = 2
_MIN_OBJECT_OCTETS = 8

_INTERESTING = re.compile(rb"\\(objdata|fldinst|template|objupdate|pFragments)(?![a-z])")
# What stands between the octets of an object: Word takes digits wherever they are and passes over the rest.
_OBJECT_TOKEN = re.compile(
    rb"(?P<digits>[0-9A-Fa-f][0-9A-Fa-f\s]*)|\\bin(?P<bin>\d{0,10}) ?|\\'..|\\[a-zA-Z]{1,250}-?\d{0,250} ?|\\."
    rb"|(?P<open>\{)|(?P<close>\})|[^0-9A-Fa-f\\{}]+",
    re.DOTALL,
)
_FIELD_TOKEN = re.compile(
    rb"\\'(?P<quoted>[0-9A-Fa-f]{2})|\\u(?P<wide>-?\d{1,7}) ?\??|\\(?P<word>[a-zA-Z]{1,250})-?\d{0,250} ?"
    rb"|\\(?P<symbol>.)|(?P<open>\{)|(?P<close>\})|(?P<text>[^\\{}\r\n]+)|[\r\n]+",
    re.DOTALL,
)


def read_rtf(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Look into an RTF document."""
    octets = thing.octets
    counts = dict.fromkeys(_LOOKS, 0)
    updates = False
    work = _Work(len(octets), inspection)
    for match in _INTERESTING.finditer(octets):
        if _is_escaped(octets, match.start()):
            continue
        word = match[1]
        updates |= word == b"objupdate"
        look = _LOOKS.get(word)
        if look is not None:
            counts[word] += 1
            if counts[word] > _MAX_ALIKE[word]:
                raise ValueError("more objects than are looked into")
            yield from look(thing, inspection, work.tokens(_TOKENS[word], octets, match.end()))
    if counts[b"objdata"] and updates:
        reason = "The document has an object that is loaded as soon as it is opened."
        yield thing.finding(Kind.EMBEDDED, Severity.SUSPICIOUS, reason)


class _Work:
    """Counts the pieces that are read: what lies in one another is read once for each, and that has its bound."""

    def __init__(self, octets: int, inspection: Inspection) -> None:
        self._inspection = inspection
        self._left_octets = _TIMES * octets + _FREE_OCTETS

    def tokens(self, pattern: re.Pattern[bytes], octets: bytes, position: int) -> Generator[re.Match[bytes], int, None]:
        """Yield the pieces from a place on; what is sent is skipped."""
        while token := pattern.match(octets, position):
            self._inspection.spend(_TOKEN_EFFORT)
            self._left_octets -= len(token[0])
            if self._left_octets < 0:
                raise ValueError("more pieces than are looked into")
            skipped = yield token
            position = token.end() + (skipped or 0)


def _is_escaped(octets: bytes, position: int) -> bool:
    """Tell whether a backslash is one of the text, which another precedes."""
    before = position
    while before and octets[before - 1] == 0x5C:
        before -= 1
    return (position - before) % 2 == 1


_Tokens: TypeAlias = Generator[re.Match[bytes], int, None]


def _object(thing: Thing, inspection: Inspection, tokens: _Tokens) -> Iterator[Found]:
    content, is_hidden = _payload(thing.octets, tokens)
    if len(content) < _MIN_OBJECT_OCTETS:
        return
    if is_hidden:
        reason = "The document hides what an object in it is made of, as honest programs do not."
        yield thing.finding(Kind.EMBEDDED, Severity.DANGEROUS, reason)
    yield from read_ole1_object(thing, inspection, content)


def _payload(octets: bytes, tokens: _Tokens) -> tuple[bytes, bool]:
    """Return the octets of the object whose digits begin here, and whether they are made hard to read."""
    digits: list[bytes] = []
    room, depth, odd = _MAX_PAYLOAD, 1, 0
    token = next(tokens, None)
    while token is not None and room > 0:
        skipped = 0
        if token["digits"]:
            digits.append(token["digits"][:room].translate(None, b" \t\r\n\f\v"))
            room -= len(token["digits"])
        elif token["bin"] is not None:
            skipped = min(int(token["bin"] or b"0"), room)
            digits.append(binascii.b2a_hex(octets[token.end() : token.end() + skipped]))
            room -= skipped
        elif token["open"] or token["close"]:
            depth += 1 if token["open"] else -1
            if not depth:
                break
        elif token[0].strip():
            odd += len(digits) > 0  # words and signs among the digits
        token = _next(tokens, skipped)
    joined = b"".join(digits)
    return binascii.a2b_hex(joined[: len(joined) & ~1]), odd > _MAX_ODD


def _next(tokens: _Tokens, skipped: int) -> re.Match[bytes] | None:
    try:
        return tokens.send(skipped)
    except StopIteration:
        return None


def _text(tokens: _Tokens) -> str:
    """Return the text of the group that is open: what Word takes for an instruction."""
    pieces: list[str] = []
    depth = 1
    for token in islice(tokens, _MAX_FIELD_TOKENS):
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
            if not depth:
                break
        else:
            pieces.append(_plain(token))
    return "".join(pieces)


def _plain(token: re.Match[bytes]) -> str:
    if token["text"]:
        return token["text"].decode("cp1252", "replace")
    if token["quoted"]:
        return bytes((int(token["quoted"], 16),)).decode("cp1252", "replace")
    if token["wide"]:
        return chr(int(token["wide"]) & 0xFFFF)
    if token["symbol"] in (b"\\", b"{", b"}"):
        return token["symbol"].decode("ascii")
    return {b"tab": " ", b"line": " ", b"bslash": "\\"}.get(token["word"] or b"", "")


def _field(thing: Thing, _: Inspection, tokens: _Tokens) -> Iterator[Found]:
    yield from field_findings(thing, _text(tokens))


def _template(thing: Thing, _: Inspection, tokens: _Tokens) -> Iterator[Found]:
    target = _text(tokens).strip()
    finding = link_finding(thing, "attachedTemplate", target)
    if finding is not None:
        yield finding


def _fragments(thing: Thing, _: Inspection, tokens: _Tokens) -> Iterator[Found]:
    # CVE-2010-3333: a list of numbers where a small one is asked for
    if any(len(run) > 200 for run in re.findall(r"[0-9a-fA-F]{9,}", _text(tokens))):
        reason = "The document breaks into an old Word by a picture that is too large for it."
        yield thing.finding(Kind.EMBEDDED, Severity.DANGEROUS, reason)


_LOOKS = {b"objdata": _object, b"fldinst": _field, b"template": _template, b"pFragments": _fragments}
_TOKENS = {word: _OBJECT_TOKEN if word == b"objdata" else _FIELD_TOKEN for word in _LOOKS}
_MAX_ALIKE = {b"objdata": 200, b"fldinst": 20_000, b"template": 20, b"pFragments": 200}
