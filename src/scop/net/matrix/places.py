"""Where requests go: which URLs may be asked, and what a redirect may lead to.

Standards: RFC 6761 §6.3 (localhost), RFC 9110 §15.4 (redirects), Matrix v1.19 CS §Well-known URIs.
"""

from __future__ import annotations

import ipaddress

from yarl import URL

from scop.base import printable
from scop.net.faults import PermanentFailure

__all__ = ["SAFE_METHODS", "check_place", "is_loopback", "place_of", "redirected"]

_KEEPS_METHOD = frozenset({307, 308})
SAFE_METHODS = frozenset({"GET", "HEAD"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def place_of(base_url: str, path: str, query: str) -> URL:
    """Return the URL of a request; `path` and `query` are encoded. Without a path it is the place itself, as it is."""
    base = base_url.rstrip("/") if path else base_url
    try:
        return URL(f"{base}{path}{'?' if query else ''}{query}", encoded=True)
    except ValueError:
        raise PermanentFailure(f"{printable(base_url)} is no URL") from None


def check_place(url: URL, *, plain_anywhere: bool) -> None:
    """Raise `PermanentFailure` for what is not asked: others than https, but http to this machine itself."""
    if url.scheme == "https" and url.host:
        return
    if url.scheme == "http" and url.host and (plain_anywhere or is_loopback(url.host)):
        return
    if url.scheme == "http" and url.host:
        raise PermanentFailure(
            f"{printable(url.host)} by http: would show tokens to whoever listens; only https: is asked"
        )
    raise PermanentFailure(f"{printable(str(url))} is no URL of a homeserver (https://…)")


def is_loopback(host: str) -> bool:
    """Tell whether a host of a URL is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def redirected(url: URL, method: str, status: int, location: str | None) -> URL | None:
    """Return where an answer leads to, or None where it is none that we follow."""
    if status not in _REDIRECTS or not location:
        return None
    # RFC 9110 §15.4: others than 307 and 308 may turn a POST into a GET; that would be another request.
    if method not in SAFE_METHODS and status not in _KEEPS_METHOD:
        return None
    try:
        to = url.join(URL(location))
    except ValueError:
        return None
    # Stricter than RFC 9110: what began under TLS does not go on without it.
    return None if url.scheme == "https" and to.scheme != "https" else to
