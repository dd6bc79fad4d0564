"""The DNS tree walk: which records stand above a domain, and which domain is its organization.

Standards: RFC 9989 §4.10 (the walk), §4.10.1 (the policy), §4.10.2 (the organizational domain).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TypeAlias, TypeVar

from scop.dmarc.record import Policy, parse_policy
from scop.dns import TXT, Answer, Question
from scop.dns.names import is_askable

__all__ = ["Asking", "Found", "NoAnswer", "TreeWalk", "organizational_domain"]

MAX_QUERIES = 8  # RFC 9989 §4.10

_T = TypeVar("_T")
Asking: TypeAlias = Generator[Question, Answer, _T]
Found: TypeAlias = tuple[tuple[str, Policy], ...]


class NoAnswer(Exception):
    """The DNS did not answer: nothing can be said about the mail (RFC 9989 §5.3.6)."""


class TreeWalk:
    """Looks records up and remembers them for the length of one evaluation."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, Policy | None] = {}

    def record_at(self, domain: str) -> Asking[Policy | None]:
        """Return the one record that `domain` publishes; raises `NoAnswer`."""
        if domain not in self._known:
            self._known[domain] = yield from self._ask(domain)
        return self._known[domain]

    def _ask(self, domain: str) -> Asking[Policy | None]:
        name = f"_dmarc.{domain}"
        if not is_askable(name):
            return None
        answer = yield Question(name, "TXT")
        if answer.is_temporary:
            raise NoAnswer(f"no answer for {name} TXT")
        # RFC 9989 §4.10 step 2: several records are discarded
        texts = (record.joined for record in answer.records if isinstance(record, TXT))
        policies = [policy for policy in map(parse_policy, texts) if policy is not None]
        return policies[0] if len(policies) == 1 else None

    def records_above(self, domain: str) -> Asking[Found]:
        """Walk up from `domain` and return what was found, from the longest name to the shortest."""
        found: list[tuple[str, Policy]] = []
        for target in _targets(domain):
            policy = yield from self.record_at(target)
            if policy is not None:
                found.append((target, policy))
                # RFC 9989 §4.10 steps 2 and 6
                if policy.public_suffix != "u":
                    break
        return tuple(found)

    def organization_of(self, domain: str) -> Asking[str]:
        """Return the organizational domain of `domain`."""
        return organizational_domain(domain, (yield from self.records_above(domain)))


def organizational_domain(start: str, found: Found) -> str:
    """Select the organizational domain from what a walk that began at `start` found."""
    # RFC 9989 §4.10.2
    for domain, policy in found:
        # 1. psd=n: this is it
        if policy.public_suffix == "n":
            return domain
        # 2. psd=y, but not where the walk began: the domain one label below
        if policy.public_suffix == "y" and domain != start:
            labels = start.split(".")
            return ".".join(labels[-(domain.count(".") + 2) :])
    # 3. the one with the fewest labels; else the initial domain
    return found[-1][0] if found else start


def _targets(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    yield domain
    # RFC 9989 §4.10 steps 3, 4 and 7: at most seven more names
    for count in range(min(len(labels), MAX_QUERIES) - 1, 0, -1):
        yield ".".join(labels[-count:])
