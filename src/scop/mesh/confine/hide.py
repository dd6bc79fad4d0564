"""Hides some places from a process and from all that it will start, and leaves it the rest.

For who must run programs of others, which want a whole machine: they see everything that their user sees, but not
what lies there. Landlock can only grant, so what is granted is everything beside the way to a hidden place; folders on
that way can be listed by nobody, and nothing new can be put into them. Nobody in there gains rights by a program
(set-uid ones as sudo), mounts anything, or signals a process outside.

Standards: Linux landlock(7).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from scop.mesh.confine import landlock

__all__ = ["hide", "signal_nobody_outside"]


def hide(places: Iterable[str]) -> bool:
    """Give up, for good, what lies at `places`; False where the kernel has no Landlock, and nothing is hidden."""
    hidden = {os.path.realpath(place) for place in places}
    above = {str(parent) for place in hidden for parent in Path(place).parents}
    fence = landlock.Fence.within(_beside("/", hidden, above), landlock.abi())
    if fence is None:
        return False
    fence.close()
    return True


def signal_nobody_outside() -> None:
    """Let this process and what it starts signal nobody else, for good, where the kernel can see to that."""
    fence = landlock.Fence.for_signals(landlock.abi())
    if fence is not None:
        fence.close()


def _beside(folder: str, hidden: set[str], above: set[str]) -> Iterator[str]:
    """Give all below a folder but what is hidden, and links: what they lead to is given in its own place."""
    for entry in _entries(folder):
        if entry.is_symlink() or entry.path in hidden:
            continue
        if entry.path in above:
            yield from _beside(entry.path, hidden, above)
        else:
            yield entry.path


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:  # what cannot be listed cannot be given
        return []
