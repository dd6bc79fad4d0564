"""Header fields written: folded at white space, encoded where they are not plain ASCII.

Standards: RFC 5322 §2.1.1, §2.2.3, §3.2.5; RFC 2047 §5; RFC 2231 §3, §4; RFC 6532 (addresses in UTF-8).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scop.mime.fields.addresses import Address, quote_phrase
from scop.mime.words import encode_words

__all__ = ["fold_addresses", "fold_field", "fold_parameters", "fold_text"]

MAX_LINE = 78  # RFC 5322 §2.1.1: characters, without the line end
MAX_HARD_LINE = 998  # RFC 5322 §2.1.1: what every reader must take
_ATTRIBUTE_CHARS = re.compile(r"[A-Za-z0-9!#$&+.^_`|~-]")  # RFC 2231 §7: what needs no percent in an extended value
_SECTION_CHARACTERS = 48
_FIELD_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 §2.2
_LINE_ENDS = frozenset("\r\n\0")
_CONTROLS = frozenset(map(chr, (*range(32), 127))) - {"\t"}


def reject_controls(text: str, what: str) -> str:
    """Return `text`; a line end or another control in it would let it write fields of its own: `ValueError`."""
    if not _CONTROLS.isdisjoint(text):
        raise ValueError(f"control character in {what}")
    return text


def fold_field(name: str, words: Iterable[str]) -> bytes:
    """Return a field whose body is `words`, joined by spaces and folded between them.

    An empty word is one more space; no line is all white space. A name that is none, a line end or NUL in a word,
    and a word that fits on no line raise `ValueError`: whatever the words are, they write this one field.
    """
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"not a field name: {name!r}")
    lines: list[str] = []
    line = f"{name}:"
    for word in words:
        if not _LINE_ENDS.isdisjoint(word):
            raise ValueError(f"line end or NUL in {name}")
        if word and _is_full(line, word, label=f"{name}:"):
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    octets = [one.encode() for one in (*lines, line)]
    if max(map(len, octets)) > MAX_HARD_LINE:
        raise ValueError(f"{name} has a line of more than {MAX_HARD_LINE} octets that cannot be folded")
    return b"\r\n".join(octets) + b"\r\n"


def _is_full(line: str, word: str, *, label: str) -> bool:
    """Tell whether `word` goes to a line of its own; the first one stays beside the name unless it must not."""
    if line == label:
        return len(line) + 1 + len(word.encode()) > MAX_HARD_LINE
    return len(line) + 1 + len(word) > MAX_LINE


def fold_text(name: str, text: str) -> bytes:
    """Return an unstructured field: as it is where plain, else as encoded words."""
    words = reject_controls(text, name).split(" ")
    longest = max(map(len, words))
    plain = text.isascii() and "=?" not in text and longest < MAX_HARD_LINE and text == text.strip() and "" not in words
    if not plain:
        words = encode_words(text, room=min(75, MAX_LINE - len(name) - 2))
    return fold_field(name, words)


def fold_addresses(name: str, addresses: Iterable[Address]) -> bytes:
    """Return an address list, each display name encoded where it is not ASCII."""
    words: list[str] = []
    for address in addresses:
        if words:
            words[-1] += ","
        words.extend(_address_words(address))
    return fold_field(name, words)


def _address_words(address: Address) -> Iterator[str]:
    name = reject_controls(address.display_name, "display name")
    spec = reject_controls(address.addr_spec, "address")
    if not name:
        yield spec
        return
    yield from [quote_phrase(name)] if name.isascii() and len(name) < MAX_HARD_LINE // 2 else encode_words(name)
    yield f"<{spec}>"


def fold_parameters(name: str, value: str, parameters: Iterable[tuple[str, str]]) -> bytes:
    """Return a field such as Content-Disposition with its parameters, long or non-ASCII ones by RFC 2231."""
    words = [reject_controls(value, name)]
    for parameter, text in parameters:
        for word in _parameter_words(parameter, reject_controls(text, parameter)):
            words[-1] += ";"
            words.append(word)
    return fold_field(name, words)


def _parameter_words(name: str, text: str) -> list[str]:
    if text.isascii() and len(text) <= _SECTION_CHARACTERS:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return [f'{name}="{escaped}"']
    sections: list[str] = [""]
    for character in text:
        plain = _ATTRIBUTE_CHARS.match(character) is not None
        escaped = character if plain else "".join(f"%{octet:02X}" for octet in character.encode("utf-8", "replace"))
        if len(sections[-1]) + len(escaped) > _SECTION_CHARACTERS:
            sections.append("")
        sections[-1] += escaped
    if len(sections) == 1:
        return [f"{name}*=utf-8''{sections[0]}"]
    sections[0] = f"utf-8''{sections[0]}"  # RFC 2231 §4.1: the charset stands in the first section only
    return [f"{name}*{number}*={section}" for number, section in enumerate(sections)]
