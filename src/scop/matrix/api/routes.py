"""Finds the request that a method and a path are, for a server.

    routes = Routes(OPERATIONS)
    request = routes.read(http)    # a Sync, say; None where there is no such endpoint

A path is looked up segment by segment; a segment that is named in an endpoint counts before one that is a parameter.
Two endpoints may be at one place (an invitation by id or by address): the request is the first that it can be read as.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from scop.base import RemoteProtocolError
from scop.matrix.api.http import HttpRequest
from scop.matrix.api.request import Request, Response

__all__ = ["Routes"]

_Operation: TypeAlias = type[Request[Response]]
_PARAMETER = "{}"


@dataclass(slots=True)
class _Node:
    """What may follow on the segments so far, and the requests that end here, by method."""

    next: dict[str, _Node] = field(default_factory=dict)
    operations: dict[str, tuple[_Operation, ...]] = field(default_factory=dict)


class Routes:
    """A table of endpoints."""

    def __init__(self, operations: Iterable[_Operation]) -> None:
        self._root = _Node()
        # What is deprecated comes after what has taken its place.
        for operation in sorted(operations, key=lambda one: one.endpoint.is_deprecated):
            for path in operation.endpoint.paths():
                self._add(path, operation)

    def _add(self, path: str, operation: _Operation) -> None:
        node = self._root
        for segment in path.split("/"):
            node = node.next.setdefault(_PARAMETER if segment.startswith("{") else segment, _Node())
        method = operation.endpoint.method
        node.operations[method] = (*node.operations.get(method, ()), operation)

    def find(self, method: str, path: str) -> tuple[_Operation, ...]:
        """Return the requests that may be asked so, the likeliest first; none where there is no such endpoint."""
        found = (node.operations.get(method, ()) for node in _ends(self._root, path.split("/")))
        return next((operations for operations in found if operations), ())

    def methods(self, path: str) -> frozenset[str]:
        """Return by which methods a path may be asked; none is a path that is not known."""
        return frozenset(method for node in _ends(self._root, path.split("/")) for method in node.operations)

    def read(self, request: HttpRequest) -> Request[Response] | None:
        """Return what is asked, or None where there is no such endpoint; raises `RemoteProtocolError`."""
        fault: RemoteProtocolError | None = None
        for operation in self.find(request.method, request.path):
            try:
                return operation.from_http(request)
            except RemoteProtocolError as error:
                fault = fault or error
        if fault is not None:
            raise fault
        return None


def _ends(root: _Node, segments: list[str]) -> Iterator[_Node]:
    """Return where a path may end, the likeliest first."""
    pending = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        if depth == len(segments):
            yield node
            continue
        segment = segments[depth]
        if (parameter := node.next.get(_PARAMETER)) is not None:
            pending.append((parameter, depth + 1))
        if segment != _PARAMETER and (named := node.next.get(segment)) is not None:
            pending.append((named, depth + 1))
