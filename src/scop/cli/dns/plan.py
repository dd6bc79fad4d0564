"""`scop dns plan` and `scop dns apply`: what our zone has to say, what it says, and the way from one to the other."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from scop.cells.primary.site import ADDRESS_KEY, PLAN_KEY
from scop.cli.dns.addresses import AddressSource, address_source
from scop.cli.dns.following import Follower
from scop.cli.dns.plan_shown import plan_json, print_plan
from scop.cli.dns.planning import ByMesh, ByServer, Plan, Way, key_of, make_plan, send_changes
from scop.cli.shared import Operator, config_option, console, json_option, print_json, with_operator
from scop.dns.words import Rcode
from scop.dns.zone.plan import Item, Standing
from scop.dns.zone.wanted import Purpose
from scop.net.faults import TemporaryFailure
from scop.supervisor.config_file import read_config
from scop.supervisor.door import Admit, knock
from scop.supervisor.layout import Layout

__all__ = ["apply", "plan"]

R = TypeVar("R")

_server_option = click.option(
    "--server", default="", metavar="ADDR[:PORT]", help="Who keeps the zone, in place of the mesh and its resolver."
)
_key_option = click.option(
    "--key", "key_file", type=click.Path(path_type=Path, dir_okay=False), help="The TSIG key, in place of scop init's."
)
_address_option = click.option(
    "--address-from",
    default="",
    metavar="WHERE",
    help="interface:NAME, or command:WORDS that print addresses.  [default: as [publish] in scop.toml says]",
)


@click.command(short_help="Show what our zone has to say, and the fix where it does not.")
@_server_option
@click.option("--watch", is_flag=True, help="Let A, AAAA and SPF follow our public address, until Ctrl-C.")
@_address_option
@click.option("--every", default=20.0, show_default=True, type=click.FloatRange(min=0.1, max=3600.0), metavar="SECONDS")
@_key_option
@config_option
@json_option
def plan(
    *,
    server: str,
    watch: bool,
    address_from: str,
    every: float,
    key_file: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """Show what our zone has to say, what is published, and the fix for each.

    What is wanted follows from scop.toml and its [publish]: addresses, MX, SPF, DKIM, DMARC, MTA-STS, TLS-RPT, TLSA,
    SRV, autoconfig, CAA, Matrix. A zone that another server keeps is looked up, and the records to copy are printed.

    With --watch the addresses and SPF are kept right, by a key that may write nothing else.

    Exit status 1 if anything differs.
    """
    source = address_source(address_from, config)
    if watch:
        key = key_of(key_file or config.parent / ADDRESS_KEY)
        follower = Follower(lambda work: _through(config, server, work), config, source, key, as_json=as_json)
        follower.run(every)
        return
    read, addresses = read_config(config), _addresses(source)
    made = _through(config, server, lambda way: make_plan(read, way, addresses))
    if as_json:
        print_json(plan_json(made, read))
    else:
        print_plan(made, read)
    sys.exit(0 if all(item.standing is Standing.FINE for item in made.items) else 1)


@click.command(short_help="Make our zone say what it has to, by UPDATE.")
@_server_option
@_address_option
@_key_option
@config_option
@json_option
def apply(*, server: str, address_from: str, key_file: Path | None, config: Path, as_json: bool) -> None:
    """Make our zone say what it has to: the fixes of `scop dns plan` in one UPDATE, all or nothing.

    DKIM keys in our own primary's zone are the signer's to write, and what is blocked by records that are not ours is
    left to you. Exit status 1 if anything still differs, or the server refuses.
    """
    read, key = read_config(config), key_of(key_file or config.parent / PLAN_KEY)
    addresses = _addresses(address_source(address_from, config))

    async def work(way: Way) -> tuple[Rcode | None, Plan]:
        before = await make_plan(read, way, addresses)
        changes = [change for item in before.items if _is_ours_to_write(item, before) for change in item.changes]
        if not changes:
            return None, before
        rcode = await send_changes(way, before.site.domain, changes, key)
        return rcode, await make_plan(read, way, addresses) if rcode is Rcode.NOERROR else before

    rcode, after = _through(config, server, work)
    if as_json:
        print_json({"rcode": None if rcode is None else rcode.name, **plan_json(after, read)})
    else:
        console.print("there is nothing to change" if rcode is None else f"the server says {rcode.name}{_hint(rcode)}")
        print_plan(after, read)
    is_fine = all(item.standing is Standing.FINE for item in after.items)
    sys.exit(0 if is_fine and rcode in (None, Rcode.NOERROR) else 1)


def _hint(rcode: Rcode) -> str:
    if rcode is not Rcode.REFUSED:
        return ""
    return ": the key may not write all of this. What is new in scop.toml it may once the mesh has been started again"


def _addresses(source: AddressSource) -> tuple[str, ...]:
    """Read our addresses once; the command ends where there are none."""
    try:
        return source()
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _is_ours_to_write(item: Item, made: Plan) -> bool:
    return not (made.is_ours and item.wanted.purpose is Purpose.DKIM)


def _through(config: Path, server: str, work: Callable[[Way], Awaitable[R]]) -> R:
    """Do something by the way that the options name."""

    def by(operator: Operator | None) -> Way:
        if server:
            return ByServer(server, operator)
        assert operator is not None
        return ByMesh(operator)

    if not server or _is_up(config):
        return with_operator(config, lambda operator: work(by(operator)))

    async def alone() -> R:
        return await work(by(None))

    return asyncio.run(alone())


def _is_up(config: Path) -> bool:
    """Say whether the mesh runs, whose signer knows its keys."""
    try:
        knock(Layout(read_config(config)).door, Admit())
    except TemporaryFailure:
        return False
    return True
