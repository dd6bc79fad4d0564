"""Requests between servers, signed: the `X-Matrix` scheme of the Authorization header.

The asking server signs what it asks (method, target, body) of whom; the server asked knows by that who asks.

    request = sign_request(GetEvent(event_id="$…").to_http(), "sea.test", "reef.test", key)
    claim = XMatrix.parse(header)                       # who says to ask, by which key
    claim.verifies(method, target, body, verify_key)    # and whether it is true

Standards: Matrix v1.19, Server-Server API §Request Authentication; RFC 9110 §11.4, §5.6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.api.http import HttpRequest
from scop.matrix.ids import ServerName
from scop.matrix.json_values import JsonObject
from scop.matrix.signing import SigningKey, VerifyKey, key_version, signed_octets, verify_json

__all__ = ["XMatrix", "sign_request"]

_SCHEME = re.compile(r"[Xx]-[Mm][Aa][Tt][Rr][Ii][Xx] +(?=\S)")
# Lenient: "the recipient should allow colons to be included in values without requiring the value to be enclosed".
_PARAMETER = re.compile(r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z:-]+))""")
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_decode = msgspec.json.Decoder(dict[str, object]).decode


@dataclass(frozen=True, slots=True)
class XMatrix:
    """What a request says of who sent it; nothing of it is known to be true before `verifies`."""

    origin: str
    key_id: str
    signature: str
    destination: str | None = None

    @classmethod
    def parse(cls, header: str) -> XMatrix:
        """Return what an Authorization header says; raises `RemoteProtocolError`."""
        scheme = _SCHEME.match(header)
        if scheme is None:
            raise RemoteProtocolError("the authorization is not by X-Matrix")
        said = _parameters(header, scheme.end())
        try:
            # Lenient: servers of before v1.3 name no destination.
            claim = cls(said["origin"], said["key"], said["sig"], said.get("destination"))
        except KeyError as missing:
            raise RemoteProtocolError(f"an X-Matrix authorization without its {missing}") from missing
        ServerName.parse(claim.origin)
        if claim.destination is not None:
            ServerName.parse(claim.destination)
        key_version(claim.key_id)
        return claim

    def to_header(self) -> str:
        """Return the header's value, in the form that the oldest servers read."""
        parts = [
            ("origin", self.origin),
            ("destination", self.destination),
            ("key", self.key_id),
            ("sig", self.signature),
        ]
        return "X-Matrix " + ",".join(f'{name}="{value}"' for name, value in parts if value is not None)

    def is_meant_for(self, server_name: str) -> bool:
        """Return whether the request is for a server; else it is answered 401."""
        return self.destination is None or self.destination == server_name

    def verifies(self, method: str, target: str, body: bytes, key: VerifyKey) -> bool:
        """Return whether the server that is named has signed this request; `target` is path and query as received."""
        try:
            asked = _asked(method, target, body, self.origin, self.destination)
        except RemoteProtocolError:
            return False
        signed = {**asked, "signatures": {self.origin: {self.key_id: self.signature}}}
        return verify_json(signed, self.origin, self.key_id, key, strict=False)


def sign_request(request: HttpRequest, origin: str, destination: str, key: SigningKey) -> HttpRequest:
    """Return a request with the header that says, and shows, which server asks which.

    Raises `RemoteProtocolError` where the other is no server's name: such come out of rooms, and go into the header.
    """
    ServerName.parse(destination)
    asked = _asked(request.method, request.target, request.body, origin, destination)
    signature = unpadded_base64.encode(key.sign(signed_octets(asked, strict=False)))
    claim = XMatrix(origin, key.key_id, signature, destination)
    return replace(request, headers=(*request.headers, ("authorization", claim.to_header())))


def _asked(method: str, target: str, body: bytes, origin: str, destination: str | None) -> JsonObject:
    """Return what is signed."""
    asked: JsonObject = {"method": method, "uri": target, "origin": origin}
    if destination is not None:
        asked["destination"] = destination
    if body:
        try:
            asked["content"] = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RemoteProtocolError("a request between servers whose body is no object of JSON") from error
    return asked


def _parameters(header: str, at: int) -> dict[str, str]:
    said: dict[str, str] = {}
    while found := _PARAMETER.match(header, at):
        name, quoted, bare = found[1].lower(), found[2], found[3]
        # RFC 9110 §11.2: "each parameter name MUST only occur once per challenge".
        if name in said:
            raise RemoteProtocolError("an X-Matrix authorization that says something twice")
        said[name] = bare if quoted is None else _ESCAPED.sub(r"\1", quoted)
        comma = _COMMA.match(header, found.end())
        if comma is None:
            if header[found.end() :].strip(" \t"):
                break
            return said
        at = comma.end()
    raise RemoteProtocolError("an X-Matrix authorization that is no list of parameters")
