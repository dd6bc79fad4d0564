"""Received: one hop of a mail's way, as the receiving host tells it.

Hosts write what they like here, so every word and every comment is kept: words go to the clause before them, a
comment that finds no room behind its clause makes one without a name. The properties of `Received` say what programs
look for, in the forms that Postfix, Exim, Sendmail, qmail, Exchange and Gmail give to it.

Standards: RFC 5321 §4.4 (clauses), RFC 5322 §3.6.7; RFC 3848 and RFC 6531 §4.3 (protocols); RFC 6729 (state), RFC 8314
§7.4 (tls).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.fields.dates import parse_date, write_date
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import (
    comment_end,
    open_comment,
    printable_phrase,
    reject_line_ends,
    without_line_ends,
    write_comment,
)
from scop.mime.words import encode_words

__all__ = ["NAMES", "Clause", "Received", "parse_received", "write_received"]

NAMES = frozenset({"received"})

_CLAUSE_NAMES = frozenset({"from", "by", "via", "with", "id", "for", "tls", "state"})
# A quote that is never closed, and a backslash that escapes nothing, stand in no word.
_TOKEN = re.compile(
    r'(?P<word>(?:"(?:[^"\\]++|\\.)*+"|\\[^ \t]|[^ \t()"\\;]++)++)|(?P<comment>\()|(?P<date>;)|[)"\\]', re.DOTALL
)
_BLANKS = re.compile(r"[ \t]++")
_HELO = re.compile(r"\b(?:helo|ehlo)[ =]([^\s()]+)", re.IGNORECASE)
_BRACKETED = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]", re.IGNORECASE)
_MAX_COMMENT_WORD = 60  # a longer one is encoded, so that the line can be folded


@dataclass(frozen=True, slots=True)
class Clause:
    """`name` (from, by, via, with, id, for, …; lower-case), its value, and the comment behind it, without brackets."""

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
    def from_(self) -> str:
        """What stands behind "from": the name that the client gave itself, or the one that was found for it."""
        return self._value("from")

    @property
    def by(self) -> str:
        """The host that took the mail."""
        return self._value("by")

    @property
    def protocol(self) -> str:
        """How it came, such as ESMTPS (RFC 3848)."""
        return self._value("with")

    @property
    def id(self) -> str:
        """Under which identifier the host has it in its logs."""
        return self._value("id")

    @property
    def for_address(self) -> str:
        """The recipient, without brackets."""
        return self._value("for").strip("<>")

    @property
    def helo(self) -> str:
        """The name that the client gave itself."""
        found = _HELO.search(self._about_client())
        return found[1] if found is not None else self.from_

    @property
    def reverse_name(self) -> str:
        """The name that the client's address has in the DNS; "" where it has none or the host does not say."""
        about = self._about_client()
        looked_up = about.partition("[")[0].strip().rpartition("@")[2]
        name = self.from_ if _HELO.search(about) else looked_up
        return name if "." in name and " " not in name and _ip_address(name) is None else ""

    @property
    def address(self) -> str:
        """The client's IP address; "" where the host does not say."""
        about = _HELO.sub("", self._about_client())
        candidates = [*_BRACKETED.findall(f"{about} {self.from_}"), *re.split(r"[\s,()]+", about)]
        return next((found for one in candidates if (found := _ip_address(one)) is not None), "")

    def _about_client(self) -> str:
        """Return the comments of the from clause (RFC 5321 §4.4: TCP-info)."""
        start = next((index for index, clause in enumerate(self.clauses) if clause.name == "from"), None)
        if start is None:
            return ""
        comments = [self.clauses[start].comment]
        for clause in self.clauses[start + 1 :]:
            if clause.name:
                break
            comments.append(clause.comment)
        return " ".join(comments)


def _ip_address(text: str) -> str | None:
    from ipaddress import ip_address  # few ask for it, and it costs memory

    try:
        return str(ip_address(text.strip("[]").removeprefix("IPv6:")))
    except ValueError:
        return None


def parse_received(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> Received | None:
    """Return the hop that an unfolded field body tells of, None where it tells of none; never raises."""
    readable = without_line_ends(without_surrogates(text))
    semicolon = _last_semicolon(readable, limits)
    date = parse_date(readable[semicolon + 1 :], limits=limits) if semicolon >= 0 else None
    told = readable if date is None else readable[:semicolon]
    clauses = tuple(_clauses(told, limits, defects))
    # RFC 5322 §3.6.7: the date is owed, clauses are not; RFC 5321 §4.4: each has a name and a value.
    is_valid = date is not None and readable == text and all(bool(one.name) == bool(one.value) for one in clauses)
    if not is_valid and defects is not None:
        defects.append(DefectKind.INVALID_RECEIVED)
    if date is None and not any(clause.name or clause.comment for clause in clauses):
        return None
    return Received(clauses, date)


def _last_semicolon(text: str, limits: Limits) -> int:
    """Return where the last ";" stands outside of comments and quotes, -1 where there is none."""
    if "(" not in text and '"' not in text:
        return text.rfind(";")
    found = -1
    for token, _ in _tokens(text, limits, None):
        if token.lastgroup == "date":
            found = token.start()
    return found


def _tokens(text: str, limits: Limits, defects: list[DefectKind] | None) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the words, comments and semicolons, each with where it ends."""
    position = 0
    while (token := _TOKEN.search(text, position)) is not None:
        position = token.end()
        if token.lastgroup == "comment":
            position = comment_end(text, position, limits=limits, defects=defects)
        yield token, position


class _Open:
    """A clause that is being read."""

    __slots__ = ("comment", "name", "words")

    def __init__(self, name: str = "", comment: str = "") -> None:
        self.name = name
        self.words: list[str] = []
        self.comment = comment


def _clauses(text: str, limits: Limits, defects: list[DefectKind] | None) -> Iterator[Clause]:
    current = _Open()
    found = [current]
    for token, end in _tokens(text, limits, defects):
        if token.lastgroup == "comment":
            comment = _BLANKS.sub(" ", printable_phrase(open_comment(text[token.start() : end]))).strip(" ")
            if current.comment or found[-1] is not current:
                found.append(_Open(comment=comment))
            else:
                current.comment = comment
        # RFC 5321 §4.4: each clause has a value, so that a word behind a name is none.
        elif token[0].lower() in _CLAUSE_NAMES and (current.words or current.comment or not current.name):
            current = _Open(token[0].lower())
            found.append(current)
        elif token.lastgroup is not None:
            current.words.append(token[0])
    for one in found:
        if one.name or one.words or one.comment:
            yield Clause(one.name, " ".join(one.words), one.comment)


def write_received(value: Received) -> list[str]:
    """Return the words of a hop; what would be read as another one raises `ValueError`."""
    words: list[str] = []
    for clause in value.clauses:
        words += [clause.name] if clause.name else []
        words += reject_line_ends(clause.value).split(" ") if clause.value else []
        words += _comment_words(clause.comment) if clause.comment else []
    if value.date is not None:
        words = [*words[:-1], f"{words[-1]};"] if words else [";"]
        words += write_date(value.date)
    text = " ".join(words)
    text.encode()
    if parse_received(text) != value:
        raise ValueError(f"not a hop: {value!r:.200}")
    return words


def _comment_words(text: str) -> list[str]:
    words = text.split(" ")
    if text.isascii() and text.isprintable() and "=?" not in text and max(map(len, words)) <= _MAX_COMMENT_WORD:
        return write_comment(text).split(" ")
    encoded = encode_words(reject_line_ends(text))
    encoded[0] = f"({encoded[0]}"
    return [*encoded[:-1], f"{encoded[-1]})"]
