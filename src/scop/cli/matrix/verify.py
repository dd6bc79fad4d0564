"""`scop matrix verify`: two people, or two devices of one, see that nobody stands between them.

Both sides show the same seven pictures, or one scans the code that the other shows. Other users are asked in the room
in which we talk with them alone, devices of our own directly; a new one is given our secrets then, and reads what was
said before it came.

Standards: Matrix v1.19 CS §Key verification framework, §Secrets (Sharing).
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TypeAlias

import click

from scop.base import printable
from scop.cli.matrix.accounts import Account, account_options, opened
from scop.cli.matrix.asking import is_so
from scop.cli.matrix.listen import Shown, Wanted
from scop.cli.matrix.qr import drawn
from scop.cli.shared import IS_NO, json_option, print_json
from scop.matrix.client.happenings import InvitedTo, RoomEvent
from scop.matrix.verification import (
    CodeScanned,
    FlowOptions,
    IdentityHappening,
    SasOptions,
    SecretReceived,
    StringsShown,
    VerificationAsked,
    VerificationCancelled,
    VerificationDone,
    VerificationReady,
)
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix import AsyncClient
from scop.net.matrix.whole_sync import News

__all__ = ["verify"]

_End: TypeAlias = VerificationDone | VerificationCancelled
SETTLE_SECONDS = 20.0  # for secrets to change hands; the other device asks, or gives them, at once
_SILENT_SYNCS = 2  # of a second, after which nothing more is asked for
_NIO = FlowOptions(sas=SasOptions(strings=("decimal",), takes_nio=True), can_show=False, can_scan=False)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was typed."""

    user_id: str | None
    device_ids: tuple[str, ...]
    waits: bool
    with_code: bool
    takes_nio: bool
    as_json: bool


@click.command()
@click.argument("user", required=False, metavar="[@USER:SERVER]")
@click.option("--device", "device_ids", multiple=True, metavar="DEVICE", help="Ask this device alone; repeat for more.")
@click.option("--wait", "waits", is_flag=True, help="Wait until the other side (USER, or anybody) asks, and agree.")
@click.option("--qr", "with_code", is_flag=True, help="Show a code for the other side to scan.")
@click.option("--takes-nio", is_flag=True, help="Verify a matrix-nio, by numbers; without --wait, its one --device.")
@account_options
@json_option
def verify(
    *,
    account: Account,
    user: str | None,
    device_ids: tuple[str, ...],
    waits: bool,
    with_code: bool,
    takes_nio: bool,
    as_json: bool,
) -> None:
    """Verify another user, or (without USER) another device of ours. Status 1: it was cancelled, or does not match.

    A user is asked in the room in which we talk with them alone, which is made where there is none; with --device they
    are asked directly. With --wait USER their invitation into such a room is accepted.
    """
    wish = _Wish(user, device_ids, waits, with_code, takes_nio, as_json)

    async def whole() -> bool:
        async with opened(account, synced=not waits) as client:  # who waits may have been asked already
            verifying = _Verifying(client, wish)
            await (verifying.come_in() if waits else verifying.ask())
            return await verifying.run()

    if not asyncio.run(whole()):
        sys.exit(IS_NO)


class _Verifying:
    """One verification, from being asked to its end."""

    def __init__(self, client: AsyncClient, wish: _Wish) -> None:
        self._client = client
        self._wish = wish
        self._verifications = client.identity.verifications
        if wish.takes_nio:
            self._verifications.options = _NIO
        self._flow_id = ""

    async def ask(self) -> None:
        """Ask the other side."""
        user_id = self._wish.user_id or self._client.session.user_id
        self._flow_id = await self._asked(user_id)
        room_id = self._verifications[self._flow_id].flow_id.room_id
        said = f"{printable(user_id)} was asked: they agree on their device"
        self._tell("Asked", said, user_id=user_id, room_id=room_id)

    async def _asked(self, user_id: str) -> str:
        client, device_ids = self._client, self._wish.device_ids
        if self._wish.takes_nio:  # it knows no requests
            if len(device_ids) != 1:
                raise PermanentFailure("which device of theirs? --device says it")
            return await client.run(self._verifications.begin_sas(user_id, device_ids[0]))
        # Matrix v1.19 CS §Key verification framework: users in rooms, devices of one user directly.
        if user_id == client.session.user_id or device_ids:
            return await client.run(self._verifications.request(user_id, device_ids))
        room_id = await client.do(client.core.direct.open, user_id)
        return await client.run(self._verifications.request_in_room(user_id, room_id), room_id)

    async def run(self) -> bool:
        """Return whether the other side is verified; who goes before the end tells the other."""
        try:
            return await self._go()
        except (asyncio.CancelledError, click.Abort):
            if self._flow_id in self._verifications.open:
                with suppress(TemporaryFailure, PermanentFailure):
                    await self._client.run(self._verifications.cancel(self._flow_id))
            raise

    async def _go(self) -> bool:
        ended: _End | None = None
        async with aclosing(self._client.listen()) as coming:
            async for news in coming:
                if (ended := await self._take(news)) is not None:
                    break
        if isinstance(ended, VerificationDone) and ended.user_id == self._client.session.user_id:
            await self._settle(ended.device_id)
        return isinstance(ended, VerificationDone)

    async def _settle(self, device_id: str) -> None:
        """Stay until secrets have changed hands: a new device of ours asks, an older one gives."""
        sharing, clock = self._client.identity.sharing, asyncio.get_running_loop()
        until, is_new = clock.time() + SETTLE_SECONDS, bool(sharing.awaited)
        silent = 0
        while clock.time() < until and (sharing.awaited if is_new else silent < _SILENT_SYNCS):
            before = sharing.given_count(device_id)
            await self._take_secrets()
            silent = silent + 1 if 0 < before == sharing.given_count(device_id) else 0

    async def _take_secrets(self) -> None:
        """Take in what is new, and show what can be read now."""
        shown = Shown(self._client, Wanted(as_json=self._wish.as_json))
        for news in await self._client.sync(1.0):
            if isinstance(news, SecretReceived):
                self._tell("Secret", f"{printable(news.name)} came from the other device", name=news.name)
            if isinstance(news, RoomEvent):
                shown.show(news)

    async def _take(self, news: News) -> _End | None:
        """Go on by what happened; return how it ended, if it did."""
        if isinstance(news, InvitedTo) and self._wish.waits:
            await self._take_invitation(news)
        if isinstance(news, VerificationAsked) and not self._flow_id and self._is_awaited(news):
            self._flow_id = news.flow_id
            who, device_id = printable(news.user_id), printable(news.device_id)
            self._tell("Asked", f"{who} asks from {device_id}", user_id=news.user_id, room_id=news.room_id)
            return await self._go_on(await self._client.run(self._verifications.accept(news.flow_id)))
        if getattr(news, "flow_id", None) != self._flow_id:
            return None
        if isinstance(news, VerificationReady):
            return await self._ready()
        if isinstance(news, StringsShown):
            return await self._compare(news)
        if isinstance(news, CodeScanned):
            return await self._answer("the other device says that it scanned our code", "Does it show that it did?")
        return self._end(news)

    def _is_awaited(self, news: VerificationAsked) -> bool:
        """Return whether this is what we wait for; who asks may have gone since."""
        return self._wish.user_id in (None, news.user_id) and news.flow_id in self._verifications.open

    async def come_in(self) -> None:
        """Come into rooms that whom we wait for asked us into before."""
        for room in self._client.core.rooms.of("invite"):
            ours = room.state("m.room.member", self._client.session.user_id)
            is_direct = ours is not None and ours.content.get("is_direct") is True
            await self._take_invitation(InvitedTo(room.room_id, room.inviter(), is_direct))

    async def _take_invitation(self, news: InvitedTo) -> None:
        """Come into a room for two, where whom we wait for asks us in; others are for a person to judge."""
        if news.is_direct and news.inviter is not None and news.inviter == self._wish.user_id:
            await self._client.do(self._client.core.joining.join, news.room_id)
            await self._client.do(self._client.core.notes.mark_direct, news.inviter, news.room_id)
            self._tell("Joined", f"{printable(news.inviter)} asked us into a room", room_id=news.room_id)
        elif self._wish.user_id is None:
            who, room_id = printable(str(news.inviter)), printable(news.room_id)
            said = f"{who} asks us into {room_id}; `scop matrix join` comes in, if that is whom you wait for"
            self._tell("InvitedTo", said, room_id=news.room_id, user_id=news.inviter)

    async def _go_on(self, happenings: tuple[IdentityHappening, ...]) -> _End | None:
        for happening in happenings:
            if (ended := await self._take(happening)) is not None:
                return ended
        return None

    async def _ready(self) -> _End | None:
        code = self._verifications.qr_code(self._flow_id) if self._wish.with_code else None
        if code is not None:
            self._tell("Code", drawn(code), code=code.hex())
            return None
        if self._wish.waits:
            return None  # who asked begins
        return await self._go_on(await self._client.run(self._verifications.start_sas(self._flow_id)))

    async def _compare(self, shown: StringsShown) -> _End | None:
        pictures = "   ".join(f"{each.picture}  {each.name}" for each in shown.emoji)
        numbers = "the numbers " + " ".join(map(str, shown.decimals))
        facts = {"emoji": [each.picture for each in shown.emoji], "decimals": list(shown.decimals)}
        self._tell("Compare", f"\n  {pictures}\n  or {numbers}\n" if pictures else f"\n  {numbers}\n", **facts)
        return await self._answer("", "Does the other device show the same?")

    async def _answer(self, said: str, question: str) -> _End | None:
        """Ask the person."""
        if said:
            self._tell("Scanned", said)
        is_right = await is_so(question)
        step = self._verifications.confirm if is_right else self._verifications.mismatch
        return await self._go_on(await self._client.run(step(self._flow_id)))

    def _end(self, news: News) -> _End | None:
        if isinstance(news, VerificationDone):
            self._tell("Done", f"{printable(news.user_id)} is verified", user_id=news.user_id)
            return news
        if isinstance(news, VerificationCancelled):
            why = printable(news.reason)
            self._tell("Cancelled", f"nothing is verified: {why} ({printable(news.code)})", code=news.code, reason=why)
            return news
        return None

    def _tell(self, kind: str, said: str, **facts: object) -> None:
        """Say how far it is."""
        if self._wish.as_json:
            print_json({"kind": kind, **facts})
        else:
            click.echo(said)
