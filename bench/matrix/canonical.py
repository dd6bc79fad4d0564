"""Canonical JSON: ours beside `canonicaljson`, which Synapse hashes and signs by.

Ours refuses what has no canonical form while it writes; the peer writes floats and integers of any size, and Synapse
walks each event once more for that.
"""

from __future__ import annotations

import sys

import canonicaljson

from bench.matrix.events import room_events
from bench.matrix.turns import best_of_turns
from scop.cli.shared import console, print_table
from scop.matrix import canonical_json

__all__ = ["main"]

EVENTS = 2000
GOAL = 1.0


def main() -> bool:
    """Write events by each; tell whether the goal is reached."""
    console.rule("Canonical JSON: microseconds of CPU for one event", align="left")
    events = room_events(EVENTS)
    ways = {
        "ours": lambda: [canonical_json.encode(event) for event in events],
        "ours, for old rooms": lambda: [canonical_json.encode(event, strict=False) for event in events],
        "canonicaljson": lambda: [canonicaljson.encode_canonical_json(event) for event in events],
    }
    if ways["ours"]() != ways["canonicaljson"]():
        raise SystemExit("the two do not write the same")
    best = best_of_turns(ways, EVENTS)
    print_table(
        ("", "µs", "events a second"), [(name, f"{one:.2f}", f"{1e6 / one:,.0f}") for name, one in best.items()]
    )
    ratio = best["canonicaljson"] / best["ours"]
    console.print(f"×{ratio:.2f} (goal {GOAL:g})")
    return ratio >= GOAL


if __name__ == "__main__":
    sys.exit(not main())
