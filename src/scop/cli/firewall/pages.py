"""Reading all pages of what the receiver lists."""

from __future__ import annotations

from pathlib import Path

from scop.cli.shared import Operator, with_operator
from scop.mesh.vocabulary.receiver import (
    FirewallEntry,
    FirewallList,
    KnownSubject,
    ReadFirewall,
    ReadReputation,
    ReputationList,
)

__all__ = ["read_entries", "read_known"]


def read_entries(config: Path) -> FirewallList:
    """Return every entry of the running mesh, the newest first."""

    async def work(operator: Operator) -> FirewallList:
        caller, found = operator.caller("receiver"), list[FirewallEntry]()
        while True:
            page = await caller.call(ReadFirewall(after=len(found)))
            found += page.entries
            if not page.entries or len(found) >= page.count:
                return FirewallList(tuple(found), len(found), page.configured, page.published)

    return with_operator(config, work)


def read_known(config: Path, kind: str = "") -> ReputationList:
    """Return everybody who is known, who was heard of last first."""

    async def work(operator: Operator) -> ReputationList:
        caller, found, after = operator.caller("receiver"), list[KnownSubject](), 0
        while True:
            page = await caller.call(ReadReputation(kind, after))
            found += page.subjects
            if page.next is None:
                return ReputationList(tuple(found), len(found))
            after = page.next

    return with_operator(config, work)
