"""Text from outside made fit for a log line: bounded, one line, printable."""

from __future__ import annotations

__all__ = ["printable"]

MAX_PRINTABLE = 200  # characters; enough to recognise a thing, too few to flood a log


def printable(value: str | bytes, *, limit: int = MAX_PRINTABLE) -> str:
    """Return `value` with every unprintable character escaped, cut to `limit` characters."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    if len(text) <= limit and text.isprintable():  # as almost always
        return text
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text[:limit]
    )
    return shown if len(text) <= limit and len(shown) <= limit else shown[: limit - 1] + "…"
