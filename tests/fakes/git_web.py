"""Git over HTTPS: `git http-backend` behind a small server, whose certificate a private authority signed."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fakes.private_ca import Leaf

__all__ = ["BACKEND", "git_over_https"]

BACKEND = Path(subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()) / (
    "git-http-backend"
)


class _Server(ThreadingHTTPServer):
    """Serves the repositories of a folder to who has the login, to anybody where that is empty."""

    root = Path()
    login = ""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def log_message(self, *_words: object) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _answer(self, body: bytes) -> None:
        proof = base64.b64encode(self.server.login.encode()).decode()
        if self.server.login and self.headers.get("Authorization") != f"Basic {proof}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="zones"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        said = subprocess.run([BACKEND], input=body, capture_output=True, env=self._environment(body), check=True)
        head, _, content = said.stdout.partition(b"\r\n\r\n")
        fields = [line.partition(": ") for line in head.decode("ascii").split("\r\n")]
        status = next((value for name, _, value in fields if name == "Status"), "200")
        self.send_response(int(status.split()[0]))
        for name, _, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _environment(self, body: bytes) -> dict[str, str]:
        path, _, query = self.path.partition("?")
        return {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "ada",  # who may push: whoever came so far
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }


@contextmanager
def git_over_https(root: Path, leaf: Leaf, *, login: str = "") -> Iterator[int]:
    """Serve the repositories of a folder on loopback; yield the port."""
    server = _Server(("127.0.0.1", 0), _Request, bind_and_activate=False)
    server.root, server.login = root, login
    # A client that does not like the certificate is hung up on by its own thread, not by the one that accepts.
    server.socket = leaf.server().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_words: None  # type: ignore[method-assign]  # who hangs up is no news
    server.server_bind()
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
