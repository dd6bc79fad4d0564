"""The log: one JSON object a line, written at once, with the trace id of the mail it speaks of.

What is logged may name private reasons; what the peer reads never does. Text from outside goes
through `scop.base.printable` first.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec

__all__ = ["Log", "LogValue", "write_to_descriptor"]

LogValue: TypeAlias = str | int | float | bool | Sequence[str] | Mapping[str, "LogValue"] | None

_encode = msgspec.json.Encoder().encode


def write_to_descriptor(descriptor: int) -> Callable[[bytes], None]:
    """Return a writer of whole lines to an open, append-only descriptor.

    One line is one write, so lines of several processes do not mix (POSIX O_APPEND). A line that the disk does not
    take is lost: what a cell has to do, such as refusing mail for want of room, must not fail because of it.
    """
    is_cut = False

    def write(line: bytes) -> None:
        nonlocal is_cut
        whole = b"\n" + line if is_cut else line  # what was cut off stands on a line of its own
        with contextlib.suppress(OSError):
            is_cut = os.write(descriptor, whole) < len(whole)

    return write


class Log:
    """Writes the events of one cell.

    `event` is a closed dotted word such as `mail.accepted`; `trace` is our own id of the mail.
    """

    __slots__ = ("_cell", "_write")

    def __init__(self, cell: str, write: Callable[[bytes], None]) -> None:
        self._cell = cell
        self._write = write

    def info(self, event: str, *, trace: str = "", **fields: LogValue) -> None:
        """Note what happened as it should."""
        self._line("info", event, trace, fields)

    def warning(self, event: str, *, trace: str = "", **fields: LogValue) -> None:
        """Note what an operator may want to look at."""
        self._line("warning", event, trace, fields)

    def error(self, event: str, *, trace: str = "", **fields: LogValue) -> None:
        """Note a fault of ours."""
        self._line("error", event, trace, fields)

    def fault(self, error: BaseException, *, trace: str = "") -> None:
        """Note a bug that one mail or one conversation brought out, with the place where it happened."""
        self.error("mail.fault", trace=trace, reason=repr(error), traceback="".join(traceback.format_exception(error)))

    def _line(self, level: str, event: str, trace: str, fields: Mapping[str, LogValue]) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
        head: dict[str, LogValue] = {"time": now, "cell": self._cell, "level": level, "event": event}
        if trace:
            head["trace"] = trace
        self._write(_encode({**head, **fields}) + b"\n")
