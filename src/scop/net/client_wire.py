"""The wire of a mail client: octets of one connection turned into a queue of replies, each awaited for so long.

One timer serves all waits: it is moved only where it would come too late.

Standards: RFC 5321 §4.5.3.2 (timeouts).
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, fields
from typing import cast

from scop.base import RemoteProtocolError
from scop.net.faults import TemporaryFailure, reason_of
from scop.smtp import ClientConnection, Farewell, NeedData, Reply

__all__ = ["RFC_5321", "ClientTimeouts", "ClientWire"]


@dataclass(frozen=True, slots=True)
class ClientTimeouts:
    """How many seconds a server may take for each of its answers (RFC 5321 §4.5.3.2)."""

    greeting: float = 300.0
    command: float = 300.0
    data: float = 120.0  # for the reply to DATA
    block: float = 180.0  # for what we write to be read
    end: float = 600.0  # for the reply to the message, which may be looked at closely
    quit: float = 10.0  # nothing depends on it

    @classmethod
    def same(cls, seconds: float) -> ClientTimeouts:
        """Return the same patience for everything: what is needed among neighbours."""
        return cls(**{each.name: seconds for each in fields(cls)})


RFC_5321 = ClientTimeouts()


class ClientWire(asyncio.Protocol):
    """One connection to a server; raises `TemporaryFailure` where it is of no use any more."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.fault = ""  # why the connection is of no use any more
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._lost = asyncio.Event()
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport; after STARTTLS it is another one."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are none by class
        self._loop = asyncio.get_running_loop()

    def data_received(self, octets: bytes) -> None:
        """Read the replies in what came."""
        if self.fault:
            return  # TLS hands out what it still holds after it was closed
        self.connection.receive_data(octets)
        try:
            while not isinstance(event := self.connection.next_event(), NeedData):
                if isinstance(event, Farewell):
                    self.break_off(f"the server closes the connection: {event.reply}")
                    return
                self._replies.append(event.reply)
        except RemoteProtocolError as fault:
            self.break_off(f"the server broke the protocol: {fault}")
        _wake(self._waiter)

    def connection_lost(self, fault: Exception | None) -> None:
        """Note the end."""
        self.break_off("the server closed the connection" + (f": {reason_of(fault)}" if fault else ""))
        if self._timer is not None:
            self._timer.cancel()
        self._lost.set()

    def pause_writing(self) -> None:
        """Note that the server does not read."""
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """Note that the server reads again."""
        _wake(self._drained)
        self._drained = None

    # What a client does

    @property
    def has_reply(self) -> bool:
        """Whether a reply lies there."""
        return bool(self._replies)

    def break_off(self, reason: str) -> None:
        """End the connection; the first reason is the one that is told."""
        if not self.fault:
            self.fault = reason
            self.transport.close()
        _wake(self._waiter)
        _wake(self._drained)

    async def gone(self, seconds: float) -> None:
        """Wait until the connection is over, after it was broken off; what takes longer is cut off."""
        try:
            async with asyncio.timeout(seconds):
                await self._lost.wait()
        except TimeoutError:
            self.transport.abort()

    async def write(self, octets: bytes, block_seconds: float) -> None:
        """Write, and wait until the server has read most of it."""
        if self.fault:
            raise TemporaryFailure(self.fault)
        self.transport.write(octets)
        if self._drained is not None:
            await self._wait(self._drained, self._loop.time() + block_seconds)
            if self.fault:
                raise TemporaryFailure(self.fault)

    async def reply(self, seconds: float) -> Reply:
        """Return the next reply, which must be whole by then: octets that trickle in win no time."""
        deadline = self._loop.time() + seconds
        while not self._replies:
            if self.fault:
                raise TemporaryFailure(self.fault)
            self._waiter = self._loop.create_future()
            await self._wait(self._waiter, deadline)
            self._waiter = None
        return self._replies.popleft()

    async def _wait(self, waiter: asyncio.Future[None], deadline: float) -> None:
        self._deadline = deadline
        if self._timer is None or deadline < self._timer.when():
            self._arm(deadline)
        try:
            await waiter
        finally:
            self._deadline = math.inf

    def _arm(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._look_at_clock)

    def _look_at_clock(self) -> None:
        self._timer = None
        if self._deadline is math.inf:
            return
        if self._loop.time() < self._deadline:
            self._arm(self._deadline)
        else:
            self.break_off("the server is silent")
            self.transport.abort()  # who does not read will not read our farewell either


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
