"""PIPELINING: a client may send commands before the earlier ones were answered.

Both machines work so by their construction; this is the promise.

Standards: RFC 2920.
"""

from __future__ import annotations

from scop.smtp.extensions.extension import Extension

__all__ = ["PIPELINING"]

PIPELINING = Extension(keyword="PIPELINING", offer=lambda _channel: "PIPELINING")
