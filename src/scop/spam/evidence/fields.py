"""The header's evidence: who it says it is from, what it is called, how it was made.

Fields that are written where a mail arrives (by our cells, by other filters, by mail readers) are left out: they say
what somebody else thought of it, and a mail that comes anew has none of them.

Standards: RFC 5322 §3.6, RFC 2369 and RFC 2919 (lists), RFC 8601 (results, left out).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from scop.mime.header import Header
from scop.spam.evidence.folding import fold, tricks_of
from scop.spam.evidence.hosts import registered_domain
from scop.spam.evidence.words import Chunks, disguises, oddities, shortened, words_in_order

__all__ = ["Fields", "field_tokens", "plain_field_tokens", "read_fields", "shape_of"]

MAX_FIELDS = 200
MAX_BODY_CHARACTERS = 2_000
MAX_NAMES = 60
MAX_NAME_CHARACTERS = 40
MAX_ADDRESSES = 8

_LEFT_OUT_NAMES = """
authentication-results return-path delivered-to received-spf dkim-signature domainkey-signature envelope-to
x-original-to x-envelope-to x-envelope-from x-delivered-to x-bogosity x-junk x-spam status x-status x-uid
x-keywords x-uidl content-length lines x-folder x-ironport-av x-greylist x-sanitizer x-account-key replied
x-label x-gmail-labels x-gm-thrid x-gmail-received x-received x-filter x-dspam-result
"""
_LEFT_OUT = frozenset(_LEFT_OUT_NAMES.split())
_LEFT_OUT_BEGINNINGS = (
    *("x-scop-", "x-spam-", "arc-", "x-rspamd-", "x-ms-exchange-", "x-microsoft-antispam", "x-forefront-", "x-virus-"),
    *("x-mozilla-", "x-evolution-", "x-ironport-", "x-proofpoint-", "x-barracuda-", "x-amavis-", "x-imap", "x-dspam-"),
    *("x-pyzor", "x-razor", "x-crm114-", "x-antivirus", "x-habeas-", "x-mailscanner", "x-clamav", "x-bayes"),
)
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]]{1,64}@[\w.-]{1,255}")
_QUOTED_ID = re.compile(r"<?([^<>@\s]{1,200})@([^<>\s]{1,255})>?")
_RUNS = re.compile(r"\d+|[a-z]+|[A-Z]+")
_NUMBER_AT_END = re.compile(r"\s{3}\S*\d\S*$|\[\w{4,}\]$|\(\w{5,}\)$")
_REPLY = re.compile(r"(?:re|aw|sv|antw|fwd?|fw|wg)(?:\[\d\])?:", re.IGNORECASE)
MAX_SHAPE = 24
_OPTIONAL = ("x-", "list-", "precedence", "sender", "errors-to", "organi")  # that programs, not people, add
# Words of the others are the marks of programs and lists that these name already.
_WORDY = (
    *("subject", "from", "reply-to", "to", "organization"),
    *("x-mailer", "user-agent", "list-id", "precedence", "x-priority"),
)


class Fields:
    """The fields that count, in order, decoded."""

    __slots__ = ("_topmost", "items")

    def __init__(self, items: Sequence[tuple[str, str]]) -> None:
        self.items = items  # names in lower case
        self._topmost = dict(reversed(items))

    def all(self, name: str) -> list[str]:
        """Return the bodies of the fields called `name`, the topmost first."""
        return [body for called, body in self.items if called == name]

    def get(self, name: str) -> str:
        """Return the body of the first field called `name`, "" where there is none."""
        return self._topmost.get(name, "")

    def names(self) -> list[str]:
        """Return the names, each once."""
        return list(dict.fromkeys([name for name, _ in self.items]))


def read_fields(header: Header) -> Fields:
    """Return the fields of a header that are evidence."""
    kept: list[tuple[str, str]] = []
    for name, body in header.items()[:MAX_FIELDS]:
        counted = _counted(name)
        if counted:
            kept.append((counted, body if len(body) <= MAX_BODY_CHARACTERS else body[:MAX_BODY_CHARACTERS]))
    return Fields(kept)


@lru_cache(maxsize=512)  # mails have the same few hundred
def _counted(name: str) -> str:
    """Return a field's name in lower case; "" where it is left out."""
    lower = name[:MAX_NAME_CHARACTERS].lower()
    return "" if lower in _LEFT_OUT or lower.startswith(_LEFT_OUT_BEGINNINGS) else lower


def plain_field_tokens(fields: Fields) -> list[str]:
    """Return the words of the fields that say most, and which of all fields are there."""
    found = [f"has:{name}" for name in fields.names()[:MAX_NAMES] if name.startswith(_OPTIONAL)]
    for name in _WORDY:
        body = fields.get(name)
        if body:
            found += _word_tokens(name, body)
    return found


@lru_cache(maxsize=512)  # lists, programs and recipients are the same in many mails
def _word_tokens(name: str, body: str) -> tuple[str, ...]:
    return tuple([f"{name}:{word}" for word in shortened(words_in_order(fold(body)))])


def field_tokens(fields: Fields) -> list[str]:
    """Return all tokens of the header but those of the mail's way."""
    found = plain_field_tokens(fields)
    found += _subject_tokens(fields)
    for name in ("from", "reply-to", "sender", "to", "cc"):
        found += _address_tokens(name, fields.get(name))
    found += _relation_tokens(fields)
    found += _message_id_tokens(fields.get("message-id"))
    return found


def _subject_tokens(fields: Fields) -> list[str]:
    subject = fields.get("subject")
    if not subject.strip():
        return ["subject:empty"]
    folded = fold(subject)
    words = words_in_order(folded)
    found = [f"subject:{one} {other}" for one, other in pairwise(words)]
    chunks = Chunks.of(folded)
    found += [f"subject:{word}" for word in disguises(chunks, *oddities(chunks))] + tricks_of(subject)
    if subject.isupper():
        found.append("subject:all-capitals")
    if _NUMBER_AT_END.search(subject):
        found.append("subject:code-at-end")
    if "!" in subject or "?" in subject:
        found.append(f"subject:{'!' * min(3, subject.count('!'))}{'?' * min(3, subject.count('?'))}")
    if _REPLY.match(subject):
        is_answer = fields.get("in-reply-to") or fields.get("references")
        found.append("subject:answer" if is_answer else "subject:answer-to-nothing")
    return found


@lru_cache(maxsize=512)
def _address_tokens(name: str, body: str) -> tuple[str, ...]:
    if not body:
        return ()
    addresses = _ADDRESS.findall(body.lower())
    found = [f"{name}:in-{min(len(addresses), 9)}"]
    for address in addresses[:MAX_ADDRESSES]:
        domain = address.rpartition("@")[2]
        found += [f"{name}:{address}", f"{name}:@{domain}", f"{name}:@{registered_domain(domain)}"]
    if addresses:
        local_part = addresses[0].partition("@")[0]
        if sum(map(str.isdigit, local_part)) > 3:  # more digits than a year has
            found.append(f"{name}:with-digits")
        found.append(f"{name}:named" if len(body) > len(addresses[0]) + 2 else f"{name}:bare")
    return tuple(found)


def _relation_tokens(fields: Fields) -> list[str]:
    """Return how the domains of the author, of the answer and of the message's name stand to each other."""
    author = _domain(fields.get("from"))
    found: list[str] = []
    for name in ("reply-to", "sender", "message-id"):
        other = _domain(fields.get(name))
        if author and other:
            found.append(
                f"{name}:{'as-from' if registered_domain(other) == registered_domain(author) else 'elsewhere'}"
            )
    to = _ADDRESS.search(fields.get("to"))
    if to is not None and author and to[0].lower() in fields.get("from").lower():
        found.append("from:as-to")
    if not fields.get("to"):
        found.append("to:nobody")
    return found


def _domain(body: str) -> str:
    found = _ADDRESS.search(body)
    return found[0].rpartition("@")[2].lower() if found is not None else ""


def _message_id_tokens(body: str) -> list[str]:
    if not body:
        return ["message-id:missing"]
    found = _QUOTED_ID.search(body)
    if found is None:
        return ["message-id:odd"]
    shape = shape_of(found[1])
    host = found[2].lower()
    tokens = [f"message-id:{shape}", f"message-id:@{registered_domain(host)}"]
    return tokens if "." in host else [*tokens, "message-id:no-domain"]


def shape_of(text: str) -> str:
    """Return what kinds of characters follow each other in a made-up name: programs have habits."""
    return _RUNS.sub(_run_shape, text[:80])[:MAX_SHAPE]


def _run_shape(run: re.Match[str]) -> str:
    text = run[0]
    letter = "9" if text[0].isdigit() else "a" if text[0].islower() else "A"
    return letter if len(text) == 1 else letter + "+"
