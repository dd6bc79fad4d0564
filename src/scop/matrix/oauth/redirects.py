"""What a browser brings back to us: is it the answer to what we asked, and what does it say?

Standards: RFC 6749 §4.1.2, §10.12; RFC 8252 §8.10; RFC 9207 §2.4.
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, urlsplit

from scop.base import RemoteProtocolError, printable
from scop.matrix.oauth.values import CodeAsked

__all__ = ["AuthorizationDenied", "NotOurs", "code_of", "parameters_of"]

_MAX_PARAMETERS = 32


class NotOurs(RemoteProtocolError):
    """Nothing that answers what was asked: whoever made it up, we go on waiting."""


class AuthorizationDenied(RemoteProtocolError):
    """The authorization server, or the person there, says no."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"the authorization server says {printable(error)}: {printable(description)}")
        self.error = error


def parameters_of(url: str, place: str) -> dict[str, str]:
    """Return the query of a URL that is at a place of ours, of any host; raises `NotOurs`.

    A person may bring it from where their browser is, which called this machine by another name.
    """
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise NotOurs("this is no URL") from None
    if not hmac.compare_digest(_octets(parts.path), _octets(urlsplit(place).path)):
        raise NotOurs("this leads to another place")
    # RFC 6749 §3.1: parameters must not be there more than once.
    if len({name for name, _ in pairs}) != len(pairs):
        raise NotOurs("a parameter is there twice")
    return dict(pairs)


def code_of(asked: CodeAsked, url: str) -> str:
    """Return the authorization code that a redirect brings; raises `NotOurs`, `AuthorizationDenied`, a mix-up."""
    said = parameters_of(url, asked.redirect_uri)
    # RFC 6749 §10.12: only who was sent by us knows the state.
    if not hmac.compare_digest(_octets(said.get("state", "")), _octets(asked.state)):
        raise NotOurs("this is no answer to what was asked: its state is another")
    # RFC 9207 §2.4: compared as strings; absent only where the server does not say it.
    issuer = said.get("iss")
    if (issuer is None and asked.server.says_issuer) or issuer not in (None, asked.server.issuer):
        raise RemoteProtocolError(f"another authorization server answered: {printable(issuer or 'it says not which')}")
    if "error" in said:
        raise AuthorizationDenied(said["error"], said.get("error_description", "no reason is given"))
    if not said.get("code"):
        raise NotOurs("there is no code in it")
    return said["code"]


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # what was pasted may be no UTF-8
