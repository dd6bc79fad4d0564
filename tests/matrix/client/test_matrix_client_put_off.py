"""Changes that wait to become durable, while others become so."""

from __future__ import annotations

import pytest

from scop.matrix.client.put_off import PutOff
from scop.matrix.steps import Change, Shelf

_OLD, _NEW = (Change(Shelf.OUTBOUND, "k", octets) for octets in (b"old", b"new"))
_ONE, _TWO, _THREE = (Change(Shelf.ROOM, name, b"page") for name in ("one", "two", "three"))


def _put_off(*changes: Change) -> PutOff:
    put_off = PutOff()
    put_off.add(changes)
    return put_off


def test_of_each_entry_the_newest_is_put_off() -> None:
    """What is put off twice is written once."""
    assert (_NEW,) == _put_off(_OLD, _NEW).all()


def test_what_could_not_be_written_is_still_put_off() -> None:
    """It is written by the next call."""
    put_off = _put_off(_OLD)
    failing = put_off.keep()
    next(failing)
    put_off.give_way((_OLD,))
    with pytest.raises(OSError, match="full"):
        failing.throw(OSError("full"))
    assert (_OLD,) == put_off.all()


@pytest.mark.parametrize("is_written", [False, True])
def test_what_others_keep_takes_the_place_of_what_is_older(is_written: bool) -> None:
    """Also while the older is on its way to the disk, wherever that ends."""
    put_off = _put_off(_OLD, _ONE)
    steps = put_off.keep()
    next(steps)
    put_off.give_way((_NEW,))
    assert (_ONE,) == put_off.all()
    with pytest.raises(StopIteration if is_written else OSError):
        steps.send(None) if is_written else steps.throw(OSError("full"))
    assert (() if is_written else (_ONE,)) == put_off.all()


def test_what_is_put_off_while_others_write_is_not_taken_for_written() -> None:
    """Two tasks that write the same changes at once let go of those alone."""
    put_off = _put_off(_ONE)
    first = put_off.keep()
    next(first)
    put_off.add((_TWO,))
    second = put_off.keep()
    next(second)
    put_off.add((_THREE,))
    for steps in (first, second):
        with pytest.raises(StopIteration):
            steps.send(None)
    assert (_THREE,) == put_off.all()


def test_what_changed_while_it_was_written_is_written_again() -> None:
    """What is durable is the older of two."""
    put_off = _put_off(_OLD)
    steps = put_off.keep()
    next(steps)
    put_off.add((_NEW,))
    with pytest.raises(StopIteration):
        steps.send(None)
    assert (_NEW,) == put_off.all()
