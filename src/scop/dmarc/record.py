"""The DMARC policy record: tags and values in a TXT record at `_dmarc.<domain>`.

Standards: RFC 9989 §4.7 (tags), §4.8 (grammar), §4.10.1 (records without a valid policy).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from scop.base import printable
from scop.dmarc.result import Disposition

__all__ = ["Policy", "parse_policy"]

MAX_KEPT_RECORDS = 1024  # that were read; mail comes from the same domains again and again
MAX_KEPT_OCTETS = 1024  # of one; a longer one is read each time
MAX_SHOWN = 80  # characters of a value in an account of what is wrong with it

_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_REQUEST = re.compile("none|quarantine|reject", re.IGNORECASE)
_MODE = re.compile("[rs]", re.IGNORECASE)
_URI_LIST = re.compile(r"[ -~\t]+")
_POLICIES = ("p", "sp", "np")
# RFC 9989 §4.8, table 2
_SYNTAX = {
    **dict.fromkeys(_POLICIES, _REQUEST),
    "t": re.compile("[yn]", re.IGNORECASE),
    "psd": re.compile("[ynu]", re.IGNORECASE),
    "adkim": _MODE,
    "aspf": _MODE,
    "rua": _URI_LIST,
    "ruf": _URI_LIST,
    # Each at most once, and 0 and 1 exclude each other. Lenient: spaces around the colons
    "fo": re.compile(r"(?!.*([01ds]).*\1)(?!.*0.*1|.*1.*0)[01ds](?: ?: ?[01ds])*", re.IGNORECASE),
}
_REPORT_URI = re.compile(r"(?P<uri>[A-Za-z][A-Za-z0-9+.-]*:[^\s,!]+)(?:![0-9]+[kmgtKMGT]?)?")


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy record, with the defaults of absent or malformed tags filled in.

    `own`, `subdomains` and `nonexistent` are the tags p, sp and np; None where absent. `failure_options`
    is the tag fo, which counts only beside ruf. `usable` is False for a record that asks for nothing: no
    valid policy and nobody to report to. `defects` say what of the record was passed over.
    """

    own: Disposition = Disposition.NONE
    subdomains: Disposition | None = None
    nonexistent: Disposition | None = None
    public_suffix: str = "u"
    testing: bool = False
    strict_spf: bool = False
    strict_dkim: bool = False
    aggregate_uris: tuple[str, ...] = ()
    failure_uris: tuple[str, ...] = ()
    failure_options: frozenset[str] = frozenset("0")
    usable: bool = True
    tags: tuple[tuple[str, str], ...] = field(default=(), compare=False)  # that are known and valid, as they stand
    defects: tuple[str, ...] = field(default=(), compare=False)

    def tag(self, name: str) -> str:
        """Return the value of a tag as the record states it; "" where it is absent or malformed."""
        return dict(self.tags).get(name, "")

    @property
    def strictest(self) -> Disposition:
        """The strictest that the record asks for, where it is not known which of its policies applies."""
        policies = (self.own, self.subdomains or self.own, self.nonexistent or self.own)
        return max(policies, key=lambda policy: policy.severity)

    def for_subdomain(self, *, exists: bool) -> Disposition:
        """Return the policy for a domain below the one that published the record."""
        # RFC 9989 §4.7: np, else sp, else p; sp, else p
        policies = (self.subdomains, self.own) if exists else (self.nonexistent, self.subdomains, self.own)
        return next(policy for policy in policies if policy is not None)

    def applied(self, policy: Disposition) -> Disposition:
        """Return what is to be done where `policy` is published: one step less in test mode."""
        # RFC 9989 §4.7, tag t
        if not self.testing:
            return policy
        return Disposition.QUARANTINE if policy is Disposition.REJECT else Disposition.NONE


def parse_policy(octets: bytes) -> Policy | None:
    """Read a record; None for a TXT record that is none of DMARC version 1."""
    return _kept(octets) if len(octets) <= MAX_KEPT_OCTETS else _read(octets)


@lru_cache(maxsize=MAX_KEPT_RECORDS)
def _kept(octets: bytes) -> Policy | None:
    return _read(octets)


def _read(octets: bytes) -> Policy | None:
    text = octets.decode("ascii", "replace")
    # RFC 9989 §4.7: the version is the first tag and case-sensitive, else the record is ignored
    if not _VERSION.match(text):
        return None
    stated, defects = _read_tags(text)
    tags = {name: value for name, value in stated.items() if name not in defects}
    # RFC 9989 §4.10.1: without valid policies it is p=none for those who want reports, else nothing
    valid = "p" in tags and not {"sp", "np"} & defects.keys()
    if "p" not in stated:
        defects["p"] = "there is no p"
    policies = {name: Disposition(tags[name].lower()) for name in _POLICIES if name in tags and valid}
    reports = tuple(_uris(tags.get("rua", "")))
    return Policy(
        own=policies.get("p", Disposition.NONE),
        subdomains=policies.get("sp"),
        nonexistent=policies.get("np"),
        public_suffix=tags.get("psd", "u").lower(),
        testing=tags.get("t", "").lower() == "y",
        strict_spf=tags.get("aspf", "").lower() == "s",
        strict_dkim=tags.get("adkim", "").lower() == "s",
        aggregate_uris=reports,
        failure_uris=tuple(_uris(tags.get("ruf", ""))),
        failure_options=frozenset(tags.get("fo", "0").lower().replace(" ", "").split(":")),
        usable=valid or bool(reports),
        tags=tuple(tags.items()),
        defects=tuple(defects.values()),
    )


def _read_tags(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the known tags with their values, and what is wrong with those that are malformed."""
    stated: dict[str, str] = {}
    defects: dict[str, str] = {}
    for tag in text.split(";")[1:]:
        name, equals, value = (part.strip(" \t") for part in tag.partition("="))
        name = name.lower()
        # RFC 9989 §4.7: unknown tags are ignored, and pct, rf and ri are no longer known (§C.5.2)
        if not equals or name not in _SYNTAX:
            continue
        # Of a tag that appears twice, the first counts
        if name not in stated:
            stated[name] = value
            # RFC 9989 §4.8: what is malformed gives way to the default
            if not _SYNTAX[name].fullmatch(value):
                defects[name] = f"{name}={printable(value, limit=MAX_SHOWN)} is no value of {name}"
    return stated, defects


def _uris(value: str) -> Iterator[str]:
    # RFC 9989 §4.8: the size limit behind "!" is obsolete and ignored
    for part in value.split(","):
        if match := _REPORT_URI.fullmatch(part.strip(" \t")):
            yield match["uri"]
