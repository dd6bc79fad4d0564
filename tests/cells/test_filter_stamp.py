"""The field that the filter writes: bounded, folded, safe whatever the words of the mail are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scop.cells.filter.stamp import spam_field
from scop.mime import parse
from scop.spam import Clue, Label, Verdict


def test_field_of_an_unsure_verdict() -> None:
    """Without clues there is one line."""
    assert b"X-SCoP-Spam: unsure; score=0.500\r\n" == spam_field(Verdict(Label.UNSURE, 0.5, ()))


def test_field_names_its_clues() -> None:
    """Each clue has its line, with what it is worth."""
    verdict = Verdict(Label.SPAM, 0.99951, (Clue("subject:cheap", 0.987), Clue("привет; x", 0.9)))
    expected = b"X-SCoP-Spam: spam; score=1.000; clues=\r\n\tsubject:cheap=0.99\r\n\t?x=0.90\r\n"
    assert expected == spam_field(verdict)


@given(st.lists(st.builds(Clue, st.text(max_size=80), st.floats(0, 1)), max_size=20))
def test_field_is_one_field_whatever_the_clues(clues: list[Clue]) -> None:
    """No word of a mail can end the field, lengthen it without bound, or leave ASCII."""
    octets = spam_field(Verdict(Label.HAM, 0.1, tuple(clues)))
    assert octets.isascii()
    assert octets.endswith(b"\r\n")
    assert len(octets) < 700
    assert all(len(line) <= 78 for line in octets.split(b"\r\n"))
    (field,) = parse(octets + b"\r\n").header.fields
    assert "X-SCoP-Spam" == field.name
    assert field.body.startswith("ham; score=0.100")
