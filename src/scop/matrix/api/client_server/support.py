"""Whom to ask for help with a homeserver.

Standards: Matrix v1.19, Client-Server API §Server Discovery.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access, Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["Contact", "GetWellknownSupport", "GetWellknownSupportResponse"]


class Contact(Body, frozen=True, kw_only=True):
    """Somebody to ask."""

    matrix_id: str | None = None
    email_address: str | None = None
    role: str


class GetWellknownSupportResponse(Response, frozen=True, kw_only=True):
    """What answers `GetWellknownSupport`."""

    contacts: tuple[Contact, ...] | None = None
    support_page: str | None = None


class GetWellknownSupport(Request[GetWellknownSupportResponse], frozen=True, kw_only=True):
    """Read the file that names whom to ask."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/.well-known/matrix/support", access=Access.NONE)
