"""`python -m bench.bombs [WORD…]`: what the worst files and mails cost; ends with 1 where one costs too much.

Large mails as people send them are looked into, too, and nothing in them may be called worse than a note.

Each is looked into by a process of its own that has loaded all code before, as the examiner's child has: what is told
is the time that it had the processor, and the memory that it took beyond all code and its own octets.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from bench.bombs import archives, documents, honest
from bench.stated_machine import SEAL_SECONDS, seal_seconds
from scop.attachments import Finding, Severity, Thing, examine, examine_thing, preload

__all__ = ["main"]

MAX_SECONDS, MAX_MB = 1.0, 100.0  # the seconds are those of the machine that the goals are stated for
TOO_LONG_SECONDS = 20


def _memory_mb(kind: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(kind):
            return int(line.split()[1]) / 1024 * 1.048576
    raise ValueError(kind)


def _look(octets: bytes, look: Callable[[bytes], tuple[Finding, ...]]) -> tuple[float, float, str]:
    """Return seconds, MB and the worst findings of one bomb."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (TOO_LONG_SECONDS, TOO_LONG_SECONDS))
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = _memory_mb("VmRSS")
        findings = look(octets)
        grown = _memory_mb("VmHWM") - before
        told = dict.fromkeys(f"{one.kind}/{one.severity}" for one in findings)
        os.write(writer, pickle.dumps((grown, ", ".join(told))))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        answer = stream.read()
    _, status, used = os.wait4(child, 0)
    grown, kinds = pickle.loads(answer) if answer else (float("nan"), f"ended with {status}")
    return used.ru_utime + used.ru_stime, float(grown), str(kinds)


def _as_thing(octets: bytes) -> tuple[Finding, ...]:
    return examine_thing(Thing(octets, "bomb"))


def _is_harmless(kinds: str) -> bool:
    return all(kind.endswith(f"/{Severity.NOTE}") for kind in kinds.split(", ") if kind)


def main(*words: str) -> bool:
    """Look into all, or those whose names have one of the words; tell whether each is within what it may cost."""
    preload()
    max_seconds = MAX_SECONDS * seal_seconds() / SEAL_SECONDS
    print(f"at most {max_seconds:.2f} s here, which are {MAX_SECONDS:g} s of the stated machine, and {MAX_MB:g} MB")
    reached = True
    kinds_of_mail = (
        *((archives.BOMBS, _as_thing, False), (documents.BOMBS, _as_thing, False)),
        *((documents.MAILS, examine, False), (honest.MAILS, examine, True)),
    )
    for makers, look, is_honest in kinds_of_mail:
        for name, make in makers.items():
            if words and not any(word in name for word in words):
                continue
            octets = make()
            seconds, grown, kinds = _look(octets, look)
            is_good = _is_harmless(kinds) if is_honest else seconds <= max_seconds and grown <= MAX_MB
            reached &= is_good
            print(
                f"{' ' if is_good else '*'}{name:44} {len(octets) / 1e6:7.2f} MB: "
                f"{seconds:5.2f} s {grown:6.1f} MB  {kinds}",
                flush=True,
            )
    return reached


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))
