"""HTTP requests and responses as values; whoever owns a socket carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

__all__ = ["HttpRequest", "HttpResponse"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is asked of a server; `path` is encoded, `query` is not."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # tokens, which logs do not show
    body: bytes = field(default=b"", repr=False)  # passwords

    @property
    def target(self) -> str:
        """Return path and query as the first line of the request has them, which is what servers sign."""
        return f"{self.path}?{urlencode(self.query, quote_via=quote)}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What it answered; the names in `headers` are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)  # tokens
