"""A mesh on a disk that is small, run as a program: `python full_mesh.py FOLDER`.

Alice submits mails until the disk is full and a few more, then there is room again; at the end it says as JSON what
was answered and what waits.
"""

from __future__ import annotations

import faulthandler
import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import cast

from fakes.command_line import DOMAIN, Town, founded
from fakes.real_mesh import PASSWORD

BALLAST_OCTETS = 12_000_000  # most of the disk, so that few mails fill it
REFUSED = 3  # mails, before there is room again
PATIENCE_SECONDS = 90.0
RECIPIENT = "x@[127.0.0.9]"  # nothing listens there
SIZES = (600_000, 3_000)  # a body in a file, and one in the database


def mail(number: int) -> bytes:
    """Return a mail that is like no other."""
    header = f"From: alice@{DOMAIN}\r\nTo: {RECIPIENT}\r\nSubject: {number}\r\n\r\n"
    return header.encode() + b"%08d High water at nine.\r\n" % number * (SIZES[number % 2] // 30)


def complaints(town: Town) -> list[str]:
    """Return how the cells are, and the last that each complained of."""
    logs = sorted((town.state / "log").glob("*.jsonl"))
    loud = [[line for line in path.read_text().splitlines() if '"level":"error"' in line][-3:] for path in logs]
    return [town.scop("status").out, *(line[:2000] for lines in loud for line in lines)]


def fill(town: Town, ballast: Path) -> tuple[list[str], Counter[str]]:
    """Submit until a few mails were refused, then make room and submit one more; return the traces, and all answers."""
    accepted: list[str] = []
    answers: Counter[str] = Counter()
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    for number in range(10_000):
        code, text = town.hand_in("alice", RECIPIENT, mail(number))
        assert time.monotonic() < deadline, (answers, complaints(town))
        if code == 250:
            accepted.append(text.split()[-1])
            if not ballast.exists():
                break
        elif accepted:
            answers[f"{code} {text}"] += 1
        if answers.total() == REFUSED:
            ballast.unlink(missing_ok=True)
        if code != 250:
            pause.wait(0.2)  # before the keys are published nothing is accepted either
    return accepted, answers


def main(folder: Path) -> None:
    """Say what was answered, and what waits; or where it hangs."""
    faulthandler.dump_traceback_later(1.5 * PATIENCE_SECONDS, exit=True)
    town = founded(folder / "town", "full disk")
    town.edit("[network]", "[relay]\nreserve_octets = 0\n\n[network]")
    ballast = folder / "ballast"
    with town.up():
        assert 0 == town.scop("account", "add", "alice", "--password", PASSWORD).status
        ballast.write_bytes(b"\0" * BALLAST_OCTETS)
        accepted, answers = fill(town, ballast)
        found = cast("dict[str, list[dict[str, object]]]", town.scop("queue", "list", "--json", "--limit", "2000").json)
        status = cast("dict[str, list[dict[str, object]]]", town.scop("status", "--json").json)
    waiting = [str(entry["trace"]) for entry in found["entries"]]
    said = {
        "answers": sorted(answers),
        "lost": sorted(set(accepted) - set(waiting)),
        "never accepted": sorted(set(waiting) - set(accepted)),
        "doubled": len(waiting) - len(set(waiting)),
        "restarts": [cell["name"] for cell in status["cells"] if cell["restarts"]],
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
