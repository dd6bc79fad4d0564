"""Address lists: mailboxes and groups with display names, comments, quoted strings and obsolete forms.

One pass over tokens that a regular expression cuts; anything at all is accepted and yields the
addresses that can be seen in it. Whether an address can be mailed to is `scop.smtp.Mailbox`'s question.

Standards: RFC 5322 §3.4, §4.4 (obsolete routes and white space); RFC 6532; RFC 6854 (groups in From).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from scop.mime.charsets import without_surrogates
from scop.mime.structured import comment_end, unquote
from scop.mime.words import decode_words

__all__ = ["Address", "Group", "parse_addresses"]

_Token: TypeAlias = tuple[str, str]  # (kind, text)
_AT: _Token = ("sign", "@")

MAX_ADDRESSES = 10_000  # of one field; more than any envelope holds

_TOKEN = re.compile(
    r'(?P<quoted>"(?:[^"\\]++|\\.)*+"?)'
    r"|(?P<literal>\[[^\[\]<>,;]*+\]?)"
    r"|(?P<blank>[ \t\r\n]++)"
    r"|(?P<sign>[<>@:;,.(])"
    r'|(?P<atom>[^ \t\r\n<>@:;,.("\[]++)',
    re.DOTALL,
)
_DOT_ATOM = re.compile(r"[^\x00-\x20()<>\[\]:;@\\,.\"\x7f]+(?:\.[^\x00-\x20()<>\[\]:;@\\,.\"\x7f]+)*")


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of a field: `Address("Ada", "ada@harbor.test")`.

    `local_part` (quotes opened) and `domain` (as written; "" where there is no "@") follow from `addr_spec`,
    or `addr_spec` from them.
    """

    display_name: str = ""
    addr_spec: str = ""
    local_part: str = ""
    domain: str = ""

    def __post_init__(self) -> None:
        if self.local_part or self.domain:
            if not self.addr_spec:
                at = f"@{self.domain}" if self.domain else ""
                object.__setattr__(self, "addr_spec", f"{quote_local_part(self.local_part)}{at}")
            return
        local, at, domain = self.addr_spec.rpartition("@")
        if not at:
            local, domain = domain, ""
        object.__setattr__(self, "local_part", unquote(local) if local.startswith('"') else local)
        object.__setattr__(self, "domain", domain)

    def __str__(self) -> str:
        if not self.display_name:
            return self.addr_spec
        return f"{quote_phrase(self.display_name)} <{self.addr_spec}>"


@dataclass(frozen=True, slots=True)
class Group:
    """A named list of mailboxes, often empty ("undisclosed-recipients:;")."""

    display_name: str
    members: tuple[Address, ...] = ()


def quote_local_part(text: str) -> str:
    """Return a local part as it is written before the "@": quoted where it is no dot-atom."""
    if _DOT_ATOM.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def quote_phrase(text: str) -> str:
    """Return a display name as it is written in a field: quoted where it is not a run of plain words."""
    if all(_DOT_ATOM.fullmatch(word) and "." not in word for word in text.split(" ")) and "=?" not in text:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def parse_addresses(unfolded: str) -> tuple[Address | Group, ...]:
    """Return the mailboxes and groups of an unfolded field body, encoded words decoded; never raises."""
    return _AddressList().read(unfolded)


class _AddressList:
    """Gathers tokens of one mailbox until a sign ends it."""

    __slots__ = ("_angle", "_comment", "_found", "_group", "_in_angle", "_members", "_words")

    def __init__(self) -> None:
        self._found: list[Address | Group] = []
        self._group: str | None = None  # the name of the group that is open
        self._members: list[Address] = []
        self._start_mailbox()

    def _start_mailbox(self) -> None:
        self._words: list[_Token] = []  # outside of angle brackets
        self._angle: list[_Token] | None = None
        self._in_angle = False
        self._comment = ""

    def read(self, text: str) -> tuple[Address | Group, ...]:
        """Read a whole field body."""
        position = 0
        while position < len(text) and len(self._found) + len(self._members) < MAX_ADDRESSES:
            match = _TOKEN.match(text, position)
            if match is None:  # every character begins a token
                break
            position = match.end()
            kind = match.lastgroup or ""
            if match[0] == "(":
                end = comment_end(text, position)
                self._comment = self._comment or text[position:end].removesuffix(")").strip()
                self._note("blank", " ")
                position = end
            elif kind == "sign":
                self._sign(match[0])
            else:
                self._note(kind, match[0])
        self._end_mailbox()
        self._end_group()
        return tuple(self._found)

    def _note(self, kind: str, text: str) -> None:
        tokens = self._angle if self._in_angle and self._angle is not None else self._words
        if kind != "blank" or (tokens and tokens[-1][0] != "blank"):
            tokens.append((kind, text))

    def _sign(self, sign: str) -> None:
        if sign == "<" and self._angle is None:
            self._angle, self._in_angle = [], True
        elif sign == ">":
            self._in_angle = False
        elif self._in_angle and sign == ":":
            self._angle = []  # RFC 5322 §4.4: what came before is an obsolete route
        elif self._in_angle and sign == ",":
            self._note("blank", " ")  # only a route has commas here
        elif sign == ",":
            self._end_mailbox()
        elif sign == ";":
            self._end_mailbox()
            self._end_group()
        elif sign == ":" and self._group is None and self._angle is None:
            self._group = _phrase(self._words)
            self._start_mailbox()
        else:
            self._note("sign", sign)

    def _end_mailbox(self) -> None:
        address = self._mailbox()
        self._start_mailbox()
        if address is None:
            return
        if self._group is None:
            self._found.append(address)
        else:
            self._members.append(address)

    def _end_group(self) -> None:
        if self._group is not None:
            self._found.append(Group(self._group, tuple(self._members)))
        self._group, self._members = None, []

    def _mailbox(self) -> Address | None:
        if self._angle is not None:
            name = _phrase(self._words) or _spaced_once(self._comment)
            return _address(name, self._angle)
        name_words, spec = _split_bare(self._words)
        if not spec:
            return None
        return _address(_phrase(name_words) or _spaced_once(self._comment), spec)


def _split_bare(tokens: list[_Token]) -> tuple[list[_Token], list[_Token]]:
    """Split tokens without angle brackets into words of a name and an address: the run around the last "@"."""
    tokens = _trimmed(tokens)
    last_at = max((i for i, token in enumerate(tokens) if token == _AT), default=-1)
    if last_at < 0:
        return [], tokens
    start, end = last_at, last_at + 1
    while start > 0 and not _parts_words(tokens, start - 1):
        start -= 1
    while end < len(tokens) and not _parts_words(tokens, end):
        end += 1
    return tokens[:start] + tokens[end:], tokens[start:end]


def _parts_words(tokens: list[_Token], index: int) -> bool:
    """Tell whether white space parts two words; beside a dot or "@" it is obsolete and means nothing (§4.4)."""
    if tokens[index][0] != "blank":
        return False
    return tokens[index - 1][1] not in (".", "@") and tokens[index + 1][1] not in (".", "@")


def _trimmed(tokens: list[_Token]) -> list[_Token]:
    start, end = 0, len(tokens)
    while start < end and tokens[start][0] == "blank":
        start += 1
    while end > start and tokens[end - 1][0] == "blank":
        end -= 1
    return tokens[start:end]


def _phrase(tokens: list[_Token]) -> str:
    text = "".join(unquote(text) if kind == "quoted" else " " if kind == "blank" else text for kind, text in tokens)
    return _spaced_once(text)


def _spaced_once(text: str) -> str:
    """Return a display name decoded, its white space single spaces: so it is the same when written and read again."""
    return " ".join(decode_words(text).split())


def _address(name: str, spec: list[_Token]) -> Address:
    """Build an address from the tokens of its addr-spec; white space and comments in it mean nothing."""
    tokens = [token for token in spec if token[0] != "blank"]
    ats = [i for i, token in enumerate(tokens) if token == _AT]
    if not ats:
        local, domain = _local_part(tokens), ""
        return Address(name, quote_local_part(local) if local else "", local, "")
    local = _local_part(tokens[: ats[-1]])
    domain = without_surrogates("".join(text for _, text in tokens[ats[-1] + 1 :]))
    return Address(name, f"{quote_local_part(local)}@{domain}", local, domain)


def _local_part(tokens: list[_Token]) -> str:
    return without_surrogates("".join(unquote(text) if kind == "quoted" else text for kind, text in tokens))
