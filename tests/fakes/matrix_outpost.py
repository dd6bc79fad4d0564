"""An outpost: the least of a homeserver that others federate with. It has keys, asks, and hears what it is sent."""

from __future__ import annotations

import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import TypeVar

from fakes.private_ca import Authority
from scop.matrix.api.http import HttpRequest, HttpResponse
from scop.matrix.api.request import Request, Response
from scop.matrix.api.server_server.keys_server import GetServerKey
from scop.matrix.api.server_server.transactions import SendTransaction, SendTransactionResponse
from scop.matrix.api.unknown_keys import with_unknown
from scop.matrix.canonical_json import encode
from scop.matrix.events import ServerKey
from scop.matrix.server_keys import published_keys, read_server_keys
from scop.matrix.signing import SigningKey
from scop.matrix.x_matrix import XMatrix, sign_request

__all__ = ["Outpost", "outpost"]

_Answer = TypeVar("_Answer", bound=Response)
_DAY_MS = 24 * 3600 * 1000


@dataclass
class Outpost:
    """A server of its own name; `heard` are the transactions that others sent, with who is proved to have sent them."""

    name: str
    authority: Authority
    key: SigningKey = field(default_factory=lambda: SigningKey(bytes(range(32)), "outpost"))
    heard: Queue[tuple[str, SendTransaction]] = field(default_factory=Queue)

    def ask(self, server: str, request: Request[_Answer]) -> _Answer:
        """Ask another server, signed; raises `MatrixError` where it refuses."""
        return request.read_response(self.carry(server, sign_request(request.to_http(), self.name, server, self.key)))

    def carry(self, server: str, request: HttpRequest) -> HttpResponse:
        """Carry a request as it is."""
        context = ssl.create_default_context(cadata=self.authority.pem)
        sent = urllib.request.Request(
            f"https://{server}{request.target}", request.body or None, dict(request.headers), method=request.method
        )
        try:
            with urllib.request.urlopen(sent, timeout=60, context=context) as answer:
                return HttpResponse(answer.status, {}, answer.read())
        except urllib.error.HTTPError as refusal:
            return HttpResponse(refusal.code, {}, refusal.read())

    def keys_of(self, server: str) -> dict[tuple[str, str], ServerKey]:
        """Return the keys that another server publishes."""
        answer = GetServerKey().read_response(self.carry(server, GetServerKey().to_http()))
        return read_server_keys(with_unknown(answer), server)

    def answer(self, request: HttpRequest, authorization: str) -> HttpResponse:
        """Answer what another server asks."""
        if request.path == GetServerKey.endpoint.path:
            said = published_keys(self.name, (self.key,), {}, int(time.time() * 1000) + _DAY_MS)
            return HttpResponse(200, {}, encode(said))
        if request.path.startswith("/_matrix/federation/v1/send/"):
            claim = XMatrix.parse(authorization)
            key = self.keys_of(claim.origin)[claim.origin, claim.key_id].verify_key
            if not claim.is_meant_for(self.name) or not claim.verifies("PUT", request.target, request.body, key):
                return HttpResponse(401, {}, b'{"errcode":"M_UNAUTHORIZED"}')
            self.heard.put((claim.origin, SendTransaction.from_http(request)))
            return SendTransactionResponse(pdus={}).to_http()
        return HttpResponse(404, {}, b'{"errcode":"M_UNRECOGNIZED","error":"an outpost"}')


@contextmanager
def outpost(authority: Authority) -> Iterator[Outpost]:
    """Run one on loopback until the block ends; those who trust the authority can federate with it."""

    class Asked(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = here.answer(HttpRequest(self.command, self.path, body=body), self.headers.get("authorization", ""))
            self.send_response(answer.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_PUT = do_POST = _serve  # noqa: N815

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    server.socket = authority.leaf("localhost").server().wrap_socket(server.socket, server_side=True)
    here = Outpost(f"localhost:{server.server_port}", authority)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
