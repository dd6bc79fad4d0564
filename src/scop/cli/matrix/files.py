"""`scop matrix upload` and `download`: files, piece by piece."""

from __future__ import annotations

import mimetypes
from pathlib import Path

import click

from scop.base import RemoteProtocolError, printable
from scop.cli.matrix.accounts import Account, account_options, run
from scop.cli.matrix.naming import room_named
from scop.cli.matrix.unreadable import why_unreadable
from scop.cli.shared import json_option, print_json
from scop.matrix.client.happenings import Undecryptable
from scop.matrix.encryption.attachments import EncryptedFile
from scop.matrix.json_values import JsonObject
from scop.net.faults import PermanentFailure
from scop.net.matrix import AsyncClient, MediaKind

__all__ = ["download", "upload"]


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@account_options
@json_option
def upload(*, account: Account, file: Path, as_json: bool) -> None:
    """Put a file into our homeserver as it is, and print its address; `send --file` seals it where the room is."""
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    uri = run(account, lambda client: client.media.upload(file, MediaKind(kind, file.name)), synced=False)
    if as_json:
        print_json({"uri": uri})
    else:
        click.echo(printable(uri))


@click.command()
@click.argument("what", metavar="mxc://…|ROOM")
@click.argument("event", required=False, metavar="[EVENT]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to; a folder keeps the file's name.")
@account_options
@json_option
def download(*, account: Account, what: str, event: str | None, output: Path | None, as_json: bool) -> None:
    """Fetch a file by its address, or the one that an EVENT of a ROOM shows, decrypted where it was encrypted."""
    if event is None and not what.startswith("mxc://"):
        raise click.UsageError("an event is missing: ROOM EVENT, or the address of a file (mxc://…)")

    async def work(client: AsyncClient) -> tuple[Path, int]:
        if event is None:
            path = _place(output, what.rpartition("/")[2])
            return path, await client.media.save(what, path)
        content = await _content(client, await room_named(client, what), event)
        path = _place(output, str(content.get("filename") or content.get("body") or "file"))
        return path, await client.media.save(_source(content), path)

    path, octets = run(account, work, synced=event is not None)
    if as_json:
        print_json({"path": str(path), "octets": octets})
    else:
        click.echo(f"{printable(str(path))}: {octets} octets")


def _place(output: Path | None, name: str) -> Path:
    """Return where a file goes; of a name that others chose only the last part counts, and it hides nothing."""
    safe = printable(name.replace("\\", "/").rpartition("/")[2]).lstrip(".") or "file"
    place = Path(safe) if output is None else output / safe if output.is_dir() else output
    if place.exists() and place != output:
        raise PermanentFailure(f"{place} is there already: -o names another")
    return place


async def _content(client: AsyncClient, room_id: str, event_id: str) -> JsonObject:
    seen = await client.do(client.core.history.event, room_id, event_id)
    if isinstance(seen, Undecryptable):
        raise PermanentFailure(f"the event cannot be read: {why_unreadable(seen)}")
    return seen.event.content


def _source(content: JsonObject) -> str | EncryptedFile:
    file, url = content.get("file"), content.get("url")
    if isinstance(file, dict):
        try:
            return EncryptedFile.parse(file)
        except RemoteProtocolError as fault:
            raise PermanentFailure(str(fault)) from fault
    if not isinstance(url, str):
        raise PermanentFailure("the event shows no file")
    return url
