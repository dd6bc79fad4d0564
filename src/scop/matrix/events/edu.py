"""An EDU: something that passes between servers and is not kept (typing, receipts, presence, device lists).

Standards: Matrix v1.19, Server-Server API §EDUs.
"""

from __future__ import annotations

from scop.matrix.api.endpoint import Body
from scop.matrix.json_values import JsonObject

__all__ = ["Edu"]


class Edu(Body, frozen=True, kw_only=True):
    """One of them; what `content` holds depends on `edu_type`."""

    edu_type: str
    content: JsonObject
