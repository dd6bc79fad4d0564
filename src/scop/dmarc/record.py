"""The DMARC policy record: tags and values in a TXT record at `_dmarc.<domain>`.

Standards: RFC 9989 §4.7 (tags), §4.8 (grammar), §4.10.1 (records without a valid policy).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scop.dmarc.result import Disposition

__all__ = ["Policy", "parse_policy"]

_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_REPORT_URI = re.compile(r"(?P<uri>[A-Za-z][A-Za-z0-9+.-]*:[^\s,!]+)(?:![0-9]+[kmgtKMGT]?)?")


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy record, with the defaults of absent or malformed tags filled in.

    `own`, `subdomains` and `nonexistent` are the tags p, sp and np; None where absent. `usable` is
    False for a record that asks for nothing: no valid policy and nobody to report to.
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
    usable: bool = True

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
    text = octets.decode("ascii", "replace")
    # RFC 9989 §4.7: the version is the first tag and case-sensitive, else the record is ignored
    if not _VERSION.match(text):
        return None
    tags = dict(reversed(list(_tags(text))))  # of a tag that appears twice, the first counts
    reports = tuple(_uris(tags.get("rua", "")))
    policies = {name: _policy(tags[name]) for name in ("p", "sp", "np") if name in tags}
    # RFC 9989 §4.10.1: without valid policies it is p=none for those who want reports, else nothing
    valid = "p" in policies and None not in policies.values()
    return Policy(
        own=(valid and policies["p"]) or Disposition.NONE,
        subdomains=policies.get("sp") if valid else None,
        nonexistent=policies.get("np") if valid else None,
        public_suffix=_choice(tags.get("psd"), "uyn"),
        testing=_choice(tags.get("t"), "ny") == "y",
        strict_spf=_choice(tags.get("aspf"), "rs") == "s",
        strict_dkim=_choice(tags.get("adkim"), "rs") == "s",
        aggregate_uris=reports,
        failure_uris=tuple(_uris(tags.get("ruf", ""))),
        usable=valid or bool(reports),
    )


def _tags(text: str) -> Iterator[tuple[str, str]]:
    for tag in text.split(";"):
        name, equals, value = tag.partition("=")
        if equals:
            yield name.strip(" \t").lower(), value.strip(" \t")


def _policy(value: str) -> Disposition | None:
    try:
        return Disposition(value.lower())
    except ValueError:
        return None


def _choice(value: str | None, allowed: str) -> str:
    """Return a one-letter value, or the first of `allowed` where it is none of them."""
    # RFC 9989 §4.7: what is malformed is discarded in favour of the default
    return value.lower() if value and len(value) == 1 and value.lower() in allowed else allowed[0]


def _uris(value: str) -> Iterator[str]:
    # RFC 9989 §4.8: the size limit behind "!" is obsolete and ignored
    for part in value.split(","):
        if match := _REPORT_URI.fullmatch(part.strip(" \t")):
            yield match["uri"]
