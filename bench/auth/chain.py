"""Who sent it: one mail of 4 KB whose names are remembered, judged in CPU time.

First SPF of MAIL FROM, DKIM and DMARC with the author read from the mail; then all that the verifier does: HELO, ARC
and doubts too, and Authentication-Results written. The arithmetic that no program can save stands beside it: the
signature checked by `cryptography` alone, and the digest of the body.

Each figure is the median of many short rounds with the least in parentheses: on a machine that others use, threads
that share a core cost each other up to half of their speed, which CPU time counts as ours.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import statistics
import sys
import time
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from scop.cells.verifier.inquiry import Course, Inquiry
from scop.cells.verifier.judgement import Sending, judge
from scop.cells.verifier.results import stamps
from scop.cells.verifier.verdict import decide
from scop.cli.shared import console, print_table
from scop.dkim import Algorithm, SigningKey, generate_key, public_record, sign, verify
from scop.dmarc import DmarcWord, author_domains, evaluate_authors
from scop.dns import TXT, Answer, Question, StaticNames
from scop.mime import parse
from scop.net.clock import SystemClock
from scop.net.remembered_names import RememberedNames
from scop.smtp import Mailbox
from scop.spf import check_mail_from

__all__ = ["main"]

GOAL_MICROSECONDS = 300.0
ROUNDS, MAILS = 40, 50
OCTETS = 4096
NOW = 1_764_000_000
ADDRESS = "192.0.2.1"
SENDING = Sending(ADDRESS, "mx.lagoon.test", Mailbox.parse("ceo@lagoon.test"), "mx.lagoon.test")
MAIL = (
    b"Received: from desk.lagoon.test (desk.lagoon.test [192.0.2.7])\r\n\tby mx.lagoon.test with ESMTPSA\r\n"
    b"\tid k3jd83hd7s; Mon, 24 Nov 2025 10:00:00 +0000\r\n"
    b'From: "Chief Executive" <ceo@lagoon.test>\r\nTo: Bob <bob@harbor.test>\r\nSubject: The figures of the quarter\r\n'
    b"Date: Mon, 24 Nov 2025 10:00:00 +0000\r\nMessage-ID: <k3jd83hd7s@lagoon.test>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
)
LINE = b"The harbour was quiet when the ships came in, and nobody spoke.\r\n"


class _Zone:
    """Names that answer at once, to be remembered."""

    def __init__(self, names: StaticNames) -> None:
        self._names = names

    async def lookup(self, question: Question) -> Answer:
        return self._names.answer(question)


def main() -> bool:
    """Measure one signature of each kind and both together; the goal is for the kind that nearly all mail has."""
    keys = {kind: generate_key("lagoon.test", kind[:3], Algorithm(kind)) for kind in ("rsa-sha256", "ed25519-sha256")}
    names = _names(tuple(keys.values()))
    gc.collect()
    gc.freeze()  # as each cell does when it has imported everything
    chosen = {kind: (key,) for kind, key in keys.items()} | {"both": tuple(keys.values())}
    found = {kind: asyncio.run(_measured(names, signers)) for kind, signers in chosen.items()}
    print_table(
        ("signatures", "µs for SPF, DKIM, DMARC", "µs for all that the verifier does", "µs of it are arithmetic"),
        [(kind, *(f"{middle:.0f} ({least:.0f})" for middle, least in figures)) for kind, figures in found.items()],
        title=f"One mail of {OCTETS:,} octets, names remembered: µs of CPU",
    )
    reached = found["rsa-sha256"][0][0] <= GOAL_MICROSECONDS
    goal = f"goal {GOAL_MICROSECONDS:.0f} µs for SPF, DKIM and DMARC of a mail with one RSA signature"
    console.print(f"{goal}: {'reached' if reached else 'MISSED'}")
    return reached


def _names(keys: tuple[SigningKey, ...]) -> RememberedNames:
    texts = {
        "lagoon.test": "v=spf1 ip4:198.51.100.0/24 include:_spf.lagoon.test -all",
        "_spf.lagoon.test": f"v=spf1 ip4:{ADDRESS} -all",
        "mx.lagoon.test": "v=spf1 a -all",
        "_dmarc.lagoon.test": "v=DMARC1; p=reject; rua=mailto:dmarc@lagoon.test",
    } | {key.record_name: public_record(key) for key in keys}
    static = StaticNames({(name, "TXT"): [TXT.of(text.encode())] for name, text in texts.items()})
    return RememberedNames(_Zone(static), SystemClock())


def _mail(keys: tuple[SigningKey, ...]) -> bytes:
    mail = MAIL + LINE * ((OCTETS - len(MAIL)) // len(LINE))
    return sign(mail, keys, now=NOW) + mail


async def _measured(names: RememberedNames, keys: tuple[SigningKey, ...]) -> tuple[tuple[float, float], ...]:
    octets = _mail(keys)
    checks = [_check(key) for key in keys]
    body = LINE * (OCTETS // len(LINE))

    async def three() -> None:
        inquiry = Inquiry(names, asyncio.get_running_loop().time() + 20)
        spf = Course(check_mail_from(ADDRESS, "ceo@lagoon.test", SENDING.helo), inquiry)
        dkim = Course(verify(octets, now=NOW), inquiry)
        domains = author_domains(parse(octets))
        dmarc = Course(evaluate_authors(domains, spf.outcome, dkim.outcome), inquiry)
        assert dmarc.outcome.result is DmarcWord.PASS

    async def everything() -> None:
        judgement = await judge(octets, SENDING, names, now_unix=NOW)
        assert judgement.dmarc.result is DmarcWord.PASS
        stamps(judgement, decide(judgement), "mx.harbor.test")

    async def arithmetic() -> None:
        hashlib.sha256(body).digest()
        for check in checks:
            check()

    await everything()  # asks for the names
    spent: list[list[float]] = [[], [], []]
    for _ in range(ROUNDS):
        for work, figures in zip((three, everything, arithmetic), spent, strict=True):
            start = time.process_time()
            for _ in range(MAILS):
                await work()
            figures.append((time.process_time() - start) / MAILS * 1e6)
    return tuple((statistics.median(figures), min(figures)) for figures in spent)


def _check(key: SigningKey) -> Callable[[], None]:
    octets = MAIL
    signature = key.sign(octets)
    public = key.private_key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        scheme, digest = padding.PKCS1v15(), hashes.SHA256()
        return lambda: public.verify(signature, octets, scheme, digest)
    assert isinstance(public, ed25519.Ed25519PublicKey)
    return lambda: public.verify(signature, hashlib.sha256(octets).digest())


if __name__ == "__main__":
    sys.exit(not main())
