"""All of it in one run, each beside its peer."""

from __future__ import annotations

import sys

from bench.dns import authoritative, cached, hostile, parse, validation

__all__ = ["main"]


def main() -> bool:
    """Run every bench of DNS; tell whether all goals are reached."""
    reached = [bench.main() for bench in (parse, hostile, validation, cached, authoritative)]
    return all(reached)


if __name__ == "__main__":
    sys.exit(not main())
