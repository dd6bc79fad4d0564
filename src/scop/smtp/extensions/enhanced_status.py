"""ENHANCEDSTATUSCODES: replies say in detail what went wrong.

Standards: RFC 2034, RFC 3463.
"""

from __future__ import annotations

from scop.smtp.extensions.extension import Extension

__all__ = ["ENHANCEDSTATUSCODES"]

ENHANCEDSTATUSCODES = Extension(keyword="ENHANCEDSTATUSCODES", offer=lambda _channel: "ENHANCEDSTATUSCODES")
