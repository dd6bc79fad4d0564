"""The authorization server in memory behind a socket on loopback: for programs, browsers and homeservers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fakes.authorization_server import FakeAuthorizationServer

__all__ = ["served_authorization"]


@contextmanager
def served_authorization(server: FakeAuthorizationServer) -> Iterator[str]:
    """Serve until the block ends, at the URL that it then says of itself."""

    class _Answering(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = server.answer(self.command, server.url + self.path, dict(self.headers.items()), body)
            with contextlib.suppress(ConnectionError):  # whoever asked was killed
                self.send_response(said.status)
                more = {"content-length": str(len(said.body)), "connection": "close"}
                for name, value in {**said.headers, **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said.body)

        do_GET = do_POST = _answer  # noqa: N815 - their names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as listening:
        server.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            listening.shutdown()
            thread.join(30)
