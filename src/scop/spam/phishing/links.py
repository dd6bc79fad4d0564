"""Links that read as one place and lead to another.

Only what a reader takes for an address counts: a link whose text has `http://` in it, begins with `www.`, or is nothing
but a host. What it leads to is the host that a browser would go to, whatever stands before an "@" in it.

Standards: RFC 3986 §3.2 (authority), §7.6 (what stands before "@" misleads); WHATWG URL §4.4 (what is dropped).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from scop.base import a_labels
from scop.spam.evidence.hosts import registered_domain
from scop.spam.evidence.urls import host_of
from scop.spam.evidence.values import Evidence, Link

__all__ = ["MisleadingLink", "hosts_of", "misleading_links", "target_host"]

MAX_LINKS = 200  # of one mail
MAX_TARGET_CHARACTERS = 2_000
MAX_HOSTS = 40
MAX_TEXT_CHARACTERS = 20_000

_HOST = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_][\w-]{0,61}[^\W_]|[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_READS = re.compile(
    rf"\s*(?:https?://\s*(?:[^\s/@]{{1,80}}@)?({_HOST})|(www[0-9]?\.(?:{_HOST}))|({_HOST})(?=/?\s*\Z))", re.I
)
_URL_READS = re.compile(rf"https?://(?:[^\s/@]{{1,80}}@)?({_HOST})", re.I)  # among words
# What is not seen in a text, and dots that browsers take for dots (UTS #46).
_UNSEEN = str.maketrans(
    {**dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff"), **dict.fromkeys("\u3002\uff0e\uff61", ".")}
)
_DROPPED = str.maketrans(dict.fromkeys("\t\r\n"))  # WHATWG URL §4.4: wherever they stand in one
_TARGET = re.compile(r"[\s\x00-\x20]*(?:https?|ftp):[/\\]{2,}([^/\\?#\s]{1,300})", re.I)
_IN_TEXT = re.compile(rf"https?://(?:[^\s/@<>\"]{{1,80}}@)?({_HOST})")  # in lower case
# A word with a dot that is a file, a trade or a product rather than a host.
_NO_TOP_LEVEL = {"txt", "pdf", "doc", "htm", "html", "exe", "zip", "gif", "jpg", "png", "js", "asp", "php", "mp3"}


@dataclass(frozen=True, slots=True)
class MisleadingLink:
    """A link whose text names one registered domain (`reads`) and whose target is at another (`leads`)."""

    reads: str
    leads: str
    text: str
    host: str  # where it leads


def misleading_links(links: Sequence[Link]) -> tuple[MisleadingLink, ...]:
    """Return the links that mislead, each pair of domains once."""
    found: dict[tuple[str, str], MisleadingLink] = {}
    for link in links[:MAX_LINKS]:
        host = target_host(link.target)
        reads = _as_read(link) if host else ""
        leads = registered_domain(host)
        if reads and not _is_one_house(reads, leads):
            found.setdefault((reads, leads), MisleadingLink(reads, leads, link.text, host))
    return tuple(found.values())


@lru_cache(maxsize=512)  # asked for by several who look at the same links
def target_host(target: str) -> str:
    """Return the host that a link leads to, in lower case and A-labels; "" where it leads to none."""
    target = target[:MAX_TARGET_CHARACTERS]
    host = host_of((target if target.isprintable() else target.translate(_DROPPED)).strip())
    return a_labels(host.rstrip("."))


def hosts_of(evidence: Evidence) -> dict[str, str]:
    """Return the hosts that a mail leads to, each with where it stands: `link`, `form` or `text`."""
    found: dict[str, str] = {}
    for link in evidence.links[:MAX_LINKS]:
        found.setdefault(target_host(link.target), "link")
    for form in evidence.forms[:MAX_LINKS]:
        found.setdefault(target_host(form.action), "form")
    if "://" in evidence.text:
        for host in _IN_TEXT.findall(evidence.text[:MAX_TEXT_CHARACTERS].lower())[:MAX_LINKS]:
            found.setdefault(a_labels(host), "text")
    found.pop("", None)
    return dict(islice(found.items(), MAX_HOSTS))


def _as_read(link: Link) -> str:
    """Return the registered domain that a reader takes a link for; "" where its text names none."""
    text = link.text[:MAX_TARGET_CHARACTERS]
    if not text.isascii():
        text = text.translate(_UNSEEN)
    reads = _READS.match(text)
    if reads is not None:
        host = reads[1] or reads[2] or reads[3]
    else:
        among = _URL_READS.search(text) if "://" in text else None
        host = among[1] if among is not None else _before_at(link.target) if "@" in link.target else ""
    if not host or host.rpartition(".")[2].lower() in _NO_TOP_LEVEL:
        return ""
    return registered_domain(a_labels(host))


def _before_at(target: str) -> str:
    """Return a host that stands as the name of a user in the target: http://www.lagoon.example@evil.test/."""
    found = _TARGET.match(target[:MAX_TARGET_CHARACTERS])
    user = found[1].rpartition("@")[0] if found else ""
    reads = _READS.match(f"http://{user}") if "." in user else None
    return (reads[1] or "") if reads else ""


def _is_one_house(one: str, other: str) -> bool:
    """Tell whether two registered domains are one, but for the top level: amazon.com and amazon.co.uk."""
    return one == other or one.partition(".")[0] == other.partition(".")[0]
