"""What `scop smtp serve` prints: one line for each mail, refusal and fault, as JSON or for people."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Mapping

import msgspec

from scop.base import printable
from scop.net.log import Log

__all__ = ["lines_for", "log_for"]

MAX_LINE_CHARACTERS = 1000

_decode = msgspec.json.Decoder(dict[str, object]).decode


def log_for(write: Callable[[bytes], None], *, as_json: bool) -> Log:
    """Return a log that writes for programs or for people."""
    if as_json:
        return Log("serve", write)
    return Log("serve", lambda line: write(_shown(_decode(line))))


def lines_for(descriptor: int) -> Callable[[bytes], None]:
    """Return a writer of lines that never waits: while a pipe's reader does not read, lines are left out."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)

    def write(line: bytes) -> None:
        # A pipe that is ready takes PIPE_BUF octets at once (poll(2), pipe(7)), more than a line has.
        if poll.poll(0):
            os.write(descriptor, line)

    return write


def _shown(event: Mapping[str, object]) -> bytes:
    time = str(event["time"])[:19].replace("T", " ")
    words = _WORDS.get(str(event["event"]), _anything)(event)
    return f"{time}  {printable(words, limit=MAX_LINE_CHARACTERS)}\n".encode(errors="backslashreplace")


def _received(event: Mapping[str, object]) -> str:
    recipients = event["recipients"]
    to = ", ".join(map(str, recipients)) if isinstance(recipients, list) else ""
    return (
        f"{event['trace']}  from {event['reverse_path']} to {to}, {event['size_octets']} octets,"
        f" by {_client(event)}{', ' + str(event['tls']) if event['tls'] else ''}"
    )


def _refused(event: Mapping[str, object]) -> str:
    of = f" for {event['recipient']}" if event.get("recipient") else ""
    reason = f" ({event['reason']})" if event.get("reason") else ""
    return f"refused {_client(event)}{of}: {event['reply']}{reason}"


def _listening(event: Mapping[str, object]) -> str:
    places = event["places"]
    where = ", ".join(map(str, places)) if isinstance(places, list) else ""
    return f"{event['protocol']} on {where}; mail goes to {event['target']}. Ctrl-C ends."


def _ended(_event: Mapping[str, object]) -> str:
    return "ended; what was being taken is finished"


def _anything(event: Mapping[str, object]) -> str:
    rest = {key: value for key, value in event.items() if key not in ("time", "cell", "level", "event", "traceback")}
    return f"{event['level']} {event['event']} {rest}"


def _client(event: Mapping[str, object]) -> str:
    helo = event.get("helo")
    return f"{helo} [{event['address']}]" if helo else f"[{event['address']}]"


_WORDS: Mapping[str, Callable[[Mapping[str, object]], str]] = {
    "mail.received": _received,
    "mail.refused": _refused,
    "command.refused": _refused,
    "serve.listening": _listening,
    "serve.ended": _ended,
}
