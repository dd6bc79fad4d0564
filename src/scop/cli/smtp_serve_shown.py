"""What `scop smtp serve` prints: one line for each mail, refusal and fault, as JSON or for people."""

from __future__ import annotations

import contextlib
import datetime
import os
import select
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from scop.base import printable
from scop.net.log import Log, LogValue

__all__ = ["lines_for", "log_for"]

MAX_LINE_CHARACTERS = 1000


class _ShownLog(Log):
    """Writes the same events in words."""

    __slots__ = ()

    def _line(self, level: str, event: str, trace: str, fields: Mapping[str, LogValue]) -> None:
        words = _WORDS[event](trace, fields) if event in _WORDS else f"{level} {event} {_shortened(fields)}"
        line = f"{_now(int(time.time()))}  {printable(words, limit=MAX_LINE_CHARACTERS)}\n"
        self._write(line.encode(errors="backslashreplace"))


def log_for(write: Callable[[bytes], None], *, as_json: bool) -> Log:
    """Return a log that writes for programs or for people."""
    return (Log if as_json else _ShownLog)("serve", write)


@lru_cache(maxsize=4)  # thousands of mails come in one second
def _now(unix: int) -> str:
    return datetime.datetime.fromtimestamp(unix, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


def lines_for(descriptor: int) -> Callable[[bytes], None]:
    """Return a writer of lines that never waits and never fails: what nobody reads is left out."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)

    def write(line: bytes) -> None:
        # A pipe that is ready takes PIPE_BUF octets at once (poll(2), pipe(7)), more than a line has.
        if any(ready & select.POLLOUT for _, ready in poll.poll(0)):
            # A mail that is on the disk must not be refused because its line cannot be written.
            with contextlib.suppress(OSError):
                os.write(descriptor, line)

    return write


def _received(trace: str, fields: Mapping[str, LogValue]) -> str:
    tls = f", {fields['tls']}" if fields["tls"] else ""
    return (
        f"{trace}  from {fields['reverse_path']} to {_listed(fields['recipients'])}, {fields['size_octets']} octets, "
        f"by {fields['helo']} [{fields['address']}]{tls}"
    )


def _refused(_trace: str, fields: Mapping[str, LogValue]) -> str:
    of = f" for {fields['recipient']}" if fields.get("recipient") else ""
    reason = f" ({fields['reason']})" if fields.get("reason") else ""
    return f"refused [{fields['address']}]{of}: {fields['reply']}{reason}"


def _listening(_trace: str, fields: Mapping[str, LogValue]) -> str:
    return f"{fields['protocol']} on {_listed(fields['places'])}; mail goes to {fields['target']}. Ctrl-C ends."


def _ended(_trace: str, _fields: Mapping[str, LogValue]) -> str:
    return "ended; what was being taken is finished"


def _listed(value: LogValue) -> str:
    return ", ".join(map(str, value)) if isinstance(value, Sequence) else ""


def _shortened(fields: Mapping[str, LogValue]) -> str:
    return " ".join(f"{key}={value}" for key, value in fields.items() if key != "traceback")


_WORDS: Mapping[str, Callable[[str, Mapping[str, LogValue]], str]] = {
    "mail.received": _received,
    "mail.refused": _refused,
    "command.refused": _refused,
    "serve.listening": _listening,
    "serve.ended": _ended,
}
