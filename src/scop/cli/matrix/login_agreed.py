"""Logins to which a person agrees elsewhere: in a browser that comes back, or on another device by a code.

What is to be done is said on standard error. Without a browser that reaches this machine the person pastes the address
that theirs ended at, or the login token itself.

Standards: Matrix v1.19 CS §Client login via SSO, §Authorisation code flow, §Device authorisation flow; RFC 8252.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass

import click

from scop.base import RemoteProtocolError, printable
from scop.cli.matrix.asking import typed_line
from scop.cli.matrix.confirming import MAX_URL
from scop.cli.matrix.login_ways import Terminal, Way
from scop.cli.matrix.qr import drawn
from scop.matrix.client import Session
from scop.matrix.client.ways import Provider, Ways, login_token_of, sso_url
from scop.matrix.oauth import DeviceAsked, NotOurs, code_of
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix import AsyncClient
from scop.net.matrix.device_grant import await_agreement
from scop.net.matrix.login_listener import Listener, listening_on_loopback

__all__ = ["Agreeing", "Lines", "show_code"]

PATIENCE_SECONDS = 900.0  # for a person who finds their password, and a second factor
_CALLBACK = "/callback"


class Lines:
    """What is typed or pasted, line by line; a line that nobody wants yet is kept for who asks next."""

    def __init__(self) -> None:
        self._coming: asyncio.Task[str] | None = None

    async def next(self) -> str | None:
        """Return the next line without its end; None where there is no more."""
        self._coming = self._coming or asyncio.create_task(typed_line())
        line = await asyncio.shield(self._coming)
        self._coming = None
        return line.strip() if line else None

    def close(self) -> None:
        """Ask for no more."""
        if self._coming is not None:
            self._coming.cancel()


@dataclass(frozen=True, slots=True)
class Agreeing:
    """Lets a person agree to a login at a homeserver."""

    client: AsyncClient
    homeserver_url: str
    user: str | None
    opens: bool | None  # a browser here; None: if there is one
    lines: Lines

    async def by(self, way: Way, ways: Ways, provider: str) -> Session:
        """Log in by one of these ways."""
        if way is Way.SSO:
            return await self._by_sso(_provider(ways, provider))
        session = await (self._by_device() if way is Way.DEVICE else self._by_browser())
        with contextlib.suppress(TemporaryFailure, PermanentFailure):  # a name is nothing that a login fails for
            name = self.client.core.options.device_name
            await self.client.do(self.client.core.devices.rename, session.device_id, name)
        return session

    async def _by_sso(self, provider: Provider | None) -> Session:
        async with listening_on_loopback() as listener:
            # §Security considerations 2: an identifier that nobody else knows, and nothing else.
            here = listener.url(f"/{secrets.token_urlsafe(24)}")
            listener.read = lambda url: login_token_of(here, url)

            def pasted(text: str) -> str:
                return login_token_of(here, text) if "://" in text or "loginToken" in text else text

            token = await self._brought(sso_url(self.homeserver_url, here, provider), listener, pasted)
        return await self.client.login_with_token(token, self.homeserver_url, self.user)

    async def _by_browser(self) -> Session:
        async with listening_on_loopback() as listener:
            here = listener.url(_CALLBACK)
            asked = await self.client.do(self.client.core.oauth.begin_code, self.homeserver_url, here, self.user)
            listener.read = lambda url: code_of(asked, url)
            code = await self._brought(asked.url, listener, listener.read)
        # Another client than before, where other commands changed what is kept: the past one would bring its keys back.
        return await self.client.do(self.client.core.oauth.end_code, asked, code)

    async def _by_device(self) -> Session:
        asked = await self.client.do(self.client.core.oauth.begin_device, self.homeserver_url, self.user)
        show_code(asked)
        if self._has_browser():
            await _open(asked.whole_url or asked.url)
        return await await_agreement(self.client, asked)

    async def _brought(self, url: str, listener: Listener, pasted: Callable[[str], str]) -> str:
        """Return what a browser brings to `listener`, or a person pastes; raises what is wrong with it."""
        click.echo(f"Log in here:\n\n  {printable(url, limit=MAX_URL)}\n", err=True)
        if self._has_browser():
            await _open(url)
        click.echo("If your browser ends at a page that it cannot show, paste the address of that page here:", err=True)
        waits = [asyncio.create_task(listener.came()), asyncio.create_task(self._pasted(pasted))]
        try:
            async with self.client.resting():  # other commands of the account need not wait for a person
                done, _ = await asyncio.wait(waits, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                raise PermanentFailure("nobody came back from the login")
            return done.pop().result()
        except RemoteProtocolError as fault:
            raise PermanentFailure(str(fault)) from fault
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _pasted(self, read: Callable[[str], str]) -> str:
        """Return what is in a line that a person pastes; others are said to be none."""
        while (line := await self.lines.next()) is not None:
            try:
                if line:
                    return read(_in_utf8(line))
            except NotOurs as fault:
                click.echo(f"That is not it: {fault}.", err=True)
        return await asyncio.Future()  # there is no more to read: the browser may come still

    def _has_browser(self) -> bool:
        return Terminal.here().has_browser if self.opens is None else self.opens


def _provider(ways: Ways, word: str) -> Provider | None:
    """Return the provider that is wanted; the only one, or, to be chosen at the server, none."""
    if word:
        try:
            return ways.provider(word)
        except RemoteProtocolError as fault:
            raise PermanentFailure(str(fault)) from None
    if len(ways.providers) > 1:
        names = ", ".join(printable(one.name) for one in ways.providers)
        click.echo(f"--provider goes straight to one of these: {names}", err=True)
        return None
    return ways.providers[0] if ways.providers else None


def _in_utf8(line: str) -> str:
    try:
        line.encode()
    except UnicodeEncodeError:
        raise NotOurs("it is no UTF-8") from None
    return line


async def _open(url: str) -> None:
    """Open a URL in the browser of this desktop, if it can be; it is shown anyway."""
    with contextlib.suppress(webbrowser.Error, OSError):
        await asyncio.to_thread(webbrowser.open, url)


def show_code(asked: DeviceAsked) -> None:
    """Say where a code is entered, and draw that for the camera of another device."""
    url, code = printable(asked.url, limit=MAX_URL), printable(asked.user_code)
    click.echo(f"Open {url} on any device, and enter there:\n\n  {code}\n", err=True)
    if sys.stderr.isatty():
        click.echo(drawn(asked.whole_url or asked.url), err=True)
    if asked.whole_url is not None:
        click.echo(f"Or open {printable(asked.whole_url, limit=MAX_URL)}", err=True)
