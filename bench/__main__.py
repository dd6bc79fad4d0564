"""`python -m bench [NAME…]`: the named benches, or those that take minutes only; ends with 1 where a goal is missed."""

from __future__ import annotations

import importlib
import sys

__all__ = ["main"]

# Each module has a `main() -> bool` that tells whether its goals are reached.
BENCHES = {
    "mime": "bench.mime.__main__",
    "mesh": "bench.mesh",
    "smtp": "bench.smtp.receive",
    "smtp-outgoing": "bench.smtp.outgoing",
    "smtp-queue": "bench.smtp.queue_size",
    "smtp-idle": "bench.smtp.idle",
    "smtp-killing": "bench.smtp.killing",
    "dns": "bench.dns.__main__",
    "auth": "bench.auth.__main__",
    "spam": "bench.spam.__main__",
    "examiner": "bench.examiner",
    "bombs": "bench.bombs.__main__",
    "hamlet": "bench.hamlet",
    "matrix-core": "bench.matrix.core",
    "matrix-client": "bench.matrix.client",
}
LONG = {"smtp-killing", "hamlet"}


def main(*names: str) -> bool:
    """Run the named benches, or all but the longest; tell whether they reached their goals."""
    reached = True
    for name in names or (name for name in BENCHES if name not in LONG):
        reached &= importlib.import_module(BENCHES[name]).main()
    return reached


if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(BENCHES)
    sys.exit(f"no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}" if unknown else not main(*sys.argv[1:]))
