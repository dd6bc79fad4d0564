"""`scop matrix verify`: two people, or two devices of one, see that nobody stands between them.

Both sides show the same seven pictures, or one scans the code that the other shows.
"""

from __future__ import annotations

import asyncio
import io
import sys
from contextlib import aclosing

import click

from scop.base import printable
from scop.cli.matrix.accounts import Account, account_options, opened
from scop.cli.shared import IS_NO, json_option, print_json
from scop.matrix.verification import (
    CodeScanned,
    IdentityHappening,
    StringsShown,
    VerificationAsked,
    VerificationCancelled,
    VerificationDone,
    VerificationReady,
)
from scop.net.matrix import AsyncClient
from scop.net.matrix.whole_sync import News

__all__ = ["verify"]


@click.command()
@click.argument("user", required=False, metavar="[@USER:SERVER]")
@click.option("--device", "device_ids", multiple=True, metavar="DEVICE", help="Ask this device alone; repeat for more.")
@click.option("--wait", is_flag=True, help="Wait until the other side asks, and agree.")
@click.option("--qr", "with_code", is_flag=True, help="Show a code for the other side to scan.")
@account_options
@json_option
def verify(
    *, account: Account, user: str | None, device_ids: tuple[str, ...], wait: bool, with_code: bool, as_json: bool
) -> None:
    """Verify another user, or (without USER) another device of ours. Status 1: it was cancelled, or does not match."""

    async def whole() -> bool:
        async with opened(account) as client:
            verifying = _Verifying(client, with_code=with_code, as_json=as_json)
            if not wait:
                verifications = client.identity.verifications
                target = user or client.session.user_id
                verifying.flow_id = await client.run(verifications.request(target, device_ids))
                verifying.tell("Asked", f"{printable(target)} was asked: they agree on their device", user_id=target)
            return await verifying.run()

    if not asyncio.run(whole()):
        sys.exit(IS_NO)


class _Verifying:
    """One verification, from being asked to its end."""

    def __init__(self, client: AsyncClient, *, with_code: bool, as_json: bool) -> None:
        self._client = client
        self._verifications = client.identity.verifications
        self._with_code = with_code
        self._as_json = as_json
        self._is_ours = False
        self.flow_id = ""

    async def run(self) -> bool:
        """Return whether the other side is verified."""
        self._is_ours = bool(self.flow_id)
        async with aclosing(self._client.listen()) as coming:
            async for news in coming:
                if (ended := await self._take(news)) is not None:
                    return ended
        return False

    async def _take(self, news: News) -> bool | None:
        """Go on by what happened; return whether it ended, and how."""
        if isinstance(news, VerificationAsked) and not self.flow_id:
            self.flow_id = news.flow_id
            self.tell("Asked", f"{printable(news.user_id)} asks from {printable(news.device_id)}", user_id=news.user_id)
            return await self._go_on(await self._client.run(self._verifications.accept(news.flow_id)))
        if getattr(news, "flow_id", None) != self.flow_id:
            return None
        if isinstance(news, VerificationReady):
            return await self._ready()
        if isinstance(news, StringsShown):
            return await self._compare(news)
        if isinstance(news, CodeScanned):
            return await self._answer("the other device says that it scanned our code", "Does it show that it did?")
        return self._end(news)

    async def _go_on(self, happenings: tuple[IdentityHappening, ...]) -> bool | None:
        for happening in happenings:
            if (ended := await self._take(happening)) is not None:
                return ended
        return None

    async def _ready(self) -> bool | None:
        code = self._verifications.qr_code(self.flow_id) if self._with_code else None
        if code is not None:
            self.tell("Code", _drawn(code), code=code.hex())
            return None
        if not self._is_ours:
            return None  # who asked begins
        return await self._go_on(await self._client.run(self._verifications.start_sas(self.flow_id)))

    async def _compare(self, shown: StringsShown) -> bool | None:
        pictures = "   ".join(f"{each.picture}  {each.name}" for each in shown.emoji)
        numbers = " ".join(map(str, shown.decimals))
        facts = {"emoji": [each.picture for each in shown.emoji], "decimals": list(shown.decimals)}
        self.tell("Compare", f"\n  {pictures}\n  or the numbers {numbers}\n", **facts)
        return await self._answer("", "Does the other device show the same?")

    async def _answer(self, said: str, question: str) -> bool | None:
        """Ask the person."""
        if said:
            self.tell("Scanned", said)
        is_right = await asyncio.to_thread(click.confirm, question, err=True)
        step = self._verifications.confirm if is_right else self._verifications.mismatch
        return await self._go_on(await self._client.run(step(self.flow_id)))

    def _end(self, news: News) -> bool | None:
        if isinstance(news, VerificationDone):
            self.tell("Done", f"{printable(news.user_id)} is verified", user_id=news.user_id)
            return True
        if isinstance(news, VerificationCancelled):
            why = printable(news.reason)
            self.tell("Cancelled", f"nothing is verified: {why} ({printable(news.code)})", code=news.code, reason=why)
            return False
        return None

    def tell(self, kind: str, said: str, **facts: object) -> None:
        """Say how far it is."""
        if self._as_json:
            print_json({"kind": kind, **facts})
        else:
            click.echo(said)


def _drawn(octets: bytes) -> str:
    """Return a QR code as a terminal shows it."""
    import segno

    drawn = io.StringIO()
    segno.make(octets, mode="byte", micro=False, error="l", boost_error=False).terminal(drawn, compact=True)
    return drawn.getvalue()
