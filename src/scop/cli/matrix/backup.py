"""`scop matrix backup` and `recover`: what a person keeps so that a lost device loses no messages."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.base import printable
from scop.cli.matrix.accounts import Account, account_options, asked_secret, first_line, run
from scop.cli.matrix.confirming import confirmed_by_person
from scop.cli.shared import IS_NO, json_option, print_json
from scop.matrix.verification import WrongKey
from scop.net.faults import PermanentFailure
from scop.net.matrix import AsyncClient

__all__ = ["backup", "recover"]


@click.command()
@click.option("--create", "is_new", is_flag=True, help="Make an identity (if there is none), a recovery key, a backup.")
@click.option("--replace", is_flag=True, help="With --create: make another recovery key; the one before opens nothing.")
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Our password, where the server wants it for a new identity.  [default: asked]",
)
@account_options
@json_option
def backup(*, account: Account, is_new: bool, replace: bool, password_file: Path | None, as_json: bool) -> None:
    """Say whether the keys of messages are kept at the server, sealed, and how many are not yet. Status 1: none are.

    --create prints the recovery key: write it down, it is shown once and opens everything.
    """

    async def work(client: AsyncClient) -> dict[str, object]:
        if is_new and not replace and await client.run(client.identity.storage.default_key_id()) is not None:
            raise PermanentFailure("there is a recovery key: --replace makes another, and then the first opens nothing")
        made = await _create(client, password_file) if is_new else {}
        found = await client.run(client.identity.backup.find())
        if found is not None:
            while await client.run(client.identity.backup.upload()):
                pass
        missing = client.identity.backup.missing_count() if found is not None else None
        version = None if found is None else found.version
        return {**made, "version": version, "missing": missing, "is_trusted": client.identity.backup.is_trusted}

    facts = run(account, work)
    if as_json:
        print_json(facts)
    else:
        _say(facts)
    if facts["version"] is None:
        sys.exit(IS_NO)


def _say(facts: dict[str, object]) -> None:
    if "recovery_key" in facts:
        click.echo(f"The recovery key, shown once:\n\n  {facts['recovery_key']}\n")
    if facts["version"] is None:
        click.echo("there is no backup: --create makes one")
    else:
        trusted = "" if facts["is_trusted"] else ", which nobody whom we trust has signed"
        click.echo(f"backup {printable(str(facts['version']))}{trusted}; {facts['missing']} keys are not in it yet")


async def _create(client: AsyncClient, password_file: Path | None) -> dict[str, object]:
    identity = client.identity
    await client.run(identity.cross_signing.refresh())
    if not identity.cross_signing.is_published:
        signing, password = identity.cross_signing, first_line(password_file) if password_file else None
        await confirmed_by_person(client, lambda shown: client.run(signing.bootstrap(shown)), password)
    elif not identity.cross_signing.is_whole:
        raise PermanentFailure("another device has our identity: `recover` or `verify` brings it here first")
    key = await client.run(identity.storage.create())
    await client.run(identity.backup.create())
    await client.run(identity.store_secrets(key))
    return {"recovery_key": key.recovery_key()}


@click.command()
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its first line is the recovery key.  [default: asked, or read from standard input]",
)
@account_options
@json_option
def recover(*, account: Account, key_file: Path | None, as_json: bool) -> None:
    """Take identity and keys of old messages from the server, by the recovery key or the passphrase for it."""
    key = first_line(key_file) if key_file else asked_secret("Recovery key")

    async def work(client: AsyncClient) -> dict[str, object]:
        identity = client.identity
        try:
            opened = await client.run(identity.storage.unlock(key))
        except WrongKey:
            raise PermanentFailure("this is not the recovery key") from None
        taken = await client.run(identity.load_secrets(opened))
        if await client.run(identity.backup.find()) is None:
            return {"secrets": list(taken), "found": 0, "taken": 0}
        restored = await client.run(identity.backup.restore())
        return {"secrets": list(taken), "found": restored.found, "taken": restored.taken}

    facts = run(account, work)
    if as_json:
        print_json(facts)
    else:
        click.echo(f"this device is one of ours; {facts['taken']} of {facts['found']} keys of messages are new here")
