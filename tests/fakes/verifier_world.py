"""A small Internet for the verifier: who publishes what, who really signs, and names that answer, wait or fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fakes.dkim_keys import ed25519_key, rsa_key
from scop.arc import ArcResult, ArcWord, seal
from scop.cells.verifier.judgement import Judgement, Sending
from scop.dkim import DkimResult, public_record, sign
from scop.dmarc import Authorship, DmarcResult, Doubt
from scop.dns import Answer, Question, Rcode, Security, StaticNames
from scop.iprev import IprevWord, ReverseName
from scop.smtp import Mailbox
from scop.spf import SpfResult, SpfWord

__all__ = [
    "LAGOON",
    "LIST",
    "NOW",
    "WORLD",
    "AsyncNames",
    "SilentNames",
    "judgement_of",
    "mail",
    "signed",
    "through_list",
]

NOW = 1_700_000_000
LAGOON = "192.0.2.1"  # from where lagoon.test sends
CEO = Mailbox.parse("ceo@lagoon.test")

LIST = "192.0.2.50"  # from where list.test sends on what it gets
LIST_HOST = "list.test"

_KEYS = (rsa_key(), ed25519_key())
_LIST_KEY = replace(rsa_key(), domain=LIST_HOST, selector="arc")
_ZONE: dict[str, list[object]] = {
    "lagoon.test": [{"TXT": f"v=spf1 ip4:{LAGOON} -all"}],
    "_dmarc.lagoon.test": [{"TXT": "v=DMARC1; p=reject"}],
    "mild.test": [{"TXT": "v=spf1 -all"}],
    "_dmarc.mild.test": [{"TXT": "v=DMARC1; p=quarantine"}],
    "watching.test": [{"TXT": "v=spf1 -all"}],
    "_dmarc.watching.test": [{"TXT": "v=DMARC1; p=none"}],
    "plain.test": [{"A": "192.0.2.9"}],
    "_dmarc.silent.test": ["TIMEOUT"],
    "half.test": ["TIMEOUT"],
    "_dmarc.half.test": [{"TXT": "v=DMARC1; p=reject"}],
    "calm.test": ["TIMEOUT"],
    "_dmarc.calm.test": [{"TXT": "v=DMARC1; p=none"}],
    **{
        key.record_name: [{"TXT": _cut}]
        for key in (*_KEYS, _LIST_KEY)
        for _cut in [[public_record(key)[:200], public_record(key)[200:]]]
    },
}
WORLD = StaticNames.from_openspf(_ZONE)


class AsyncNames:
    """Answers from a dict, secure but for `insecure` and `silent` names; satisfies `scop.net.dns_client.Names`."""

    def __init__(
        self,
        names: StaticNames = WORLD,
        *,
        insecure: frozenset[str] = frozenset(),
        silent: frozenset[str] = frozenset(),
        waiting: frozenset[str] = frozenset(),
    ) -> None:
        self._names = names
        self._insecure = insecure
        self._silent = silent
        self._waiting = waiting

    async def lookup(self, question: Question) -> Answer:
        """Answer at once, of names that are `waiting` never."""
        if question.name in self._waiting:
            await asyncio.get_running_loop().create_future()
        if question.name in self._silent:
            return Answer(question, Rcode.SERVFAIL)
        security = Security.INSECURE if question.name in self._insecure else Security.SECURE
        return replace(self._names.answer(question), security=security)


class SilentNames:
    """A resolver that never answers."""

    async def lookup(self, question: Question) -> Answer:
        """Wait for ever."""
        await asyncio.get_running_loop().create_future()
        raise AssertionError(question)


def mail(author: str = "Ceo <ceo@lagoon.test>", body: str = "Text") -> bytes:
    """Write a mail."""
    return f"From: {author}\r\nTo: bob@harbor.test\r\nSubject: Hello\r\n\r\n{body}\r\n".encode()


def signed(octets: bytes) -> bytes:
    """Return a mail under both signatures of lagoon.test."""
    return sign(octets, _KEYS, now=NOW) + octets


_NOTHING = SpfResult(SpfWord.NONE)
_NO_CHAIN = ArcResult(ArcWord.NONE)


def judgement_of(
    dmarc: DmarcResult,
    *doubts: Doubt,
    spf: SpfResult = _NOTHING,
    helo: SpfResult = _NOTHING,
    dkim: tuple[DkimResult, ...] = (),
    arc: ArcResult = _NO_CHAIN,
) -> Judgement:
    """Return what is found out about a mail of ceo@lagoon.test."""
    sending = Sending(LAGOON, "mx.lagoon.test", CEO)
    authorship = Authorship(("lagoon.test",), doubts)
    reverse = ReverseName(IprevWord.PERMERROR)
    return Judgement(sending, authorship, spf, helo, dkim, arc, reverse, dmarc)


def through_list(octets: bytes) -> bytes:
    """Return a mail as list.test passes it on: with a footer that breaks signatures, and sealed (RFC 8617)."""
    results = f"Authentication-Results: {LIST_HOST}; dmarc=pass header.from=lagoon.test\r\n".encode()
    changed = results + octets + b"-- \r\nThe list\r\n"
    return seal(changed, key=_LIST_KEY, authserv_id=LIST_HOST, now=NOW) + changed
