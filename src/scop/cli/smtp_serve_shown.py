"""What `scop smtp serve` prints: one line for each mail, refusal and fault, as JSON or for people."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from scop.base import printable
from scop.net.log import Log, LogValue

__all__ = ["Words", "lines_for", "listed", "log_for"]

MAX_LINE_CHARACTERS = 1000


Words: TypeAlias = Mapping[str, Callable[[str, Mapping[str, LogValue]], str]]  # by event: from its trace and fields


class _ShownLog(Log):
    """Writes the same events in words."""

    __slots__ = ("_words",)

    def __init__(self, service: str, write: Callable[[bytes], None], words: Words) -> None:
        super().__init__(service, write)
        self._words = words

    def _line(self, level: str, event: str, trace: str, fields: Mapping[str, LogValue]) -> None:
        said = self._words.get(event)
        words = said(trace, fields) if said else f"{level} {event} {_shortened(fields)}"
        line = f"{_now(int(time.time()))}  {printable(words, limit=MAX_LINE_CHARACTERS)}\n"
        self._write(line.encode(errors="backslashreplace"))


def log_for(
    write: Callable[[bytes], None], *, as_json: bool, service: str = "serve", words: Words | None = None
) -> Log:
    """Return a log that writes for programs or for people; `words` are beside those of a mail server."""
    return Log(service, write) if as_json else _ShownLog(service, write, {**_WORDS, **(words or {})})


@lru_cache(maxsize=4)  # thousands of mails come in one second
def _now(unix: int) -> str:
    return datetime.datetime.fromtimestamp(unix, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


def lines_for(descriptor: int) -> Callable[[bytes], None]:
    """Return a writer of lines that never waits and never fails: what nobody reads is left out.

    The lines of one turn of the loop, such as those of all mails that shared a sync, leave together.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    gathered: list[bytes] = []

    def write(line: bytes) -> None:
        gathered.append(line)
        if len(gathered) == 1:
            asyncio.get_running_loop().call_soon(flush)

    def flush() -> None:
        for piece in _pieces(gathered):
            # A pipe that is ready takes PIPE_BUF octets at once (poll(2), pipe(7)), more than a line has.
            if any(ready & select.POLLOUT for _, ready in poll.poll(0)):
                # Whoever reads may be gone; the server goes on.
                with contextlib.suppress(OSError):
                    os.write(descriptor, piece)
        gathered.clear()

    return write


def _pieces(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Join whole lines to pieces that a pipe takes at once."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > select.PIPE_BUF:
            yield piece
            piece = b""
        piece += line
    yield piece


def _received(trace: str, fields: Mapping[str, LogValue]) -> str:
    tls = f", {fields['tls']}" if fields["tls"] else ""
    return (
        f"{trace}  from {fields['reverse_path']} to {listed(fields['recipients'])}, {fields['size_octets']} octets, "
        f"by {fields['helo']} [{fields['address']}]{tls}"
    )


def _refused(_trace: str, fields: Mapping[str, LogValue]) -> str:
    of = f" for {fields['recipient']}" if fields.get("recipient") else ""
    reason = f" ({fields['reason']})" if fields.get("reason") else ""
    return f"refused [{fields['address']}]{of}: {fields['reply']}{reason}"


def _listening(_trace: str, fields: Mapping[str, LogValue]) -> str:
    return f"{fields['protocol']} on {listed(fields['places'])}; mail goes to {fields['target']}. Ctrl-C ends."


def _ended(_trace: str, _fields: Mapping[str, LogValue]) -> str:
    return "ended; what was being taken is finished"


def listed(value: LogValue) -> str:
    """Return several values as a person reads them."""
    return ", ".join(map(str, value)) if isinstance(value, Sequence) else ""


def _shortened(fields: Mapping[str, LogValue]) -> str:
    return " ".join(f"{key}={value}" for key, value in fields.items() if key != "traceback")


_WORDS: Words = {
    "mail.received": _received,
    "mail.refused": _refused,
    "command.refused": _refused,
    "serve.listening": _listening,
    "serve.ended": _ended,
}
