"""The grammar is used: every production that it names occurs."""

from __future__ import annotations

from scop.hamlet import Production, count_productions, generate, productions


def test_every_production_occurs() -> None:
    """The first 2,000 mails of a corpus try every production at least twice."""
    counts = count_productions(1, 2_000)
    assert set(Production) == set(counts)
    assert {} == {production: count for production, count in counts.items() if count < 2}


def test_productions_are_of_that_mail() -> None:
    """What is counted of a mail is what it is written with."""
    for index in range(50):
        is_lf = Production.LINES_END_WITH_LF in productions(8, index)
        assert is_lf == (b"\r\n" not in generate(8, index).partition(b"\n\n")[0])
