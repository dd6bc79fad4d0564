"""Find users.

Standards: Matrix v1.19, Client-Server API §User Directory.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["SearchUserDirectory", "SearchUserDirectoryResponse", "User"]


class User(Body, frozen=True, kw_only=True):
    """A user who was found."""

    user_id: str
    display_name: str | None = None
    avatar_url: str | None = None


class SearchUserDirectoryResponse(Response, frozen=True, kw_only=True):
    """What answers `SearchUserDirectory`."""

    results: tuple[User, ...]
    limited: bool


class SearchUserDirectory(Request[SearchUserDirectoryResponse], frozen=True, kw_only=True):
    """Search for users."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/user_directory/search", is_rate_limited=True)

    search_term: str
    limit: int | None = None
