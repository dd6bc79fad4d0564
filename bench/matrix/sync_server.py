"""A homeserver on loopback that answers a first /sync by what it is given, and else says what a client must hear."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["sync_server"]

_ANSWERS = {
    "filter": b'{"filter_id": "1"}',
    "upload": b'{"one_time_key_counts": {"signed_curve25519": 50}}',
}


@contextmanager
def sync_server(body: bytes) -> Iterator[str]:
    """Serve, and give the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(body))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answering(body: bytes) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = self.path.partition("?")[0].rpartition("/")[2]
            octets = body if asked == "sync" else _ANSWERS.get(asked, b"{}")
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Answering
