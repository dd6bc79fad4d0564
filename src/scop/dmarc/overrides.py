"""Where local knowledge counts more than the policy of the author domain: forwarders and lists break signatures.

Two things do: a chain of seals by sealers that we trust, in which one of them says that the mail passed DMARC when it
came to him; and a list of networks and authenticated domains. The result of DMARC stays what it is, only what
follows from it is put aside, and why is recorded for the reports. A pure function of what was found out before.

Standards: RFC 9989 §5.4 (deviation is reported), RFC 9990 §3.1.6 (in which words), RFC 8617 §5.2, §7.2.2 (ARC).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Protocol

from scop.authres import AuthenticationResults, MethodResult, parse
from scop.base import a_labels
from scop.base.sources import host_of
from scop.dmarc.result import Disposition, DmarcResult, DmarcWord, Override, OverrideWord

__all__ = ["Chain", "Evidence", "OverrideOptions", "with_overrides"]

_INSTANCE = re.compile(r"\s*i\s*=\s*[0-9]+\s*;", re.IGNORECASE)


class Chain(Protocol):
    """What is known of a chain of seals; a `scop.arc.ArcResult` is one."""

    @property
    def result(self) -> str:
        """`pass` where every seal holds."""

    @property
    def sealers(self) -> Sequence[str]:
        """The domains of the seals, the first one first."""

    @property
    def results(self) -> Sequence[str]:
        """The bodies of the ARC-Authentication-Results fields in the same order."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a mail beside its DMARC result.

    `authenticated` are the domains that a passing SPF result or signature names; `is_ambiguous` where readers may
    see different authors, `has_several_authors` where all of them see domains beside the one that was judged.
    """

    client_address: str = ""
    authenticated: tuple[str, ...] = ()
    chain: Chain | None = None
    is_ambiguous: bool = False
    has_several_authors: bool = False


@dataclass(frozen=True, slots=True)
class OverrideOptions:
    """Whom we trust: sealers by their domain; addresses, networks and domains whose mail no policy refuses."""

    trusted_sealers: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


def with_overrides(result: DmarcResult, evidence: Evidence, options: OverrideOptions) -> DmarcResult:
    """Return `result` with its disposition put aside where we know better, and with the reason."""
    # What did not fail is not refused; whoever hides the author of a mail is not believed
    if result.result is not DmarcWord.FAIL or result.disposition is Disposition.NONE or evidence.is_ambiguous:
        return result
    override = _by_list(evidence, options.allow)
    if override is None and not evidence.has_several_authors:
        # RFC 9989 §11.5: a seal speaks of one author, and the others have to stand behind the mail as well
        override = _by_seal(result.author_domain, evidence.chain, options)
    if override is None:
        return result
    reason = f"{result.reason}; put aside: {override.comment}"
    return replace(result, disposition=Disposition.NONE, reason=reason, overrides=(*result.overrides, override))


def _by_list(evidence: Evidence, allow: tuple[str, ...]) -> Override | None:
    for entry in allow:
        if _is_network(entry):
            if _is_within(evidence.client_address, entry):
                return Override(OverrideWord.TRUSTED_FORWARDER, "the client is on our list")
        elif any(_is_at_or_below(domain, entry) for domain in evidence.authenticated):
            return Override(OverrideWord.TRUSTED_FORWARDER, "an authenticated domain is on our list")
    return None


def _is_network(entry: str) -> bool:
    try:
        ip_network(entry, strict=False)
    except ValueError:
        return False
    return True


def _is_within(address: str, network: str) -> bool:
    host = host_of(address)
    return host is not None and host in ip_network(network, strict=False)


def _is_at_or_below(domain: str, entry: str) -> bool:
    name, wanted = a_labels(domain.removesuffix(".")), a_labels(entry.removesuffix("."))
    return bool(wanted) and (name == wanted or name.endswith(f".{wanted}"))


def _by_seal(author_domain: str, chain: Chain | None, options: OverrideOptions) -> Override | None:
    # RFC 8617 §5.2: a chain that does not hold says nothing
    if chain is None or str(chain.result) != "pass" or not author_domain:
        return None
    trusted = {a_labels(sealer.removesuffix(".")) for sealer in options.trusted_sealers}
    # Whoever had the mail later could change it: from the last sealer down, all have to be trusted
    for sealer, body in zip(reversed(chain.sealers), reversed(chain.results), strict=False):
        if a_labels(sealer.removesuffix(".")) not in trusted:
            return None
        if _vouches(body, author_domain):
            # RFC 8617 §7.2.2
            seals = [f"as[{number}].d={domain}" for number, domain in enumerate(chain.sealers, 1)]
            return Override(OverrideWord.LOCAL_POLICY, " ".join(("arc=pass", *reversed(seals))))
    return None


def _vouches(body: str, author_domain: str) -> bool:
    """Say whether the sealer saw a pass of DMARC for this very author domain."""
    found = _read(body)
    if found is None:
        return False
    passes = [one for one in found.results if one.method == "dmarc"]
    # Stricter than RFC 8617: two results of one method have no one meaning
    return len(passes) == 1 and _is_pass_for(passes[0], author_domain)


def _read(body: str) -> AuthenticationResults | None:
    try:
        return parse(_INSTANCE.sub("", body, count=1), lenient=True)
    except ValueError:
        return None


def _is_pass_for(result: MethodResult, author_domain: str) -> bool:
    stated = result.properties.get("header.from", "").rpartition("@")[2]
    return result.result == "pass" and a_labels(stated.removesuffix(".")) == author_domain
