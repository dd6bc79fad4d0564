"""Words that are of no pipeline, as a room shows them."""

from __future__ import annotations

from html import unescape

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.matrix.notifier.words import MAX_CONTENT_OCTETS, words


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_words_are_shown_as_text_or_are_none(text: str) -> None:
    """No control characters, no HTML of theirs; the block says what the text says, and nobody is called."""
    try:
        content = words(text)
    except ValueError:  # nothing of it is to be seen
        return
    body = str(content["body"])
    assert all(each.isprintable() or each in "\n\t" for each in body)
    assert ({}, "m.notice") == (content["m.mentions"], content["msgtype"])
    if "formatted_body" in content:
        inside = str(content["formatted_body"]).removeprefix("<pre><code>").removesuffix("</code></pre>")
        assert ("<" not in inside, body) == (True, unescape(inside))


def test_words_fit_into_an_event_or_are_refused() -> None:
    """The bound itself is taken, one octet more is not; a block that is too long is text alone."""
    around = len(msgspec.json.encode(words("x"))) - 1
    assert MAX_CONTENT_OCTETS == len(msgspec.json.encode(words("x" * (MAX_CONTENT_OCTETS - around))))
    with pytest.raises(ValueError, match="too long"):
        words("x" * (MAX_CONTENT_OCTETS - around + 1))
    assert "format" not in words("\n".join("<" * 10_000))


def test_words_lose_what_only_a_terminal_understands() -> None:
    """Colours and movements are left out whole, not letter by letter."""
    assert "1 failed, 2 passed" == words("\x1b[2K\x1b[1;31m1 failed\x1b[0m, \x1b[38:5:2m2 passed\x1b[m\r\n")["body"]
