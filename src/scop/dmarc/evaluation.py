"""The evaluation: policy discovery, alignment, result, disposition.

Standards: RFC 9989 §4.4 (alignment), §5.3 (what a receiver does), §11.5 (several authors).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import Check, printable
from scop.dmarc.author import MAX_AUTHOR_DOMAINS
from scop.dmarc.discovery import find_policy, requested_by
from scop.dmarc.record import Policy
from scop.dmarc.result import Aligned, Disposition, DmarcResult, DmarcWord, Override, OverrideWord
from scop.dmarc.tree_walk import Asking, NoAnswer, TreeWalk
from scop.dns import Answer, Question

if TYPE_CHECKING:
    from scop.dkim import DkimResult
    from scop.spf import SpfResult

__all__ = ["evaluate", "evaluate_authors"]


def evaluate(
    author_domain: str | None, spf: SpfResult | None, dkim: Sequence[DkimResult] = ()
) -> Check[Question, Answer, DmarcResult]:
    """Return what the policy of `author_domain` says to these results.

    `author_domain` is in lower case and A-labels, as `author_domain()` returns it; None is a permerror.
    `spf` is the result for MAIL FROM.
    """
    # RFC 9989 §5.3.1
    if not author_domain:
        return DmarcResult(DmarcWord.PERMERROR, reason="From does not name one domain")
    domain = author_domain.lower().removesuffix(".")
    walk = TreeWalk()
    try:
        published = yield from find_policy(walk, domain)
    except NoAnswer as fault:
        return DmarcResult(DmarcWord.TEMPERROR, reason=str(fault), author_domain=domain)
    if published is None:
        return DmarcResult(DmarcWord.NONE, reason=f"no policy for {printable(domain)}", author_domain=domain)
    policy_domain, policy = published
    # RFC 9989 §4.10.1: such a record applies to nothing
    if not policy.usable:
        reason = f"the record at {policy_domain} holds no valid policy"
        return DmarcResult(DmarcWord.NONE, reason=reason, author_domain=domain)
    return (yield from _judge(_Case(walk, domain, policy_domain, policy), spf, dkim))


def evaluate_authors(
    domains: Sequence[str], spf: SpfResult | None, dkim: Sequence[DkimResult] = ()
) -> Check[Question, Answer, DmarcResult]:
    """Return the outcome for every author domain together: a pass only if each one passes.

    Else it is the outcome of the domain with the strictest policy among those that do not pass.
    """
    if not domains:
        return (yield from evaluate(None, spf, dkim))
    if len(domains) > MAX_AUTHOR_DOMAINS:
        # Stricter than RFC 9989 §11.5, which lets them go unchecked: one of them may ask for it
        reason = f"From names {len(domains)} domains"
        return DmarcResult(DmarcWord.PERMERROR, Disposition.REJECT, reason=reason)
    if len(domains) == 1:  # as of nearly every mail: there is nothing to choose from
        return (yield from evaluate(domains[0], spf, dkim))
    outcomes: list[DmarcResult] = []
    for domain in domains:
        outcome = yield from evaluate(domain, spf, dkim)
        outcomes.append(outcome)
    return max(outcomes, key=_strictness)


def _strictness(outcome: DmarcResult) -> tuple[int, int, int]:
    # RFC 9989 §11.5: the most strict policy among the checks that fail; what is open may yet fail
    order = (DmarcWord.PASS, DmarcWord.NONE, DmarcWord.PERMERROR, DmarcWord.TEMPERROR, DmarcWord.FAIL)
    worst = outcome.disposition
    if outcome.result is DmarcWord.TEMPERROR:
        worst = outcome.policy if outcome.policy_domain else Disposition.REJECT
    return worst.severity, order.index(outcome.result), outcome.policy.severity


class _Case:
    """One author domain and the policy that applies to it."""

    __slots__ = ("domain", "policy", "policy_domain", "walk")

    def __init__(self, walk: TreeWalk, domain: str, policy_domain: str, policy: Policy) -> None:
        self.walk = walk
        self.domain = domain
        self.policy_domain = policy_domain
        self.policy = policy

    def result(
        self, word: DmarcWord, *, policy: Disposition, reason: str, aligned: tuple[Aligned, ...] = ()
    ) -> DmarcResult:
        """Return an outcome that knows the domain and its policy."""
        methods = {one.method for one in aligned}
        return DmarcResult(
            word,
            policy_domain=self.policy_domain,
            spf_aligned="spf" in methods,
            dkim_aligned="dkim" in methods,
            reason=reason,
            policy=policy,
            author_domain=self.domain,
            published=self.policy,
            aligned=aligned,
        )

    def aligned(self, identifier: str, *, strict: bool) -> Asking[bool]:
        """Say whether an authenticated identifier is aligned with the author domain."""
        name = identifier.lower().removesuffix(".")
        # RFC 9989 §4.10.2: no walk is needed for the same domain, nor for strict alignment
        if name == self.domain or strict:
            return name == self.domain
        # Domains without a common suffix of two labels or a public suffix have no common organization
        if name.rpartition(".")[2] != self.domain.rpartition(".")[2]:
            return False
        own = yield from self.walk.organization_of(self.domain)
        # An organization stands at the end of each of its names: no walk is needed from a stranger's, whose silent DNS
        # would leave open what has failed
        if name != own and not name.endswith(f".{own}"):
            return False
        return own == (yield from self.walk.organization_of(name))


def _judge(case: _Case, spf: SpfResult | None, dkim: Sequence[DkimResult]) -> Asking[DmarcResult]:
    from_spf = [(spf.domain, str(spf.result))] if spf else []
    from_dkim = [(one.domain, str(one.result)) for one in dkim]
    try:
        spf_found = yield from _aligned(case, from_spf, strict=case.policy.strict_spf)
        dkim_found = yield from _aligned(case, from_dkim, strict=case.policy.strict_dkim)
        requested = yield from requested_by(case.policy, case.policy_domain, case.domain)
    except NoAnswer as fault:
        worst = case.policy.applied(case.policy.strictest)
        return case.result(DmarcWord.TEMPERROR, policy=worst, reason=str(fault))
    word = _word(spf_found.keys() | dkim_found.keys())
    methods = (("spf", spf_found), ("dkim", dkim_found))
    outcome = case.result(
        word,
        policy=case.policy.applied(requested),
        reason=f"{case.domain} under the policy of {case.policy_domain}",
        aligned=tuple(Aligned(method, found["pass"]) for method, found in methods if "pass" in found),
    )
    # RFC 9989 §5.3.6: a policy is applied to mails that fail, to no others
    return _applied(outcome, requested) if word is DmarcWord.FAIL else outcome


def _applied(outcome: DmarcResult, requested: Disposition) -> DmarcResult:
    overrides: tuple[Override, ...] = ()
    if outcome.policy is not requested:
        # RFC 9990 §3.1.6
        overrides = (Override(OverrideWord.POLICY_TEST_MODE, f"t=y, {requested} is not applied"),)
    return replace(outcome, disposition=outcome.policy, overrides=overrides)


def _word(words: AbstractSet[str]) -> DmarcWord:
    # RFC 9989 §5.3.5: one aligned identifier suffices
    if "pass" in words:
        return DmarcWord.PASS
    # RFC 9989 §5.3.6: what could yet pass has not failed
    return DmarcWord.TEMPERROR if "temperror" in words else DmarcWord.FAIL


def _aligned(case: _Case, results: Iterable[tuple[str, str]], *, strict: bool) -> Asking[dict[str, str]]:
    """Return the first aligned identifier with pass, and with temperror; others authenticate nothing."""
    found: dict[str, str] = {}
    for domain, word in results:
        if word in ("pass", "temperror") and word not in found and (yield from case.aligned(domain, strict=strict)):
            found[word] = domain
    return found
