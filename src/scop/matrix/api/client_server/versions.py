"""What versions of the specification a server speaks.

Standards: Matrix v1.19, Client-Server API §API Versions.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetVersions", "GetVersionsResponse"]


class GetVersionsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetVersions`."""

    versions: tuple[str, ...]
    unstable_features: dict[str, bool] | None = None


class GetVersions(Request[GetVersionsResponse], frozen=True, kw_only=True):
    """Ask what versions the server speaks."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/versions", access=Access.OPTIONAL)
