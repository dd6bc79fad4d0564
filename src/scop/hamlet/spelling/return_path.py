"""Return-Path spelled: the null path, a path, a path with an obsolete route.

Standards: RFC 5322 §3.6.7, §4.4; RFC 5321 §4.4.
"""

from __future__ import annotations

from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen
from scop.mime.fields.return_path import ReturnPath

__all__ = ["spell_return_path"]


def spell_return_path(pen: Pen, path: ReturnPath) -> str:
    """Return a path in angle brackets."""
    before, behind = pen.gap(), pen.gap()
    if not path.addr_spec:
        pen.note(Production.RETURN_PATH_NULL)
        return f"{before}<{pen.gap()}>{behind}"
    route = ""
    if pen.whim(6):
        pen.note(Production.RETURN_PATH_ROUTE)
        route = pen.choice(("@relay.test:", "@a.test,@b.test:"))
    pen.note(Production.RETURN_PATH)
    return f"{before}<{pen.blank()}{route}{path.addr_spec}{pen.blank()}>{behind}"
