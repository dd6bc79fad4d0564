"""The demo's mail client."""

import pytest

from scop.cli.demo.post import one_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.0.0 Ok", "2.0.0 Ok"),
        ("5.7.1 Refused:\n5.7.1 neither SPF nor DKIM", "5.7.1 Refused: neither SPF nor DKIM"),
        ("first\nsecond", "first second"),
    ],
)
def test_demo_post_a_reply_of_many_lines_is_shown_as_one(text: str, expected: str) -> None:
    """The enhanced code, which each line repeats, is said once."""
    assert expected == one_line(text)
