"""What is said on a connection, line by line, as people may read it: no password, and nothing it could be guessed from.

Standards: RFC 4954 §4 (AUTH).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from scop.smtp import Authenticate, Event, SaslStep

__all__ = ["Heard", "shown_line"]

# Is told each line as it is said: 'C' or 'S', and the line.
Heard: TypeAlias = Callable[[str, str], None]


def shown_line(command: Event, line: bytes) -> str:
    """Return a line as a transcript may show it: no password, and nothing it could be guessed from."""
    match command:
        case Authenticate(mechanism) | SaslStep(mechanism, is_first=True):
            return f"AUTH {mechanism} {'(hidden)' if line.count(b' ') > 1 else ''}".rstrip()
        case SaslStep():
            return "(hidden)"
        case _:
            return line.decode("utf-8", "surrogateescape").rstrip("\r\n")
