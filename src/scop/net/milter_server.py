"""The driver of `scop.smtp.milter.MilterConnection`: one connection of a mail server, one session that decides.

What comes is answered in the same turn of the loop, but for an answer that a session has to wait for: meanwhile nothing
more is read of this mail server, which asks one thing after the other. A mail server that breaks the protocol, or is
silent for hours, loses its connection, and does with its mail what it is told to do without a filter. A fault out of a
session is a bug: it goes to `on_fault`, and the connection ends likewise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Protocol, cast

from scop.base import RemoteProtocolError
from scop.smtp import NEED_DATA
from scop.smtp.milter import CONTINUE, MilterConnection, Negotiation, Quit, Wishes

if TYPE_CHECKING:
    from scop.net.connections import Connections
    from scop.smtp.milter import Event
    from scop.smtp.milter.answers import Answer, Change

__all__ = ["MilterServer", "MilterSession"]

# libmilter's own patience (smfi_settimeout); a mail server keeps a connection for as long as its client takes.
IDLE_SECONDS = 7210.0


class MilterSession(Protocol):
    """What one connection means; mails follow each other on it, and so do clients."""

    def event(
        self, event: Event, macro: Callable[[str], str], /
    ) -> Iterable[Answer | Change] | Awaitable[Iterable[Answer | Change]]:
        """Return the changes that are wanted, and the answer at last; `macro` tells more about client and mail."""

    def is_idle(self) -> bool:
        """Tell whether no message is in the middle of being looked at."""


class MilterServer(asyncio.Protocol):
    """One connection."""

    def __init__(
        self,
        wishes: Wishes,
        session: MilterSession,
        connections: Connections,
        *,
        on_fault: Callable[[Exception], None],
        on_broken: Callable[[str], None],
    ) -> None:
        self._connection = MilterConnection(wishes)
        self._session = session
        self._connections = connections
        self._on_fault = on_fault
        self._on_broken = on_broken
        self._retired = False
        self._awaited: asyncio.Task[None] | None = None  # what has to be answered before more is read
        self._is_full = False  # with answers that the mail server does not take

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the mail server to speak."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by class
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._timer = self._loop.call_later(IDLE_SECONDS, self._look_at_clock)
        self._connections.add(self)

    def data_received(self, octets: bytes) -> None:
        """Answer what came."""
        self._heard = self._loop.time()
        self._connection.receive_data(octets)
        if self._awaited is None:
            self._go_on()

    def _go_on(self) -> None:
        """Answer what was heard, as far as that needs no waiting."""
        said: list[bytes] = []
        goes_on = False
        try:
            goes_on = self._answer(said)
        except RemoteProtocolError as fault:
            self._on_broken(str(fault))
        except Exception as fault:  # a bug, whatever it is: the mail server is to go on without us
            self._on_fault(fault)
        if said:
            self._transport.write(b"".join(said))
        if not goes_on or (self._retired and self._session.is_idle()):
            self._transport.close()

    async def _answer_later(self, awaited: Awaitable[Iterable[Answer | Change]]) -> None:
        """Say what is known at last, and go on with what was heard meanwhile."""
        try:
            said = [self._connection.send(each) for each in await awaited]
        except Exception as fault:  # a bug, as above
            self._on_fault(fault)
            self._transport.close()
            return
        self._awaited = None
        if not self._transport.is_closing():
            self._transport.write(b"".join(said))
            self._read_on()
            self._go_on()

    def pause_writing(self) -> None:
        """Read no more while the mail server takes no answers."""
        self._is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Read on."""
        self._is_full = False
        self._read_on()

    def _read_on(self) -> None:
        if self._awaited is None and not self._is_full:
            self._transport.resume_reading()

    def connection_lost(self, _fault: Exception | None) -> None:
        """Let go."""
        self._timer.cancel()
        if self._awaited is not None:
            self._awaited.cancel()
        self._connections.discard(self)

    # What the service asks for

    def retire(self) -> None:
        """Close now, or when the message that is being told is answered."""
        self._retired = True
        if self._session.is_idle():
            self._transport.close()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def _answer(self, said: list[bytes]) -> bool:
        """Gather what is said to what came; return whether the mail server goes on."""
        connection = self._connection
        while (event := connection.next_event()) is not NEED_DATA:
            if isinstance(event, Negotiation):
                said.append(connection.send(CONTINUE))
            elif event == Quit():
                return False
            else:
                answers = self._session.event(event, connection.macro)
                if isinstance(answers, Awaitable):
                    self._transport.pause_reading()
                    self._awaited = self._loop.create_task(self._answer_later(answers))
                    return True
                said.extend([connection.send(each) for each in answers])
        return True

    def _look_at_clock(self) -> None:
        silent = self._loop.time() - self._heard
        if silent >= IDLE_SECONDS:
            self._transport.close()
        else:
            self._timer = self._loop.call_later(IDLE_SECONDS - silent, self._look_at_clock)
