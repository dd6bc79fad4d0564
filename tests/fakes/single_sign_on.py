"""A CAS server on loopback, whose one user is always signed on; and a browser that goes all the way through it.

It speaks protocol 2 as far as a homeserver asks (`/login`, `/proxyValidate`), and gives each ticket once, for the
service it was asked for.
"""

from __future__ import annotations

import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, urlencode, urlsplit

__all__ = ["Cas", "browse", "running_cas"]

_SPACE = "http://www.yale.edu/tp/cas"
_NUMBERS = count(1)


@dataclass
class Cas:
    """Who is signed on, where it is, and which tickets are out."""

    user: str
    url: str = ""
    tickets: dict[str, str] = field(default_factory=dict)

    def answer(self, path: str) -> tuple[int, dict[str, str], str]:
        """Return the answer to a GET."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        if path.startswith("/login?"):
            ticket = f"ST-{next(_NUMBERS)}"
            self.tickets[ticket] = service = asked["service"]
            join = "&" if "?" in service else "?"
            return 302, {"Location": f"{service}{join}{urlencode({'ticket': ticket})}"}, ""
        if path.startswith("/proxyValidate?") and self.tickets.pop(asked["ticket"], None) == asked["service"]:
            said = f"<cas:authenticationSuccess><cas:user>{self.user}</cas:user></cas:authenticationSuccess>"
        else:
            said = '<cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure>'
        return 200, {}, f'<cas:serviceResponse xmlns:cas="{_SPACE}">{said}</cas:serviceResponse>'


@contextmanager
def running_cas(user: str) -> Iterator[Cas]:
    """Run one until the block ends."""
    cas = Cas(user)

    class _Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # its name
            status, headers, said = cas.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(said.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as listening:
        cas.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield cas
        finally:
            listening.shutdown()
            thread.join(30)


def browse(url: str, here: str = "http://127.0.0.1") -> str:
    """Go where a browser goes, with cookies; where a homeserver asks whether to go on, do; return the last page."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(url, timeout=30) as answer:
        page: str = answer.read().decode()
    asks = [unescape(one) for one in re.findall(r'href="([^"]*loginToken=[^"]*)"', page)]
    if not asks:
        return page
    assert asks[0].startswith(here)
    with browser.open(asks[0], timeout=30) as answer:
        last: str = answer.read().decode()
        return last
