"""QR codes as a terminal shows them, for the camera of another device."""

from __future__ import annotations

import io

__all__ = ["drawn"]


def drawn(content: bytes | str) -> str:
    """Return a code of octets, or of a URL."""
    import segno

    octets = content.encode() if isinstance(content, str) else content
    shown = io.StringIO()
    segno.make(octets, mode="byte", micro=False, error="l", boost_error=False).terminal(shown, compact=True)
    return shown.getvalue()
