"""`scop matrix login`, `logout`, `whoami`: sessions, each in a sealed store of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import click

from scop.base import printable
from scop.cli.matrix.accounts import PATIENCE_SECONDS, Account, account_options, asked_secret, first_line, opened, run
from scop.cli.shared import json_option, print_json
from scop.matrix.client import ClientOptions, Session
from scop.matrix.steps import Change
from scop.net.matrix import AsyncClient, MemoryShelves, NetworkOptions

__all__ = ["login", "logout", "whoami"]

_OPEN_STORE = (
    "No passphrase was given, so the key to the store lies beside it: whoever reads your files, or a backup of them, "
    "has this account, its messages and its identity. --passphrase-file at login seals it."
)


_SECRETS = {"password": "Password", "token": "Login token", "service": "Token of the application service"}


@dataclass(frozen=True, slots=True)
class _Proof:
    """By what someone logs in."""

    way: str  # one of _SECRETS
    secret: str


@click.command()
@click.argument("user", metavar="@USER:SERVER")
@click.option("--homeserver", default="", metavar="URL", help="Where it is.  [default: asked of the server's name]")
@click.option(
    "--token",
    "way",
    flag_value="token",
    help="By a login token, of another login or of single sign-on, in place of a password.",
)
@click.option(
    "--as-service",
    "way",
    flag_value="service",
    help="By the token of an application service, in place of a password.",
)
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
    way: str | None,
    secret_file: Path | None,
    device_name: str,
    as_json: bool,
) -> None:
    """Log in, and keep the session and its keys in a sealed store."""
    way = way or "password"
    if way == "token" and not user.startswith("@"):
        raise click.UsageError("a token serves once: say for whom it must be, as @user:server")
    proof = _Proof(way, first_line(secret_file) if secret_file else asked_secret(_SECRETS[way]))
    known = account.known()
    session = asyncio.run(_login(account, user, homeserver, (proof, device_name)))
    if as_json:
        print_json(_facts(session))
    else:
        click.echo(f"{printable(session.user_id)} is logged in as the device {printable(session.device_id)}")
    if session.user_id not in known and account.has_key_beside(session.user_id):
        click.echo(_OPEN_STORE, err=True)


async def _login(account: Account, user: str, homeserver: str, shown: tuple[_Proof, str]) -> Session:
    """Log in; an account that is kept already keeps its device."""
    proof, device_name = shown
    options, network = ClientOptions(device_name=device_name), NetworkOptions(patience_seconds=PATIENCE_SECONDS)
    known = user in account.known()
    shelves = MemoryShelves()
    async with AsyncClient(account.open(user) if known else shelves, options, network) as client:
        session = await _shown(client, user, homeserver, proof)
        is_here_by_another_name = not known and session.user_id in account.known()
        if is_here_by_another_name:
            await client.logout()
    if is_here_by_another_name:  # the device that is here stays theirs, with its keys
        return await _login(account, session.user_id, session.homeserver_url, shown)
    if not known:  # only the server says whose store it is
        keeper = await asyncio.to_thread(account.open, session.user_id)
        try:
            await keeper.clear()
            kept = [
                Change(shelf, name, octets) for shelf, names in shelves.kept.items() for name, octets in names.items()
            ]
            await keeper.put(kept)
        finally:
            await keeper.close()
    async with opened(replace(account, user_id=session.user_id)):
        return session  # its keys are published, so that others can write to it


async def _shown(client: AsyncClient, user: str, homeserver: str, proof: _Proof) -> Session:
    if proof.way == "token":
        return await client.login_with_token(proof.secret, homeserver, user)
    if proof.way == "service":
        return await client.login_as_service(user, proof.secret, homeserver)
    return await client.login(user, proof.secret, homeserver)


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
