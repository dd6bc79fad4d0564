"""Enhanced status codes as values, and what they mean (RFC 3463, RFC 5248)."""

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.smtp import EnhancedStatus, Reply, reply
from scop.smtp.enhanced import meaning

_SOURCE = Path(__file__).parents[2] / "src" / "scop"
_OURS = re.compile(r'reply\(\s*\d{3}, "([245][0-9.]+)"|"[245]\d\d ([245]\.\d+\.\d+) ')


@given(st.builds(EnhancedStatus, st.sampled_from([2, 4, 5]), st.integers(0, 999), st.integers(0, 999)))
def test_code_written_and_read_is_the_same(status: EnhancedStatus) -> None:
    """Parsing undoes writing, and every code says something."""
    assert status == EnhancedStatus.parse(str(status))
    assert status.meaning


@given(st.text(st.sampled_from("0123456789.²x"), max_size=8))
def test_any_text_is_a_code_or_a_value_error(text: str) -> None:
    """What is read is written back as it was."""
    with contextlib.suppress(ValueError):
        assert text == str(EnhancedStatus.parse(text))


@pytest.mark.parametrize("text", ["", "5", "5.1", "3.0.0", "5.1.1.1", "5.01.1", "5.1.1000", "5.1.1 ", "５.1.1"])
def test_what_is_no_code_is_refused(text: str) -> None:
    """RFC 3463 §2: a class of 2, 4 or 5, and two numbers of up to three digits without leading zeros."""
    with pytest.raises(ValueError, match="no enhanced status code"):
        EnhancedStatus.parse(text)


def test_numbers_out_of_range_do_not_exist() -> None:
    """The constructor holds what the parser holds, at n and n+1."""
    assert "5.999.999" == str(EnhancedStatus(5, 999, 999))
    for numbers in ((5, 1000, 0), (5, 0, 1000), (5, -1, 0), (3, 0, 0)):
        with pytest.raises(ValueError, match="no enhanced status code"):
            EnhancedStatus(*numbers)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5.1.1", "Bad destination mailbox address"),
        ("4.2.2", "Mailbox full"),
        ("5.7.30", "REQUIRETLS support required"),
        ("5.7.31", "Security or Policy Status"),
        ("5.9.1", "Permanent Failure"),
        ("2.0.0", "Success"),
        ("4.0.0", "Persistent Transient Failure"),
    ],
)
def test_code_means_what_the_registry_says(text: str, words: str) -> None:
    """RFC 5248: the detail's name, else the subject's, else the class's."""
    assert words == meaning(text)


def test_reply_bears_its_status_as_a_value() -> None:
    """A reply without a code has none."""
    assert EnhancedStatus(5, 1, 1) == reply(550, "5.1.1", "No").status
    assert None is reply(354, "", "Go on").status


@pytest.mark.parametrize("text", ["5.01.1 No", "5.1.1000 No", "5.１.1 No", "5.1 No"])
def test_what_is_no_code_in_a_reply_is_text(text: str) -> None:
    """Every code that was read in a reply is one."""
    read = Reply.parse(f"550 {text}\r\n".encode())
    assert ("", (text,), None) == (read.enhanced, read.text, read.status)


def test_every_code_that_we_say_is_registered() -> None:
    """Another server, or a person, can look up what we mean."""
    said = {one or other for path in _SOURCE.rglob("*.py") for one, other in _OURS.findall(path.read_text())}
    assert 20 < len(said)
    assert set() == {text for text in said if not EnhancedStatus.parse(text).is_registered}
