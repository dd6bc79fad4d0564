"""What the parts of a machine keep together, where two of its steps write at once."""

from __future__ import annotations

import pytest

from scop.matrix.encryption.ledger import Ledger
from scop.matrix.steps import Change, Keep, Needed, Shelf, Steps, run

_FULL = OSError(28, "no space left")


def _taken(steps: Steps[None]) -> list[Change]:
    """Return what steps keep, on a disk that takes all."""
    kept: list[Change] = []

    def take(needed: Needed) -> None:
        assert isinstance(needed, Keep)
        kept.extend(needed.changes)

    run(steps, take)
    return kept


def test_what_could_not_be_written_is_written_by_the_next_flush() -> None:
    """It is written as it is then, not as it was."""
    ledger, state = Ledger(), [b"old"]
    ledger.put(Shelf.OLM, "k", lambda: state[0])
    failing = ledger.flush()
    next(failing)
    with pytest.raises(OSError, match="no space"):
        failing.throw(_FULL)
    state[0] = b"new"
    assert [Change(Shelf.OLM, "k", b"new")] == _taken(ledger.flush())


@pytest.mark.parametrize("newer", [b"new", None])
def test_what_was_put_again_meanwhile_is_not_put_back(newer: bytes | None) -> None:
    """A session that another took the place of while it was written does not come back when that fails."""
    ledger = Ledger()
    ledger.put(Shelf.OUTBOUND, "k", lambda: b"old")
    ledger.put(Shelf.OUTBOUND, "other", lambda: b"other")
    failing = ledger.flush()
    next(failing)
    ledger.put(Shelf.OUTBOUND, "k", None if newer is None else lambda: newer)
    assert [Change(Shelf.OUTBOUND, "k", newer)] == _taken(ledger.flush())
    with pytest.raises(OSError, match="no space"):
        failing.throw(_FULL)
    assert [Change(Shelf.OUTBOUND, "other", b"other")] == _taken(ledger.flush())
