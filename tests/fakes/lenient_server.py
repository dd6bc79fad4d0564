"""A server that ends DATA at far more than CRLF.CRLF, ends commands at any LF, and keeps what it took for mails."""

from __future__ import annotations

import json

from fakes.shared import shared_path

__all__ = ["SMUGGLED", "STRICT_END", "Lenient", "smuggling_sequences"]

STRICT_END = b"\r\n.\r\n"
# What stands behind an end that is none: a mail of somebody else's.
SMUGGLED = b"MAIL FROM:<evil@b.test>\r\nRCPT TO:<victim@d.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"


def smuggling_sequences() -> list[bytes]:
    """Return the ends that servers were found to take."""
    vectors = json.loads(shared_path("vectors", "smtp", "smuggling_eod.json").read_text())
    return [each.encode("latin-1") for each in vectors["end_of_data_candidates"]]


class Lenient:
    """One conversation; `refuses` says 550 to every recipient, and reads what a refused BDAT brings as commands."""

    def __init__(self, keywords: bytes, *, refuses: bool = False) -> None:
        self._ends = [*smuggling_sequences(), STRICT_END]
        self._keywords = keywords
        self._refuses = refuses
        self._heard = b""
        self._in_data = False
        self._left: int | None = None
        self._chunks: list[bytes] = []
        self.mails: list[bytes] = []

    def feed(self, octets: bytes) -> bytes:
        """Take octets and return what is said to them."""
        self._heard += octets
        said = []
        while (reply := self._next()) is not None:
            said.append(reply)
        return b"".join(said)

    def _next(self) -> bytes | None:
        if self._in_data:
            return self._data()
        if self._left is not None:
            return self._chunk(self._left)
        line, has_end, rest = self._heard.partition(b"\n")  # lenient here, too
        if not has_end:
            return None
        self._heard = rest
        return self._command(line.rstrip(b"\r").upper().split())

    def _data(self) -> bytes | None:
        text = b"\r\n" + self._heard  # the line end of the command
        found = [(place, end) for end in self._ends if (place := text.find(end)) >= 0]
        if not found:
            return None
        place, end = min(found)
        self.mails.append(text[2:place])
        self._heard, self._in_data = text[place + len(end) :], False
        return b"250 taken\r\n"

    def _chunk(self, octets: int) -> bytes | None:
        if len(self._heard) < octets:
            return None
        self._chunks.append(self._heard[:octets])
        self._heard, self._left = self._heard[octets:], None
        if self._is_last:
            self.mails.append(b"".join(self._chunks))
        return b"250 taken\r\n"

    def _command(self, words: list[bytes]) -> bytes:
        match words:
            case [b"EHLO", *_]:
                return b"250-x\r\n" + self._keywords + b"250 PIPELINING\r\n"
            case [b"RCPT", *_] if self._refuses and b"VICTIM" not in words[1]:
                return b"550 5.1.1 no such user\r\n"
            case [b"BDAT", *_] if self._refuses:
                return b"503 5.5.1 no valid recipients\r\n"
            case [b"DATA"]:
                self._in_data = True
                return b"354 go on\r\n"
            case [b"BDAT", size, *last]:
                self._left, self._is_last = int(size), bool(last)
                return b""
            case _:
                return b"250 ok\r\n"
