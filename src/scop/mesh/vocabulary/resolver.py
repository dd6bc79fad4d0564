"""What the resolver answers to the operator: what a name resolves to, by which steps, and why it is secure."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = ["ResolveName", "ResolvedName", "ResolvedRecord", "ResolvingStep", "TrustLink"]


class ResolvedRecord(msgspec.Struct, frozen=True):
    """One record; its data as it stands on the wire, uncompressed."""

    owner: str
    ttl_seconds: int
    type: str
    rdata: bytes


class ResolvingStep(msgspec.Struct, frozen=True):
    """One step of resolving: who was asked what, and what came of it."""

    kind: str  # a word of `scop.dns.resolver.resolution.NoteKind`
    name: str
    type: str
    text: str
    server: str = ""
    depth: int = 0  # 1 and more for look-ups on the way, as of a server's address


class TrustLink(msgspec.Struct, frozen=True):
    """One zone on the way from a trust anchor down to an answer."""

    zone: str  # without trailing dot, the root is empty
    security: str
    reason: str
    keys: tuple[int, ...] = ()  # tags of all its keys
    entries: tuple[int, ...] = ()  # tags of those that are vouched for from above


class ResolvedName(msgspec.Struct, frozen=True):
    """The answer, how sure it is, and how it was found."""

    rcode: str
    security: str
    reason: str = ""
    error_code: int | None = None  # RFC 8914
    answers: tuple[ResolvedRecord, ...] = ()
    authority: tuple[ResolvedRecord, ...] = ()
    steps: tuple[ResolvingStep, ...] = ()
    chain: tuple[TrustLink, ...] = ()


class ResolveName(Call[ResolvedName], frozen=True):
    """What does a name resolve to? With `trace` it is found out anew, from the root down, and every step is told."""

    name: str
    type: str
    trace: bool = False
