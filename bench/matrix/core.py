"""What rooms stand on: canonical JSON, signatures, authorisation and resolution, each beside what Synapse runs."""

from __future__ import annotations

from bench.matrix import canonical, rooms, signing

__all__ = ["main"]


def main() -> bool:
    """Measure each in turn; tell whether all goals are reached."""
    return all([canonical.main(), signing.main(), rooms.main()])
