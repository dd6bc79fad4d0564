"""`[signer]`: times that are none are refused by name, and fractions are times."""

from __future__ import annotations

import math

import pytest

from scop.cells.submission.session import MAX_HOLD_SECONDS
from scop.dkim.rotation import Timing
from scop.mesh.config import Relay, Signer

DAY_SECONDS = 86_400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("key_days", bad) for bad in (-1.0, math.inf, math.nan)),
        *(("grace_days", bad) for bad in (0.0, -0.5, math.inf, math.nan)),
        *(("propagation_hours", bad) for bad in (-0.1, math.inf, math.nan)),
    ],
)
def test_signer_configuration_names_a_time_that_is_none(name: str, value: float) -> None:
    """Whoever writes such a thing reads which."""
    with pytest.raises(ValueError, match=f"{name}: "):
        Signer(**{name: value})  # type: ignore[arg-type]  # a float under the name of one


def test_signer_configuration_takes_fractions_and_no_lifetime() -> None:
    """A test waits for seconds, and who rotates by hand says 0."""
    found = Signer(key_days=0, grace_days=0.001, propagation_hours=0)
    assert (0.0, 0.001, 0.0) == (found.key_days, found.grace_days, found.propagation_hours)


def test_signer_grace_outlasts_whatever_was_sealed() -> None:
    """RFC 4865: a mail is sealed as it is handed in, waits as long as its author wants, and is tried for days then."""
    longest_days = MAX_HOLD_SECONDS / DAY_SECONDS + Relay().give_up_days
    assert longest_days < Signer().grace_days
    assert Timing().grace_seconds == Signer().grace_days * DAY_SECONDS
