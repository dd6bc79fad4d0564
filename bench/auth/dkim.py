"""Sealing and checking mail: ours beside dkimpy, which Postfix and Mailman users know, and beside the bare arithmetic.

dkimpy is the one of the system's own Python, with whatever it finds there, and times itself on the very same mails and
keys; its names are a dict, as ours are. The arithmetic is `cryptography` alone: one signature over the octets that a
seal covers. All take turns, and the best of each one's rounds counts: milliseconds of CPU, medians over all mails.

How often faster than dkimpy sealing is has a bound that no program moves: its RSA is Python's `pow`, ours is OpenSSL's,
and the line of the bare arithmetic says how far these two are apart on this machine.
"""

from __future__ import annotations

import base64
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bench.mails import NOW_UNIX, Sender, signed_mails
from scop.cli.shared import console, print_table
from scop.dkim import Algorithm, SigningKey, generate_key, public_record, sign, verify
from scop.dns import TXT, StaticNames, run

__all__ = ["main"]

MAILS = 100
ROUNDS = 4
MAIL_OCTETS = 4096
SYSTEM_PYTHON = "/usr/bin/python3"
GOALS = {"sign": 15.0, "verify": 6.0, "raw": 0.75}

_PEER = """
import base64, json, statistics, sys, time
import dkim
given = json.load(sys.stdin)
mails = [base64.b64decode(mail) for mail in given["mails"]]
plain = [base64.b64decode(mail) for mail in given["plain"]]
pem = given["pem"].encode()
record = given["record"].encode()
names = [b"From", b"To", b"Subject", b"Date", b"Message-ID", b"MIME-Version", b"Content-Type"]
def seal(mail):
    relaxed = b"relaxed", b"relaxed"
    return dkim.sign(mail, b"bench", given["domain"].encode(), pem, canonicalize=relaxed, include_headers=names)
def check(mail):
    return dkim.verify(mail, dnsfunc=lambda name, timeout=5: record)
def spent(work, mails):
    out = []
    for mail in mails:
        started = time.process_time()
        assert work(mail)
        out.append((time.process_time() - started) * 1000)
    return statistics.median(out)
json.dump({"sign": spent(seal, plain), "verify": spent(check, mails)}, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class _Work:
    """What all are given."""

    key: SigningKey
    plain: list[bytes]
    sealed: list[bytes]


def main() -> bool:
    """Seal and check by each; tell whether the goals are reached."""
    console.rule("DKIM with RSA-2048: milliseconds of CPU for one mail of 4 KB", align="left")
    work, other = _work(), _work(Algorithm.ED25519_SHA256)
    ways: dict[str, Callable[[], tuple[float, float]]] = {
        "ours": lambda: _ours(work),
        "cryptography alone": lambda: _raw(work),
        "dkimpy": lambda: _theirs(work),
        "ours, Ed25519": lambda: _ours(other),
    }
    rounds = [{name: way() for name, way in ways.items()} for _ in range(ROUNDS)]
    best = {name: tuple(map(min, zip(*(one[name] for one in rounds), strict=True))) for name in ways}
    print_table(("", "sealing", "checking"), [(name, *(f"{one:.3f}" for one in best[name])) for name in ways])
    (sealing, checking), (raw_sealing, _), (sign_theirs, verify_theirs) = list(best.values())[:3]
    console.print(f"the arithmetic alone seals ×{sign_theirs / raw_sealing:.2f} as fast as dkimpy")
    ratios = {"raw": raw_sealing / sealing, "sign": sign_theirs / sealing, "verify": verify_theirs / checking}
    console.print(", ".join(f"{kind} ×{ratio:.2f} (goal {GOALS[kind]:g})" for kind, ratio in ratios.items()))
    return all(ratio >= GOALS[kind] for kind, ratio in ratios.items())


def _work(algorithm: Algorithm = Algorithm.RSA_SHA256) -> _Work:
    sender = Sender("lagoon.test", "192.0.2.1", generate_key("lagoon.test", "bench", algorithm))
    sealed = signed_mails(sender, "bob@harbor.test", MAILS, MAIL_OCTETS)
    return _Work(sender.key, [mail[mail.index(b"From: ") :] for mail in sealed], sealed)


def _median(work: Callable[[bytes], object], mails: list[bytes]) -> float:
    spent = []
    for mail in mails:
        started = time.process_time()
        work(mail)
        spent.append((time.process_time() - started) * 1000)
    return statistics.median(spent)


def _ours(work: _Work) -> tuple[float, float]:
    names = StaticNames({(work.key.record_name, "TXT"): [TXT.of(public_record(work.key).encode())]})

    def check(mail: bytes) -> None:
        if run(verify(mail, now=NOW_UNIX), names)[0].result != "pass":
            raise SystemExit("a seal of our own does not hold")

    return (
        _median(lambda mail: sign(mail, (work.key,), now=NOW_UNIX), work.plain),
        _median(check, work.sealed),
    )


def _raw(work: _Work) -> tuple[float, float]:
    key, form, digest = work.key.private_key, padding.PKCS1v15(), hashes.SHA256()
    assert isinstance(key, rsa.RSAPrivateKey)
    public = key.public_key()
    headers = [mail.partition(b"\r\n\r\n")[0] for mail in work.plain]
    signatures = {header: key.sign(header, form, digest) for header in headers}
    return (
        _median(lambda header: key.sign(header, form, digest), headers),
        _median(lambda header: public.verify(signatures[header], header, form, digest), headers),
    )


def _theirs(work: _Work) -> tuple[float, float]:
    pem = work.key.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    given = {
        "mails": [base64.b64encode(mail).decode() for mail in work.sealed],
        "plain": [base64.b64encode(mail).decode() for mail in work.plain],
        "pem": pem.decode(),
        "record": public_record(work.key),
        "domain": work.key.domain,
    }
    command = [SYSTEM_PYTHON, "-c", _PEER]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"python3-dkim is needed for {SYSTEM_PYTHON}: {done.stderr.strip().rpartition(chr(10))[2]}")
    told: dict[str, float] = json.loads(done.stdout)
    return told["sign"], told["verify"]


if __name__ == "__main__":
    sys.exit(not main())
