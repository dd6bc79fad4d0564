"""What a server wants confirmed by a person: their password, or a yes at a page in a browser.

Standards: Matrix v1.19 CS §User-Interactive Authentication API, §OAuth authentication.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from scop.base import printable
from scop.cli.matrix.accounts import asked_secret
from scop.cli.matrix.asking import typed_line
from scop.matrix.api.errors import UserInteractive
from scop.matrix.confirming import ConfirmationWanted, Credentials
from scop.net.matrix import AsyncClient, Refused

__all__ = ["MAX_URL", "confirmed_by_person"]

MAX_URL = 4000  # characters that are shown
_TIMES = 3  # a person presses Enter too early
_Outcome = TypeVar("_Outcome")


async def confirmed_by_person(
    client: AsyncClient, do: Callable[[Credentials], Awaitable[_Outcome]], password: str | None = None
) -> _Outcome:
    """Do something, and show what the server wants for it: asked for only where it does want it."""
    shown = Credentials() if password is None else Credentials(client.session.user_id, password)
    for _ in range(_TIMES):
        try:
            return await do(shown)
        except Refused as refusal:
            shown = await _wanted(client, refusal, shown)
    return await do(shown)


async def _wanted(client: AsyncClient, refusal: Refused, shown: Credentials) -> Credentials:
    """Return what a person shows; raises the refusal where they cannot."""
    error = refusal.error
    if isinstance(error, ConfirmationWanted):
        url = error.url_at(client.session.homeserver_url)
        if url is None:
            raise refusal
        click.echo(f"Confirm it here, and press Enter then:\n\n  {printable(url, limit=MAX_URL)}\n", err=True)
        if not await typed_line():
            raise refusal
        return Credentials(session=error.session)
    if isinstance(error, UserInteractive) and shown.password is None and "m.login.password" in error.next_stages():
        return Credentials(client.session.user_id, asked_secret("Password"))
    raise refusal
