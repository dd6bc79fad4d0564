"""Paths to properties of events: names with dots between them.

Standards: Matrix v1.19, Appendices §Dot-separated property paths.
"""

from __future__ import annotations

import re

from scop.matrix.json_values import JsonView

__all__ = ["ABSENT", "parse_path", "property_at"]

ABSENT = object()  # no value of JSON: None is one
_NAME = re.compile(r"(?:[^.\\]|\\.|\\\Z)*", re.DOTALL)
_ESCAPE = re.compile(r"\\([.\\])")


def parse_path(path: str) -> tuple[str, ...]:
    r"""Return the names that a path goes by: `content.m\.relates_to` has two."""
    names, at = [], 0
    while found := _NAME.match(path, at):
        # Matrix v1.19 appendices: "Other escape sequences are left as-is".
        names.append(_ESCAPE.sub(r"\1", found[0]))
        at = found.end() + 1
        if at > len(path):
            break
    return tuple(names)


def property_at(event: JsonView, path: tuple[str, ...]) -> object:
    """Return what stands at a path in an event, or `ABSENT`."""
    value: object = event
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return ABSENT
        value = value[name]
    return value
