"""How much of a name each server on the way down gets to see.

Standards: RFC 9156 §2.3 (the algorithm), §2.1 (which type is asked), RFC 8020 §2 against which broken servers sin: so
relaxed, a NXDOMAIN or a refusal of part of a name makes the whole name be asked.
"""

from __future__ import annotations

from scop.dns.answer import Question
from scop.dns.names import is_at_or_below, parent_name
from scop.dns.resolver.limits import MAX_MINIMISED_STEPS, ONE_LABEL_STEPS

__all__ = ["Minimiser"]

PROBE_TYPE = "A"  # RFC 9156 §2.1: a type that always stands at the side of no cut, and that looks like all others


class Minimiser:
    """Chooses what to ask next on the way to one question."""

    def __init__(self, question: Question, *, is_off: bool = False) -> None:
        self._question = question
        self._is_off = is_off
        self._asked = ""  # the longest part that is known to be no cut
        self._steps = 0

    def next(self, zone: str) -> Question:
        """Return what to ask a server of `zone`: the question, or a part of its name."""
        name = self._question.name
        if self._is_off or name == zone:
            return self._question
        ancestors = _between(name, self._asked if is_at_or_below(self._asked, zone) else zone)
        count = self._labels_to_add(len(ancestors))
        if count >= len(ancestors):
            return self._question
        part = ancestors[-count]
        # Cuts at labels with underscores are next to unknown (RFC 8552 §1.1): ask for all of what is left.
        return self._question if part.startswith("_") else Question(part, PROBE_TYPE)

    def is_no_cut(self, part: Question) -> None:
        """Note that the zone goes on below this part."""
        self._asked = part.name

    def give_up(self) -> None:
        """Ask for the whole name from now on."""
        self._is_off = True

    def _labels_to_add(self, left: int) -> int:
        self._steps += 1
        if self._steps <= ONE_LABEL_STEPS:
            return 1
        steps_left = MAX_MINIMISED_STEPS - self._steps + 1
        return -(-left // steps_left) if steps_left > 0 else left


def _between(name: str, above: str) -> list[str]:
    """Return `name` and its ancestors below `above`, longest first."""
    names = []
    while name != above and name:
        names.append(name)
        name = parent_name(name)
    return names
