"""Drives the steps of a client: carries their requests with its token, keeps their changes, throws refusals in.

While the server waits with its answer to a long poll, `polling` may let other processes have what is kept. Where they
changed it, the client that is driven is a past one: its driver is retired, and what it still does ends by `Overtaken`.

An access token that ends is renewed once for all who need it, before it ends or when the server says that it has.

Standards: Matrix v1.19 CS §Refreshing access tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, TypeAlias, TypeVar, cast

from scop.base import Clock
from scop.matrix import Client
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.endpoint import Access
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.request import Request
from scop.matrix.client import Session
from scop.matrix.steps import AskElsewhere, Forget, Keep, Needed, Steps, Stretch
from scop.net.matrix.carrier import Carrier
from scop.net.matrix.faults import NotLoggedIn, sentences
from scop.net.matrix.keeping import Keeper
from scop.net.matrix.turns import Overtaken

__all__ = ["Driver"]

_Outcome = TypeVar("_Outcome")
_Answering: TypeAlias = Callable[[Needed], Awaitable[object]]


class Driver:
    """What stands between a client without I/O and the world; any number of steps may run at a time."""

    def __init__(self, client: Client, carrier: Carrier, keeper: Keeper, clock: Clock) -> None:
        self._client = client
        self._carrier = carrier
        self._keeper = keeper
        self._clock = clock
        self._renewing = asyncio.Lock()
        self._is_retired = False
        self.polling: Callable[[], AbstractAsyncContextManager[object]] = nullcontext

    def retire(self) -> None:
        """Do nothing more: another process went on with what is kept."""
        self._is_retired = True

    async def run(self, steps: Steps[_Outcome]) -> _Outcome:
        """Return the outcome of steps; what goes wrong is a `TemporaryFailure` or a `PermanentFailure`."""
        with sentences():
            return await self._drive(steps, self._answer)

    async def _drive(self, steps: Steps[_Outcome], answer_to: _Answering) -> _Outcome:
        try:
            needed = next(steps)
            while True:
                self._check_ours()
                try:
                    answer = await answer_to(needed)
                except Overtaken:
                    raise
                except Exception as fault:  # whatever it is, it is for the steps to know
                    needed = steps.throw(fault)
                else:
                    needed = steps.send(answer)
        except StopIteration as end:
            return cast("_Outcome", end.value)
        finally:
            steps.close()  # where who waited was cancelled

    async def _answer(self, needed: Needed) -> object:
        if isinstance(needed, Request) and needed.endpoint.access is not Access.NONE:
            return await self._ask_as_user(needed)
        return await self._answer_plainly(needed)

    async def _answer_plainly(self, needed: Needed) -> object:
        """Answer what needs no token that counts."""
        if isinstance(needed, Keep):
            self._client.keeps(needed.changes)
            await self._keeper.put(needed.changes)
            return None
        if isinstance(needed, Forget):
            await self._keeper.clear()
            return None
        if isinstance(needed, Stretch):
            return await asyncio.to_thread(needed.key)
        if isinstance(needed, AskElsewhere):
            return await self._carrier.carry(needed.base_url, needed.request, needed.token)
        session = self._session
        return await self._carrier.carry(session.homeserver_url, needed, session.access_token)

    async def _ask_as_user(self, request: Request[Any]) -> object:
        async def ask(session: Session) -> object:
            return await self._carrier.carry(session.homeserver_url, request, session.access_token)

        async def poll(session: Session) -> object:
            try:
                async with self.polling():
                    answer = await ask(session)
            except Exception:
                self._check_ours()  # before anything is made of a refusal
                raise
            self._check_ours()
            return answer

        return await self.as_user(poll if isinstance(request, Sync) and request.timeout else ask)

    def _check_ours(self) -> None:
        if self._is_retired:
            raise Overtaken

    async def as_user(self, ask: Callable[[Session], Awaitable[_Outcome]]) -> _Outcome:
        """Return what `ask` does with a session whose token counts; raises `MatrixError` where there is none."""
        session = self._session
        if session.is_due(self._clock.unix()):
            await self.renew(session.access_token)
            session = self._session
        try:
            return await ask(session)
        except MatrixError as refusal:
            # Matrix v1.19 CS §Using access tokens: M_UNKNOWN_TOKEN, and the token may have been renewed meanwhile.
            if refusal.errcode != "M_UNKNOWN_TOKEN" or not await self.renew(session.access_token):
                raise
        return await ask(self._session)

    async def renew(self, stale_token: str) -> bool:
        """Take a new access token in place of this one, unless somebody just did; False where there is no way."""
        async with self._renewing:
            return await self._drive(self._client.renew(stale_token), self._answer_plainly)

    @property
    def _session(self) -> Session:
        if self._client.session is None:
            raise NotLoggedIn("nobody is logged in here")
        return self._client.session
