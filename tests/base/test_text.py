"""Text fit for a log line."""

from hypothesis import given
from hypothesis import strategies as st

from scop.base import printable


@given(st.one_of(st.text(), st.binary()), st.integers(1, 50))
def test_printable_is_one_bounded_printable_line(value: str | bytes, limit: int) -> None:
    """Whatever comes in, at most `limit` printable characters come out."""
    shown = printable(value, limit=limit)
    assert len(shown) <= limit
    assert shown.isprintable()


def test_printable_keeps_what_is_harmless() -> None:
    """Readable text passes unchanged."""
    assert "grüße <a@b.test>" == printable("grüße <a@b.test>")
