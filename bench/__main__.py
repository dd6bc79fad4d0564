"""`python -m bench [mime] [mesh]`: the named benches, or all of them; ends with 1 where a goal of `mime` is missed."""

from __future__ import annotations

import sys

__all__ = ["main"]

BENCHES = ("mime", "mesh")


def main(*names: str) -> bool:
    """Run the named benches, or all of them; tell whether what has goals reached them."""
    reached = True
    for name in names or BENCHES:
        if name == "mime":
            from bench.mime.__main__ import main as bench_mime

            reached &= bench_mime()
        else:
            from bench.mesh import main as bench_mesh

            bench_mesh()
    return reached


if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(BENCHES)
    sys.exit(f"no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}" if unknown else not main(*sys.argv[1:]))
