"""Who is logged in where: what a client needs to go on after a restart, as a value and as octets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import msgspec

from scop.base import RemoteProtocolError

__all__ = ["OAuthGrant", "Session"]


@dataclass(frozen=True, slots=True)
class OAuthGrant:
    """Who gave the tokens of a session, where that was an authorization server, and what it calls us."""

    issuer: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Session:
    """One login: a device of a user at a homeserver, and the tokens that prove it (never shown)."""

    homeserver_url: str  # without a slash at its end
    user_id: str
    device_id: str
    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_unix: float | None = None  # when the access token ends; None where it does not, or nobody said
    oauth: OAuthGrant | None = None  # None: the tokens are the homeserver's own

    def is_due(self, now_unix: float, margin_seconds: float = 10) -> bool:
        """Tell whether the access token is to be renewed before it is used again."""
        if self.refresh_token is None or self.expires_unix is None:
            return False
        return now_unix >= self.expires_unix - margin_seconds

    def renewed(self, access_token: str, refresh_token: str | None, expires_unix: float | None) -> Session:
        """Return it with new tokens; the old refresh token counts on where there is no new one."""
        # Matrix v1.19 CS §Refreshing access tokens: only a new refresh token ends the old one.
        kept = refresh_token or self.refresh_token
        return replace(self, access_token=access_token, refresh_token=kept, expires_unix=expires_unix)

    def to_octets(self) -> bytes:
        """Return it as it is kept; whoever keeps it seals it."""
        return msgspec.json.encode(self)

    @classmethod
    def from_octets(cls, octets: bytes) -> Session:
        """Return what was kept."""
        try:
            return msgspec.json.decode(octets, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RemoteProtocolError("the kept session is none of ours") from error
