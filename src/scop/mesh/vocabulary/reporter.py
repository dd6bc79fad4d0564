"""What the reporter is told: how each mail was judged, how TLS went; and what it answers to the operator."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call
from scop.mesh.vocabulary.relay import TlsSessions

__all__ = [
    "DkimJudged",
    "JudgedMail",
    "NoteJudgements",
    "NoteTlsSessions",
    "Override",
    "PublishedPolicy",
    "Taken",
]


class DkimJudged(msgspec.Struct, frozen=True):
    """One signature; `result` is a word of RFC 8601 §2.7.1."""

    domain: str
    selector: str
    result: str
    reason: str = ""


class Override(msgspec.Struct, frozen=True):
    """Why another policy was applied than was published; `type` is a word of RFC 9990's PolicyOverrideType."""

    type: str
    comment: str = ""


class PublishedPolicy(msgspec.Struct, frozen=True):
    """The record that applied, as RFC 9990 §3.1.1.5 reports it; '' for a tag that is absent."""

    domain: str  # where it was found
    p: str = ""
    sp: str = ""
    np: str = ""
    adkim: str = ""
    aspf: str = ""
    testing: str = ""
    discovery_method: str = "treewalk"
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    fo: str = ""


class JudgedMail(msgspec.Struct, frozen=True):
    """How one mail was judged under one author domain's policy."""

    unix: float
    trace: str
    source_address: str
    author_domain: str  # header_from
    envelope_from: str  # domain of MAIL FROM, '' for the null path
    envelope_to: str  # domain of the recipients
    policy: PublishedPolicy
    disposition: str  # none, pass, quarantine, reject: what was done
    dkim_aligned: bool
    spf_aligned: bool
    spf_domain: str
    spf_scope: str  # mfrom or helo
    spf_result: str
    dkim: tuple[DkimJudged, ...] = ()
    overrides: tuple[Override, ...] = ()
    header: bytes = b""  # for a failure report; empty unless those are asked for and switched on


class Taken(msgspec.Struct, frozen=True):
    """How many were taken; they are durable."""

    count: int


class NoteJudgements(Call[Taken], frozen=True):
    """Count these for the next aggregate reports."""

    judgements: tuple[JudgedMail, ...]


class NoteTlsSessions(Call[Taken], frozen=True):
    """The relay's counts of a UTC day so far; they replace those that it told of that day before."""

    day: str  # YYYY-MM-DD
    sessions: tuple[TlsSessions, ...]
