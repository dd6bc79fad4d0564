"""`make fuzz`: every target for its share of the time; ends by itself, with 1 and the octets where a law is broken.

    python -m fuzz [--seconds N] [TARGET…]

Every run begins from the same seeds and goes its own way from there; a find becomes a regression test.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from fuzz.engine import Places, engine_name
from fuzz.seeds import write_seeds
from fuzz.targets import TARGETS
from scop.cli.shared import console

START_SECONDS = 2  # what a process takes to begin
GRACE_SECONDS = 60
SHRINK_SECONDS = 10.0
KEPT_LINES = 60
_ENGINE_TALK = ("#", "INFO:", "WARNING:", "Dictionary:", "MS:", "0x", "Base64:", "artifact_prefix=", "SUMMARY:", "==")


def main() -> int:
    """Run the targets in turn; return the exit status."""
    arguments = argparse.ArgumentParser(prog="fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--seconds", type=int, default=60, help="for all targets together")
    arguments.add_argument("targets", nargs="*", choices=[[], *TARGETS], metavar="TARGET", help=", ".join(TARGETS))
    stated = arguments.parse_args()
    targets = stated.targets or list(TARGETS)
    share = max(1, stated.seconds // len(targets) - START_SECONDS)
    console.print(f"{len(targets)} targets, {share} s each, by {engine_name()}", highlight=False)
    found = [name for name in targets if not fuzz(name, share)]
    console.print(f"broken: {', '.join(found)}" if found else "nothing escaped, every law holds")
    return 1 if found else 0


def fuzz(name: str, seconds: int) -> bool:
    """Run one target and tell whether all its laws held; show the octets and the reason where one did not."""
    with tempfile.TemporaryDirectory(prefix=f"scop-fuzz-{name}-") as folder:
        places = Places.below(Path(folder))
        seeds = write_seeds(name, places.seeds)
        status, lines = _watch(name, seconds, folder)
        artifacts = sorted(places.artifacts.glob("*-*"))
        if status == 0 and not artifacts:
            console.print(f"{name:12} held   {seeds} seeds, {_last_figures(lines)}", markup=False, highlight=False)
            return True
        console.print(f"{name:12} BROKEN", markup=False)
        print("\n".join(line for line in lines if not line.startswith(_ENGINE_TALK)))
        for artifact in artifacts:
            octets = artifact.read_bytes()
            if artifact.name.startswith("crash-"):
                octets = shrink(TARGETS[name], octets)
            print(f"{artifact.name}, {len(octets)} octets: TARGETS[{name!r}]({octets!r})")
        return False


def _watch(name: str, seconds: int, folder: str) -> tuple[int, list[str]]:
    """Run an engine and show how far it is; return its exit status and its last lines."""
    command = [sys.executable, "-m", "fuzz.engine", name, str(seconds), folder]
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    with (
        console.status(f"{name}: starting") as shown,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as child,
    ):
        assert child.stdout is not None
        for line in child.stdout:
            lines.append(line.rstrip())
            shown.update(f"{name}: {line.strip()[:100]}" if line.startswith("#") else f"{name}")
        status = child.wait(GRACE_SECONDS)
    return status, list(lines)


def _last_figures(lines: list[str]) -> str:
    figures = [line for line in lines if line.startswith(("#", "Done"))]
    return " ".join(" ".join(figures[-2:]).split())


def shrink(target: Callable[[bytes], None], octets: bytes) -> bytes:
    """Return fewer octets that break the same law in the same way."""
    kind = _fault(target, octets)
    deadline = time.monotonic() + SHRINK_SECONDS
    size = len(octets) // 2
    while kind is not None and size and time.monotonic() < deadline:
        for start in range(0, len(octets), size):
            shorter = octets[:start] + octets[start + size :]
            if _fault(target, shorter) == kind:
                octets = shorter
                break
            if time.monotonic() > deadline:
                break
        else:
            size //= 2
    return octets


def _fault(target: Callable[[bytes], None], octets: bytes) -> tuple[type[Exception], int] | None:
    """Return what escapes, and from which line of the target: a find is another one where that differs."""
    try:
        target(octets)
    except Exception as fault:  # whatever escapes is a find
        within_target = fault.__traceback__ and fault.__traceback__.tb_next
        return type(fault), within_target.tb_lineno if within_target else 0
    return None


if __name__ == "__main__":
    sys.exit(main())
