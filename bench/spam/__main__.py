"""`python -m bench spam`: accuracy, speed and what an attacker gets; `python -m bench.spam --help` for parts of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bench.spam import accuracy, robustness, speed
from bench.spam.contenders import LEAST, NAMES
from bench.spam.protocols import PROTOCOLS

__all__ = ["main"]


def main(words: Sequence[str] = ()) -> bool:
    """Run all three, or accuracy alone of the contenders and protocols named; tell whether the goals are reached."""
    parser = argparse.ArgumentParser(prog="python -m bench.spam", description="Accuracy of some in some protocols.")
    parser.add_argument("--only", action="append", choices=NAMES, help="measure nobody else; may be given again")
    parser.add_argument("--protocol", action="append", choices=tuple(PROTOCOLS), help="likewise")
    parser.add_argument(
        "--least", type=int, default=LEAST, help="mails of each kind before SpamAssassin and rspamd say a word"
    )
    chosen = parser.parse_args(words)
    reached = accuracy.main(chosen.only or NAMES, chosen.protocol or tuple(PROTOCOLS), least=chosen.least)
    if words:
        return reached
    reached &= speed.main()
    return robustness.main() and reached


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
