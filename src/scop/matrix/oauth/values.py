"""What is remembered between asking a person and their answer: proofs, states, codes; and the scope asked for.

Standards: RFC 7636 §4 (PKCE), RFC 8628 §3.2; Matrix v1.19 CS §Authorisation code flow, §Scope.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from urllib.parse import urlencode

from scop.base import RemoteProtocolError, printable
from scop.matrix.oauth.server import AuthorizationServer
from scop.matrix.steps import Chance

__all__ = ["CodeAsked", "DeviceAsked", "OAuthLoginAsked", "challenge_of", "check_scope", "new_device_id", "new_word"]

_WORD_OCTETS = 32  # RFC 7636 §7.1: at least 256 bits of chance
_DEVICE_OCTETS = 10
_API = "urn:matrix:client:api:*"
_DEVICE = "urn:matrix:client:device:"


@dataclass(frozen=True, slots=True)
class OAuthLoginAsked:
    """A login that a person is to agree to."""

    homeserver_url: str
    server: AuthorizationServer
    client_id: str
    device_id: str
    user: str | None  # who it is to be, as far as that was said

    @property
    def scope(self) -> str:
        """What is asked for: the whole API, and one device."""
        return f"{_API} {_DEVICE}{self.device_id}"


@dataclass(frozen=True, slots=True)
class CodeAsked(OAuthLoginAsked):
    """A login by a browser that comes back to us."""

    redirect_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)

    @property
    def url(self) -> str:
        """Where the browser goes."""
        wanted = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": self.state,
            "response_mode": "query",  # a program on loopback does not see fragments
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        place = self.server.authorization_endpoint
        return f"{place}{'&' if '?' in place else '?'}{urlencode(wanted)}"


@dataclass(frozen=True, slots=True)
class DeviceAsked(OAuthLoginAsked):
    """A login by a code that is entered on another device."""

    device_code: str = field(repr=False)
    user_code: str
    url: str  # where it is entered
    whole_url: str | None  # that has it already
    expires_in_seconds: float
    interval_seconds: float


def new_word(chance: Chance) -> str:
    """Return a word that nobody guesses: a code verifier, a state."""
    # RFC 7636 §4.1: 43 characters of the unreserved ones.
    return _base64url(chance(_WORD_OCTETS))


def challenge_of(verifier: str) -> str:
    """Return what proves later that who has the verifier is who asked."""
    # RFC 7636 §4.2: BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))
    return _base64url(hashlib.sha256(verifier.encode("ascii")).digest())


def new_device_id(chance: Chance) -> str:
    """Return the id of a new device: capital letters and digits, enough of them."""
    return base64.b32encode(chance(_DEVICE_OCTETS)).decode("ascii")


def check_scope(asked: OAuthLoginAsked, granted: str | None) -> None:
    """Raise where less was granted than what was asked for; None is what was asked for."""
    # RFC 6749 §5.1: "OPTIONAL, if identical to the scope requested by the client".
    if granted is not None and not set(asked.scope.split()) <= set(granted.split(" ")):
        raise RemoteProtocolError(f"the authorization server grants no more than {printable(granted)}")


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
