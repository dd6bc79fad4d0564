"""Finds the request that a method and a path are, for a server.

    routes = Routes(OPERATIONS)
    kind = routes.find("GET", "/_matrix/client/v3/sync")    # Sync
    request = kind.from_http(http)

A path is looked up segment by segment; a segment that is named in an endpoint counts before one that is a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from scop.matrix.api.request import Request, Response

__all__ = ["Routes"]

_Operation: TypeAlias = type[Request[Response]]
_PARAMETER = "{}"


@dataclass(slots=True)
class _Node:
    """What may follow on the segments so far, and the requests that end here, by method."""

    next: dict[str, _Node] = field(default_factory=dict)
    operations: dict[str, _Operation] = field(default_factory=dict)


class Routes:
    """A table of endpoints."""

    def __init__(self, operations: Iterable[_Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            for path in operation.endpoint.paths():
                self._add(path, operation)

    def _add(self, path: str, operation: _Operation) -> None:
        node = self._root
        for segment in path.split("/"):
            node = node.next.setdefault(_PARAMETER if segment.startswith("{") else segment, _Node())
        other = node.operations.setdefault(operation.endpoint.method, operation)
        if other is not operation:
            raise ValueError(f"{other.__name__} and {operation.__name__} are both {path}")

    def find(self, method: str, path: str) -> _Operation | None:
        """Return the request that is asked, or None where there is none."""
        found = (node.operations.get(method) for node in _ends(self._root, path.split("/")))
        return next((one for one in found if one is not None), None)

    def methods(self, path: str) -> frozenset[str]:
        """Return by which methods a path may be asked; none is a path that is not known."""
        return frozenset(method for node in _ends(self._root, path.split("/")) for method in node.operations)


def _ends(node: _Node, segments: list[str]) -> Iterator[_Node]:
    """Return where a path may end, the likeliest first."""
    if not segments:
        yield node
        return
    first, rest = segments[0], segments[1:]
    for key in (first, _PARAMETER) if first != _PARAMETER else (_PARAMETER,):
        if (following := node.next.get(key)) is not None:
            yield from _ends(following, rest)
