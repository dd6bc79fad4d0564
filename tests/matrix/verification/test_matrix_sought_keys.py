"""When a key that the backup did not have is looked for again."""

from __future__ import annotations

from scop.matrix.verification.sought_keys import SoughtKeys

_MINUTE = 60_000


def test_sought_keys_are_looked_for_after_growing_pauses() -> None:
    """A minute, two, four … an hour at most; each time once."""
    sought, now, pauses = SoughtKeys((), 0), 0, list[int]()
    assert sought.take(("!r", "s"), now)
    for _ in range(8):
        begun = now
        while not sought.take(("!r", "s"), now):
            now += _MINUTE
        pauses.append((now - begun) // _MINUTE)
    assert [1, 2, 4, 8, 16, 32, 60, 60] == pauses


def test_sought_keys_from_before_wait_for_a_while() -> None:
    """A process that lives for a moment does not look for what may be missing for good."""
    sought = SoughtKeys([("!r", "s")], 5)
    assert () == sought.due(5 + _MINUTE - 1)
    assert (("!r", "s"),) == sought.due(5 + _MINUTE)
    sought.drop(("!r", "s"))
    assert () == sought.due(5 + _MINUTE)


def test_sought_keys_are_bounded() -> None:
    """A thousand are remembered, and twenty looked for at a time; past that the oldest are not."""
    sought = SoughtKeys((), 0)
    for number in range(1001):
        sought.note(("!r", str(number)))
    assert tuple(("!r", str(number)) for number in range(1, 21)) == sought.due(0)
    count = 0
    while due := sought.due(0):
        for place in due:
            sought.drop(place)
            count += 1
    assert 1000 == count
