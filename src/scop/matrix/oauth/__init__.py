"""OAuth 2.0 as Matrix profiles it: requests to an authorization server, its metadata, proofs and redirects as values.

`scop.matrix.client.oauth_login` makes a login of them. The authorization server is another than the homeserver, most
often at another host; its endpoints are whole URLs, so requests to it have no path of their own.

Standards: Matrix v1.19 CS §OAuth 2.0 API; RFC 6749, RFC 7009, RFC 7591, RFC 7636, RFC 8252, RFC 8414, RFC 8628,
RFC 9207.
"""

from scop.matrix.oauth.redirects import AuthorizationDenied, NotOurs, code_of
from scop.matrix.oauth.requests import OAuthError
from scop.matrix.oauth.server import AuthorizationServer, read_metadata
from scop.matrix.oauth.values import CodeAsked, DeviceAsked

__all__ = [
    "AuthorizationDenied",
    "AuthorizationServer",
    "CodeAsked",
    "DeviceAsked",
    "NotOurs",
    "OAuthError",
    "code_of",
    "read_metadata",
]
