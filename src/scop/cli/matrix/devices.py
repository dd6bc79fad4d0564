"""`scop matrix devices`: our devices, or another user's, and how far each is trusted."""

from __future__ import annotations

import click

from scop.base import printable
from scop.cli.matrix.accounts import Account, account_options, run
from scop.cli.matrix.confirming import MAX_URL, confirmed_by_person
from scop.cli.shared import json_option, print_json, print_table, when
from scop.matrix.encryption import Device
from scop.net.faults import PermanentFailure
from scop.net.matrix import AsyncClient

__all__ = ["devices"]


@click.command()
@click.argument("user", required=False, metavar="[@USER:SERVER]")
@click.option("--end", metavar="DEVICE", help="Log this device of ours out, when the server knows that it is we.")
@click.option("--rename", nargs=2, metavar="DEVICE NAME", help="Give this device of ours another name.")
@account_options
@json_option
def devices(
    *, account: Account, user: str | None, end: str | None, rename: tuple[str, str] | None, as_json: bool
) -> None:
    """Show devices: verified by us, signed by their owner, or neither."""

    async def work(client: AsyncClient) -> list[dict[str, object]]:
        if end:
            await _end(client, end)
        if rename:
            await client.do(client.core.devices.rename, *rename)
        user_id = user or client.session.user_id
        machine = client.core.encryption
        assert machine is not None
        await client.run(machine.track((user_id,)))
        known = {device.device_id: device for device in machine.devices.of(user_id)}
        if user_id != client.session.user_id:
            return [_facts(client, device) for device in known.values()]
        return await _own(client, known)

    found = run(account, work)
    if as_json:
        print_json(found)
    else:
        headings = ("device", "name", "trust", "last seen")
        print_table(
            headings, ([_shown(facts, key) for key in ("device_id", "name", "trust", "seen")] for facts in found)
        )


async def _end(client: AsyncClient, device_id: str) -> None:
    """Log a device of ours out; where an authorization server knows them, say at which page that is done."""
    if client.session.oauth is not None:
        url = await client.do(client.core.oauth.account_url, "org.matrix.device_delete", device_id)
        where = "the server names no page for that" if url is None else printable(url, limit=MAX_URL)
        raise PermanentFailure(f"devices of this account are logged out in a browser: {where}")
    await confirmed_by_person(client, lambda shown: client.do(client.core.devices.end, device_id, shown))


async def _own(client: AsyncClient, known: dict[str, Device]) -> list[dict[str, object]]:
    found = []
    for device in await client.do(client.core.devices.all):
        keys = known.get(device.device_id)
        facts = _facts(client, keys) if keys else {"device_id": device.device_id, "trust": "does not encrypt"}
        if device.device_id == client.session.device_id:
            facts["trust"] = "this device"
        seen = None if device.last_seen_ts is None else when(device.last_seen_ts / 1000)
        found.append({**facts, "name": device.display_name, "seen": seen})
    return found


def _facts(client: AsyncClient, device: Device) -> dict[str, object]:
    trust = client.identity.trust.trust(device).value
    return {"device_id": device.device_id, "name": device.display_name, "trust": trust, "key": device.ed25519}


def _shown(facts: dict[str, object], key: str) -> str:
    value = facts.get(key)
    return "" if value is None else printable(str(value))
