"""What the receiver is told of by those behind it, and what it answers to the operator: who is let in.

Evidence is counted by address, network and authenticated domain, and fades; enough of it shuts the door for a while.
"""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call
from scop.reputation import Deed

__all__ = [
    "AllowSource",
    "BlockSource",
    "Deed",
    "ExplainSubject",
    "Explanation",
    "FirewallEntry",
    "FirewallList",
    "ForgetSubject",
    "Forgotten",
    "KnownSubject",
    "NoteDeeds",
    "Noted",
    "NotedDeed",
    "ReadFirewall",
    "ReadReputation",
    "ReputationList",
]


class NotedDeed(msgspec.Struct, frozen=True):
    """One deed of one mail; `domain` is authenticated and aligned, '' where there is none.

    The verifier tells of `ham` and `forgery`, and of `spam` where a domain is answerable for it, which counts for the
    domain only: that the client brought spam the filter has told by then. The filter tells of `spam` and `harmless`.
    """

    deed: Deed
    address: str
    domain: str = ""
    trace: str = ""


class Noted(msgspec.Struct, frozen=True):
    """How many were counted, and whom the door is shut to because of them."""

    counted: int
    banned: tuple[str, ...] = ()


class NoteDeeds(Call[Noted], frozen=True):
    """Count these."""

    deeds: tuple[NotedDeed, ...]


class FirewallEntry(msgspec.Struct, frozen=True):
    """Somebody whom the door is shut to or held open for; `until_unix` is None for good."""

    subject: str  # an address, a network, or a domain, which is only told of in the list
    action: str
    cause: str
    since_unix: float
    until_unix: float | None = None
    reason: str = ""


class FirewallList(msgspec.Struct, frozen=True):
    """A page of entries; `count` is of all."""

    entries: tuple[FirewallEntry, ...]
    count: int
    configured: tuple[str, ...] = ()  # networks that scop.toml allows
    published: str = ""  # the zone that shows the list, empty for none


class ReadFirewall(Call[FirewallList], frozen=True):
    """Whom is the door shut to, and held open for? From the entry number `after` on, the newest first."""

    after: int = 0


class Explanation(msgspec.Struct, frozen=True):
    """How a client would be met, and why, in sentences."""

    subject: str
    standing: str  # welcome, delay or refuse
    sentences: tuple[str, ...]


class ExplainSubject(Call[Explanation], frozen=True):
    """How do you meet this address, network or domain?"""

    subject: str


class AllowSource(Call[FirewallEntry], frozen=True):
    """Hold the door open for this address or network, whatever it does; for good without `seconds`."""

    subject: str
    seconds: float | None = None
    reason: str = ""


class BlockSource(Call[FirewallEntry], frozen=True):
    """Shut the door to this address or network; for good without `seconds`."""

    subject: str
    seconds: float | None = None
    reason: str = ""


class Forgotten(msgspec.Struct, frozen=True):
    """What was taken away."""

    entries: tuple[FirewallEntry, ...]
    was_known: bool  # something was counted of it


class ForgetSubject(Call[Forgotten], frozen=True):
    """Take away every entry of this, and what is known of it."""

    subject: str


class KnownSubject(msgspec.Struct, frozen=True):
    """What is known of one subject, as it counts now."""

    subject: str
    kind: str  # address, network or domain
    standing: str
    honest: float
    offences: float
    harmless: float
    spam: float
    sentence: str


class ReputationList(msgspec.Struct, frozen=True):
    """A page of subjects; `count` is of all, and `next` where the next page begins, None after the last."""

    subjects: tuple[KnownSubject, ...]
    count: int
    next: int | None = None


class ReadReputation(Call[ReputationList], frozen=True):
    """What do you know of whom? From subject number `after` on, who was heard of last first; `kind` may be empty."""

    kind: str = ""
    after: int = 0
