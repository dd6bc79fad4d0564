"""Gives out the files that were put up to the fake homeserver, by the endpoint of servers since v1.11."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.homeserver_refusal import refusal
from scop.matrix.api.client_server.authed_content_repo import GetContentAuthed

if TYPE_CHECKING:
    from fakes.homeserver import FakeHomeserver

__all__ = ["give_out_files"]


def give_out_files(server: FakeHomeserver) -> None:
    """Let a server answer downloads."""

    def download(_device: object, request: GetContentAuthed) -> bytes:
        found = server.media.get(f"mxc://{request.server_name}/{request.media_id}")
        if found is None:
            raise refusal(404, "M_NOT_FOUND")
        return found

    server.answers[GetContentAuthed] = download
