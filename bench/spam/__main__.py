"""`python -m bench spam`: accuracy, speed and what an attacker gets."""

from __future__ import annotations

import sys

from bench.spam import accuracy, robustness, speed

__all__ = ["main"]


def main() -> bool:
    """Run all three; tell whether the goals are reached."""
    reached = accuracy.main(all_protocols="--all" in sys.argv)
    reached &= speed.main()
    return robustness.main() and reached


if __name__ == "__main__":
    sys.exit(not main())
