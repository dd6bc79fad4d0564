"""Server access control lists: which servers a room talks to at all.

Standards: Matrix v1.19, Client-Server API §m.room.server_acl, Server-Server API §Server Access Control Lists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scop.base import RemoteProtocolError
from scop.matrix.globs import glob_matcher
from scop.matrix.ids import ServerName
from scop.matrix.json_values import JsonView

__all__ = ["ServerAcl"]


@dataclass(frozen=True, slots=True)
class ServerAcl:
    """What a room's m.room.server_acl says; a room without one lets in every server."""

    _allowed: tuple[Callable[[str], bool], ...]
    _denied: tuple[Callable[[str], bool], ...]
    _takes_addresses: bool

    @classmethod
    def parse(cls, content: JsonView) -> ServerAcl:
        """Return the list that the content of a room's event is; what is written wrongly is not there."""
        # Matrix v1.19 CS §m.room.server_acl: "Defaults to true if missing or otherwise not a boolean."
        takes_addresses = content.get("allow_ip_literals") is not False
        return cls(_globs(content.get("allow")), _globs(content.get("deny")), takes_addresses)

    def allows(self, server_name: str) -> bool:
        """Return whether a server may take part; what is no server's name may not."""
        try:
            server = ServerName.parse(server_name)
        except RemoteProtocolError:
            return False
        # Ibid., steps 2 to 5, on the name without its port.
        if server.is_address and not self._takes_addresses:
            return False
        if any(matches(server.host) for matches in self._denied):
            return False
        return any(matches(server.host) for matches in self._allowed)


def _globs(written: object) -> tuple[Callable[[str], bool], ...]:
    return tuple(glob_matcher(one) for one in written if isinstance(one, str)) if isinstance(written, list) else ()
