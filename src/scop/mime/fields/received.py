"""Received: one hop of a mail's way, as the receiving host tells it.

Hosts write these clauses as they please, so every word is kept: a clause is a name that the standards
know, the words up to the next such name, and the comments between them.

Standards: RFC 5321 §4.4 (clauses), RFC 5322 §3.6.7, RFC 3848 and RFC 6531 §4.3 (protocols).
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.fields.dates import parse_date, write_date
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import comment_end

__all__ = ["NAMES", "Clause", "Received", "parse_received", "write_received"]

NAMES = frozenset({"received"})

_CLAUSE_NAMES = frozenset({"from", "by", "via", "with", "id", "for"})
# A quoted string, a path in angle brackets, a comment's start, the sign before the date, or a run of anything else.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|\(|;|[^\s"(;]++', re.DOTALL)
_COMMENT_SIGNS = re.compile(r"\\.|[()]", re.DOTALL)
_ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{2,45})\]", re.IGNORECASE)
_REVERSE_NAME = re.compile(r"\(?(?:(?:HELO|EHLO)\s+\S+\)?\s*\(?)?([A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)++)\.?\s*\[")


@dataclass(frozen=True, slots=True)
class Clause:
    """`name` (from, by, via, with, id, for; "" for words before any), its value, and the comments behind it.

    The comments are without their outer brackets; several are joined by a space.
    """

    name: str
    value: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """The clauses in order, and when the host took the mail (None where the field does not say)."""

    clauses: tuple[Clause, ...]
    date: datetime.datetime | None = None

    def clause(self, name: str) -> Clause | None:
        """Return the first clause called `name`."""
        return next((clause for clause in self.clauses if clause.name == name), None)

    def _value(self, name: str) -> str:
        clause = self.clause(name)
        return clause.value if clause is not None else ""

    @property
    def helo(self) -> str:
        """What the client called itself; "" where the field does not say."""
        return self._value("from")

    @property
    def by(self) -> str:
        """The host that took the mail."""
        return self._value("by")

    @property
    def protocol(self) -> str:
        """The `with` clause, such as SMTP, ESMTPS or LMTP."""
        return self._value("with")

    @property
    def identifier(self) -> str:
        """What the host calls the mail in its logs."""
        return self._value("id")

    @property
    def forward_path(self) -> str:
        """For whom the host took it."""
        return self._value("for")

    @property
    def address(self) -> str:
        """The client's address out of the TCP-info (RFC 5321 §4.4), in its shortest form; "" where there is none."""
        clause = self.clause("from")
        for match in _ADDRESS.finditer(f"{clause.comment} {clause.value}" if clause is not None else ""):
            try:
                return str(ipaddress.ip_address(match[1]))
            except ValueError:
                continue
        return ""

    @property
    def reverse_name(self) -> str:
        """The client's name as the host looked it up; "" where it does not say."""
        clause = self.clause("from")
        match = _REVERSE_NAME.match(clause.comment) if clause is not None else None
        return match[1] if match is not None else ""


def parse_received(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> Received | None:
    """Return one hop, None where the field holds neither a clause nor a date."""
    tokens = list(_tokens(text))
    last = max((index for index, token in enumerate(tokens) if token[0] == ";"), default=-1)
    date = parse_date(text[tokens[last][1] + 1 :], limits=limits) if last >= 0 else None
    clauses = tuple(_clauses(tokens if last < 0 or date is None else tokens[:last]))
    if (date is None or not clauses) and defects is not None:
        defects.append(DefectKind.INVALID_RECEIVED)  # RFC 5322 §3.6.7: the date is owed
    return Received(clauses, date) if clauses or date is not None else None


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield each word, comment (with its brackets) and sign, with its index."""
    position = 0
    while (match := _TOKEN.search(text, position)) is not None:
        position = match.end()
        if match[0] == "(":
            position = comment_end(text, position)
            yield text[match.start() : position], match.start()
        else:
            yield match[0], match.start()


def _clauses(tokens: list[tuple[str, int]]) -> Iterator[Clause]:
    name = ""
    words: list[str] = []
    comments: list[str] = []
    for token, _ in tokens:
        if token.startswith("("):
            comments.append(_comment(token))
            continue
        lowered = token.lower()
        if lowered in _CLAUSE_NAMES and (words or comments or not name):
            if name or words or comments:
                yield _clause(name, words, comments)
            name, words, comments = lowered, [], []
        else:
            words.append(token)
    if name or words or comments:
        yield _clause(name, words, comments)


def _clause(name: str, words: list[str], comments: list[str]) -> Clause:
    return Clause(name, without_surrogates(" ".join(words)), without_surrogates(" ".join(filter(None, comments))))


def _comment(token: str) -> str:
    """Return what a comment holds, its inner brackets closed: so it can be written again."""
    signs = _COMMENT_SIGNS.findall(token)
    missing = signs.count("(") - signs.count(")")
    return " ".join((token[1:] + ")" * missing).removesuffix(")").split())


def write_received(value: Received) -> list[str]:
    """Return the words of a field body; `ValueError` for a clause that would not read the same."""
    words: list[str] = []
    for clause in value.clauses:
        words += [word for word in (clause.name, *clause.value.split(" ")) if word]
        if clause.comment:
            words += f"({clause.comment})".split(" ")
    if value.date is not None:
        if not words:
            words = [""]
        words[-1] += ";"
        words += write_date(value.date)
    if parse_received(" ".join(words)) != value:
        raise ValueError(f"a Received field that would read otherwise: {value!r}")
    return words
