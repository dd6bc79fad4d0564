"""Where the fuzzer begins: the mails of the shared vectors and Hamlet's, words of mail; each target has its form.

Those of DNS and of reports begin from their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fuzz.dns_seeds import dns_seeds
from fuzz.report_targets import report_seeds
from fuzz.tokens import TOKENS
from scop.hamlet import generate

__all__ = ["write_seeds"]

MAX_SEED_OCTETS = 16_384
HAMLET_SEED, HAMLET_MAILS = 1, 100
_SHARED = Path(__file__).resolve().parents[3] / "shared"
_WITH_A_LEADING_OCTET = {"chunks", "sink"}
_OF_FIELDS = {"field", "words"}
_OF_CONTENTS = {"charsets", "transfer"}


def write_seeds(target: str, folder: Path) -> int:
    """Write the seeds of a target, one file each; return how many."""
    count = 0
    for count, octets in enumerate(_seeds(target), 1):
        (folder / f"{count:05}").write_bytes(octets)
    return count


def _seeds(target: str) -> Iterator[bytes]:
    yield from TOKENS
    if target.startswith("dns_"):
        yield from dns_seeds(target)
        return
    if target == "report":
        yield from report_seeds()
        return
    mails = [mail for mail in _mails() if len(mail) <= MAX_SEED_OCTETS]
    if target in _OF_FIELDS:
        bodies = {line.partition(b":")[2].strip() for mail in mails for line in _header_lines(mail)}
        yield from (bytes([number % 256]) + body for number, body in enumerate(sorted(bodies)))
    elif target in _OF_CONTENTS:
        yield from (bytes([number % 256, 7]) + mail.partition(b"\n\n")[2][:2_000] for number, mail in enumerate(mails))
    elif target in _WITH_A_LEADING_OCTET:
        yield from (bytes([number % 256]) + mail for number, mail in enumerate(mails))
    else:
        yield from mails


def _header_lines(mail: bytes) -> Iterator[bytes]:
    header = mail.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    yield from header.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n")


def _mails() -> Iterator[bytes]:
    folder = Path(os.environ.get("SCOP_SHARED") or _SHARED) / "vectors" / "mime"
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".eml", ".raw"):
            yield path.read_bytes()
    yield from (generate(HAMLET_SEED, index) for index in range(HAMLET_MAILS))
