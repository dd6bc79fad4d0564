"""All of it in one run, each beside its peer."""

from __future__ import annotations

import sys

from bench.auth import chain, dkim, spf

__all__ = ["main"]


def main() -> bool:
    """Run every bench of who sent it; tell whether all goals are reached."""
    reached = [bench.main() for bench in (dkim, spf, chain)]
    return all(reached)


if __name__ == "__main__":
    sys.exit(not main())
