"""Operations of versions."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetVersions", "GetVersionsResponse"]


class GetVersionsResponse(Response, frozen=True, kw_only=True):
    """What answers GetVersions."""

    versions: tuple[str, ...]
    unstable_features: dict[str, bool] | None = None


class GetVersions(Request[GetVersionsResponse], frozen=True, kw_only=True):
    """Ask for getVersions."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/versions", access=Access.OPTIONAL)
