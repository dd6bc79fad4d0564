"""20,000 mails of the corpus, in pieces that processes share: `scop hamlet check` runs the same over a million."""

from __future__ import annotations

import pytest

from scop.hamlet.check import check_chunk, chunks_of

SEED = 2026
MAILS = 20_000


@pytest.mark.parametrize(("first", "mails"), tuple(chunks_of(0, MAILS)))
def test_hamlet_check_many_mails_say_what_they_were_written_from(first: int, mails: int) -> None:
    """Parse and encode are equivalent: every value, every octet, and once more from the values alone."""
    found = check_chunk(SEED, first, mails)
    assert () == found.failures
    assert (first, mails) == (found.first, found.mails)
