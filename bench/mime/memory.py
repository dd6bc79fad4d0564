"""Memory: a mail of 50 MB in one piece, and one of 1 GB in pieces of 64 KB whose contents go to a sink.

Each measurement is a process of its own that tells its peak (VmHWM) above what it held before it had any of the mail.
The octets of the mail count, as they are part of what the message keeps.
"""

from __future__ import annotations

import email
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import fast_mail_parser

from scop.cli.shared import console, print_table
from scop.mime import Entity, Parser, parse

__all__ = ["show_memory"]

WHOLE_OCTETS, STREAMED_OCTETS = 50_000_000, 1_000_000_000
CHUNK_OCTETS = 65_536
WHOLE_GOAL, STREAMED_GOAL_MB = 1.2, 20.0

_HEAD = (
    b"From: a@harbor.test\r\nSubject: big\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nSee what is attached.\r\n--b\r\n'
    b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
)
_LINE = b"c29tZSBvY3RldHMgb2YgYW4gYXR0YWNobWVudCB0aGF0IGlzIGxvbmcgYW5kIGR1bGws\r\n"
_TAIL = b"--b--\r\n"


def show_memory() -> bool:
    """Print what each way of reading costs, and tell whether both goals are reached."""
    console.rule("memory: the peak above an idle process, the mail itself included", align="left")
    peaks = {name: _peak_of(name) for name in WAYS}
    whole = peaks["whole"] / WHOLE_OCTETS
    streamed = peaks["streamed"] / 1e6
    rows = [
        ("50 MB, scop.mime: parse", f"{peaks['whole'] / 1e6:.1f}", f"{whole:.2f}× its size (goal ≤ {WHOLE_GOAL}×)"),
        ("50 MB, scop.mime: and the attachment decoded", f"{peaks['decoded'] / 1e6:.1f}", _times(peaks["decoded"])),
        ("50 MB, email, compat32: parse", f"{peaks['compat32'] / 1e6:.1f}", _times(peaks["compat32"])),
        ("50 MB, fast-mail-parser: parse and decode", f"{peaks['rust'] / 1e6:.1f}", _times(peaks["rust"])),
        ("1 GB, scop.mime: Parser with a sink", f"{streamed:.1f}", f"(goal ≤ {STREAMED_GOAL_MB:g} MB)"),
    ]
    print_table(("mail", "MB", ""), rows)
    return whole <= WHOLE_GOAL and streamed <= STREAMED_GOAL_MB


def _times(peak: int) -> str:
    return f"{peak / WHOLE_OCTETS:.2f}×"


def _peak_of(way: str) -> int:
    command = [sys.executable, "-m", "bench.mime.memory", way]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _pieces(octets: int) -> Iterator[bytes]:
    """Yield a mail with one attachment in pieces."""
    yield _HEAD
    piece = _LINE * (CHUNK_OCTETS // len(_LINE))
    for _ in range(octets // len(piece)):
        yield piece
    yield _TAIL


def _whole() -> bytes:
    """Return the mail in one piece, without another piece in memory on the way: read from a file."""
    with tempfile.TemporaryFile() as file:
        file.writelines(_pieces(WHOLE_OCTETS))
        file.seek(0)
        return file.read()


def _parse_whole() -> object:
    message = parse(_whole())
    return message, [entity.header.items() for entity in message.walk()]


def _decode_whole() -> object:
    message = parse(_whole())
    return message, [entity.content for entity in message.walk() if not entity.parts]


def _parse_streamed() -> object:
    seen = 0

    def sink(_: Entity, octets: bytes) -> None:
        nonlocal seen
        seen += len(octets)

    parser = Parser(sink=sink)
    for piece in _pieces(STREAMED_OCTETS):
        parser.feed(piece)
    message = parser.close()
    assert seen > STREAMED_OCTETS * 0.7
    return message


WAYS: dict[str, Callable[[], object]] = {
    "whole": _parse_whole,
    "decoded": _decode_whole,
    "compat32": lambda: email.message_from_bytes(_whole()),
    "rust": lambda: fast_mail_parser.parse_email(_whole()),
    "streamed": _parse_streamed,
}


def _status_octets(name: str) -> int:
    """Return one figure of this process's memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"no {name} in /proc/self/status")


def main(way: str) -> None:
    """Print how far the peak of one way of reading is above what the process held before."""
    for entity in parse(_HEAD + _LINE + _TAIL).walk():  # loads what is loaded at need
        entity.header.items()
        _ = entity.content
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew at what is held now (proc(5))
    before = _status_octets("VmRSS")
    kept = WAYS[way]()
    print(_status_octets("VmHWM") - before)
    del kept


if __name__ == "__main__":
    main(sys.argv[1])
