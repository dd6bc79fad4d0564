"""`scop matrix login`, `logout`, `whoami`: sessions, each in a sealed store of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import click

from scop.base import printable
from scop.cli.matrix.accounts import PATIENCE_SECONDS, Account, account_options, asked_secret, first_line, opened, run
from scop.cli.matrix.login_agreed import Agreeing, Lines
from scop.cli.matrix.login_ways import Terminal, Way, chosen_way
from scop.cli.shared import json_option, print_json
from scop.matrix.client import ClientOptions, Session
from scop.matrix.client.ways import Ways
from scop.matrix.steps import Change
from scop.net.faults import PermanentFailure
from scop.net.matrix import AsyncClient, MemoryShelves, NetworkOptions

__all__ = ["login", "logout", "whoami"]

_OPEN_STORE = (
    "No passphrase was given, so the key to the store lies beside it: whoever reads your files, or a backup of them, "
    "has this account, its messages and its identity. --passphrase-file at login seals it."
)
_SECRETS = {Way.PASSWORD: "Password", Way.TOKEN: "Login token", Way.SERVICE: "Token of the application service"}
_NOTHING = Ways(())


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was typed."""

    user: str  # @user:server, or a name where the homeserver is said; empty for whoever agrees
    server_name: str  # where only that was said
    homeserver: str
    way: Way | None
    secret_file: Path | None
    provider: str
    opens: bool | None
    device_name: str


@click.command()
@click.argument("user", metavar="[@USER:SERVER|SERVER]", default="")
@click.option("--homeserver", default="", metavar="URL", help="Where it is.  [default: asked of the server's name]")
@click.option(
    "--with",
    "way",
    type=click.Choice([one.value for one in Way]),
    callback=lambda _context, _option, word: word and Way(word),
    help="How: a password; a login token; the token of an application service; single sign-on; OAuth 2.0 in a browser "
    "here; or by a code that is entered on another device.  [default: by what the server offers]",
)
@click.option("--provider", default="", metavar="NAME", help="By which provider of single sign-on, of several.")
@click.option("--browser/--no-browser", "opens", default=None, help="Open a browser here.  [default: on a desktop]")
@click.option(
    "--password-file",
    "--token-file",
    "secret_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its first line is the password, or the token.  [default: asked, or read from standard input]",
)
@click.option("--device-name", default="SCoP", show_default=True, help="How others see this device.")
@account_options
@json_option
def login(
    *,
    account: Account,
    user: str,
    homeserver: str,
    way: Way | None,
    provider: str,
    opens: bool | None,
    secret_file: Path | None,
    device_name: str,
    as_json: bool,
) -> None:
    """Log in, and keep the session and its keys in a sealed store.

    Where a server wants a browser, it says where to go, and waits until you come back; if your browser is on another
    machine, paste the address that it ended at. A code (--with device) can be entered on any device.
    """
    # Without @ it is a server; a name, where the homeserver is said.
    is_server = not homeserver and not user.startswith("@") and ("." in user or ":" in user)
    if not user and not homeserver:
        raise click.UsageError("say who, or where: @user:server, or a server, or --homeserver")
    if way is Way.TOKEN and not user.startswith("@"):
        raise click.UsageError("a token serves once: say for whom it must be, as @user:server")
    said, place = ("", user) if is_server else (user, "")
    wish = _Wish(said, place, homeserver.rstrip("/"), way, secret_file, provider, opens, device_name)
    known = account.known()
    session = asyncio.run(_Login(account, wish).run())
    if as_json:
        print_json(_facts(session))
    else:
        click.echo(f"{printable(session.user_id)} is logged in as the device {printable(session.device_id)}")
    if session.user_id not in known and account.has_key_beside(session.user_id):
        click.echo(_OPEN_STORE, err=True)


class _Login:
    """One login, to its end; an account that is kept already keeps its device."""

    def __init__(self, account: Account, wish: _Wish) -> None:
        self._account = account
        self._wish = wish
        self._secret = ""  # once it was asked for
        self._lines = Lines()

    async def run(self) -> Session:
        """Return the session that was begun, and is kept."""
        try:
            return await self._begin()
        finally:
            self._lines.close()

    async def _begin(self) -> Session:
        account, wish = self._account, self._wish
        options = ClientOptions(device_name=wish.device_name)
        network = NetworkOptions(patience_seconds=PATIENCE_SECONDS)
        known = wish.user in account.known()
        shelves = MemoryShelves()
        async with AsyncClient(account.open(wish.user) if known else shelves, options, network) as client:
            session = await self._session(client)
            is_here_by_another_name = not known and session.user_id in account.known()
            if is_here_by_another_name:
                await client.logout()
        if is_here_by_another_name:  # the device that is here stays theirs, with its keys
            click.echo(f"{printable(session.user_id)} is here already: once more, to go on with that device", err=True)
            self._wish = replace(wish, user=session.user_id, homeserver=session.homeserver_url)
            return await self._begin()
        if not known:  # only the server says whose store it is
            await _keep(account, session.user_id, shelves)
        async with opened(replace(account, user_id=session.user_id)):
            return session  # its keys are published, so that others can write to it

    async def _session(self, client: AsyncClient) -> Session:
        wish = self._wish
        url = wish.homeserver or await client.find(_server_of(wish))
        ways = _NOTHING
        if wish.way is None or wish.way is Way.SSO:
            ways = await client.do(client.core.login.ways, url)
        way = wish.way or (Way.PASSWORD if wish.secret_file else chosen_way(ways, Terminal.here()))
        if way.is_shown:
            if way is Way.PASSWORD and ways.takes_sso and Terminal.here().is_typed:
                click.echo("(--with sso logs in by a browser)", err=True)
            return await self._shown(client, way, url)
        whole_id = wish.user if wish.user.startswith("@") else None
        session = await Agreeing(client, url, whole_id, wish.opens, self._lines).by(way, ways, wish.provider)
        if wish.user and whole_id is None and session.user_id[1:].partition(":")[0] != wish.user:
            await client.logout()
            raise PermanentFailure(f"{wish.user} was to be logged in, and {printable(session.user_id)} was")
        return session

    async def _shown(self, client: AsyncClient, way: Way, url: str) -> Session:
        """Log in by a secret that is typed, piped or in a file."""
        wish = self._wish
        if not wish.user:
            raise PermanentFailure(f"a {way} logs in whom you name: @user:server")
        if not self._secret:
            self._secret = first_line(wish.secret_file) if wish.secret_file else asked_secret(_SECRETS[way])
        if way is Way.TOKEN:
            return await client.login_with_token(self._secret, url, wish.user)
        if way is Way.SERVICE:
            return await client.login_as_service(wish.user, self._secret, url)
        return await client.login(wish.user, self._secret, url)


def _server_of(wish: _Wish) -> str:
    """Return the server name that was said; raises `PermanentFailure` where none was."""
    if wish.server_name:
        return wish.server_name
    _, colon, server_name = wish.user.partition(":")
    if not colon:
        raise PermanentFailure(
            f"{wish.user} does not say at which homeserver: @{wish.user.lstrip('@')}:example.org does"
        )
    return server_name


async def _keep(account: Account, user_id: str, shelves: MemoryShelves) -> None:
    """Put what a login made into the store of whose it is."""
    keeper = await asyncio.to_thread(account.open, user_id)
    try:
        await keeper.clear()
        kept = [Change(shelf, name, octets) for shelf, names in shelves.kept.items() for name, octets in names.items()]
        await keeper.put(kept)
    finally:
        await keeper.close()


def _facts(session: Session) -> dict[str, object]:
    return {"user_id": session.user_id, "device_id": session.device_id, "homeserver": session.homeserver_url}


@click.command()
@account_options
@json_option
def logout(*, account: Account, as_json: bool) -> None:
    """End the session, and keep nothing of it: keys that are not in a backup are gone."""
    user_id = account.chosen()

    async def work(client: AsyncClient) -> None:
        if client.core.session is not None:
            await client.logout()

    run(account, work, synced=False)
    account.remove(user_id)
    if as_json:
        print_json({"user_id": user_id})
    else:
        click.echo(f"{printable(user_id)} is logged out")


@click.command()
@account_options
@json_option
def whoami(*, account: Account, as_json: bool) -> None:
    """Say who is logged in here, and whether the server agrees."""

    async def work(client: AsyncClient) -> Session:
        await client.do(client.core.login.whoami)
        return client.session

    session = run(account, work, synced=False)
    if as_json:
        print_json(_facts(session))
    else:
        click.echo(f"{printable(session.user_id)} on {printable(session.homeserver_url)}, device {session.device_id}")
