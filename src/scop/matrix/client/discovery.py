"""Where the homeserver of a server name is.

Standards: Matrix v1.19 CS §Well-known URIs, §API Versions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from scop.base import RemoteProtocolError, printable
from scop.matrix.api.client_server.versions import GetVersions, GetVersionsResponse
from scop.matrix.api.client_server.wellknown import GetWellknown
from scop.matrix.api.errors import MatrixError
from scop.matrix.ids import ServerName
from scop.matrix.steps import Steps, ask_at

__all__ = ["DiscoveryFailed", "Homeserver", "check_homeserver", "find_homeserver"]


class DiscoveryFailed(Exception):
    """It cannot be found out where the homeserver is.

    `may_ask`: a person may say where it is (FAIL_PROMPT); otherwise what the server says is wrong (FAIL_ERROR).
    """

    def __init__(self, reason: str, *, may_ask: bool) -> None:
        super().__init__(reason)
        self.may_ask = may_ask


@dataclass(frozen=True, slots=True)
class Homeserver:
    """A homeserver that answers."""

    base_url: str  # without a slash at its end
    versions: tuple[str, ...] = ()
    unstable_features: frozenset[str] = frozenset()
    identity_server_url: str | None = None
    more: dict[str, object] = field(default_factory=dict)  # what else its well-known says


def find_homeserver(server_name: str) -> Steps[Homeserver]:
    """Return the homeserver of a server name; raises `DiscoveryFailed`."""
    # 1. and 2. the hostname, without a port.
    host = ServerName.parse(server_name).host
    site = f"https://{host}"
    try:
        # 3. GET https://hostname/.well-known/matrix/client
        said = yield from ask_at(site, GetWellknown())
    except MatrixError as refusal:
        # 3.1. 404 is IGNORE: the server name itself is what there is to try.
        if refusal.status != 404:
            raise DiscoveryFailed(f"{host} answers {refusal.status} for its well-known", may_ask=True) from refusal
        return (yield from _tried(f"https://{server_name}", may_ask=True))
    except RemoteProtocolError as fault:
        # 3.2. and 3.3. an empty body, or none that can be parsed; 3.4. no base_url; 3.6. an identity server without.
        raise DiscoveryFailed(f"the well-known of {host} is none", may_ask=True) from fault
    # 3.5. the base URL is one, and a homeserver is there.
    found = yield from _tried(checked_url(said.homeserver.base_url), may_ask=False)
    identity = None if said.identity_server is None else checked_url(said.identity_server.base_url)
    return Homeserver(found.base_url, found.versions, found.unstable_features, identity, said.unknown)


def check_homeserver(base_url: str) -> Steps[Homeserver]:
    """Return the homeserver at a URL that a person gave; raises `DiscoveryFailed`."""
    return (yield from _tried(base_url.rstrip("/"), may_ask=True))


def checked_url(url: str) -> str:
    """Return a URL of a well-known without a slash at its end."""
    try:
        parts = urlsplit(url)
        is_url = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
        is_url = is_url and not parts.query and not parts.fragment and (parts.port is None or parts.port > 0)
    except ValueError:
        is_url = False
    if not is_url:
        # Stricter than Matrix v1.19: http would show passwords and tokens to everyone on the way.
        raise DiscoveryFailed(f"{printable(url)} is no https URL of a homeserver", may_ask=False)
    return url.rstrip("/")


def _tried(base_url: str, *, may_ask: bool) -> Steps[Homeserver]:
    try:
        versions: GetVersionsResponse = yield from ask_at(base_url, GetVersions())
    except (MatrixError, RemoteProtocolError) as fault:
        raise DiscoveryFailed(f"there is no homeserver at {printable(base_url)}", may_ask=may_ask) from fault
    features = frozenset(name for name, is_there in (versions.unstable_features or {}).items() if is_there)
    return Homeserver(base_url, versions.versions, features)
