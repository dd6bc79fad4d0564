"""`scop matrix notify serve`: webhooks in, threads in rooms out, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import click

from scop.cli.foreground import asked_to_end, run_to_the_end
from scop.cli.matrix.notify_config import NotifierConfig, WatchTable, hooks_of, read_notifier_config
from scop.cli.matrix.notify_desk import Desk, account_of, all_rooms, open_desk, posting_from, stderr_log
from scop.cli.matrix.notify_watch import Outcome, Watch, WatchOptions, run_test, without_secrets
from scop.cli.shared import json_option, print_json
from scop.matrix.notifier.hooks import Hook
from scop.matrix.notifier.releases import Release
from scop.matrix.notifier.threads import Audience
from scop.net.entrance import BACKLOG
from scop.net.faults import PermanentFailure, reason_of
from scop.net.matrix.releases import ReleasePages
from scop.net.places import tcp_listener, written_place
from scop.net.webhooks import WebhooksOptions, serve_webhooks

Tasks: TypeAlias = Sequence[asyncio.Task[None]]

__all__ = ["config_option", "serve", "watch"]

config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=Path("notifier.toml"),
    envvar="SCOP_NOTIFIER_CONFIG",
    show_default=True,
    help="The notifier's configuration.",
)


@click.command()
@config_option
@json_option
def serve(*, config: Path, as_json: bool) -> None:
    """Take webhooks in and post what they say, until SIGTERM or Ctrl-C.

    A webhook is answered 2xx once it is on the disk; it is posted when the homeserver is there, once, whatever is
    restarted in between. The log is JSON on standard error.
    """
    found = read_notifier_config(config)
    hooks = hooks_of(found)
    if not hooks:
        raise click.UsageError(f"{config}: has no [hooks.NAME] to take webhooks at")
    listener = _listener(found.listen)
    log = stderr_log()

    async def main() -> None:
        client = posting_from(account_of(found.account))
        audience = Audience(all_rooms(found.rooms), found.people)
        async with client, open_desk(Path(found.queue), client, audience, log, is_service=True) as (desk, tasks):
            await _serve(found, hooks, listener, desk, tasks, as_json=as_json)

    run_to_the_end(main)


async def _serve(
    config: NotifierConfig, hooks: tuple[Hook, ...], listener: socket.socket, desk: Desk, tasks: Tasks, *, as_json: bool
) -> None:
    stop = asked_to_end()
    options = WebhooksOptions(hooks, desk.keep, desk.log)
    place = written_place(*listener.getsockname()[:2])

    def ready() -> None:
        if as_json:
            print_json({"event": "ready", "listen": place, "hooks": [hook.path for hook in hooks]})
        else:
            click.echo(f"webhooks come in at http://{place}: {', '.join(hook.path for hook in hooks)}")

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_watch_for_ever(config, desk)) if config.watch else None
        serving = group.create_task(serve_webhooks(options, (listener,), stop, ready))
        await asyncio.wait((serving, *tasks), return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        await serving
        if watching:
            watching.cancel()
    for task in tasks:
        if task.done():
            task.result()  # such as that we are logged out


async def _watch_for_ever(config: NotifierConfig, desk: Desk) -> None:
    async with ReleasePages() as pages:
        await _watch(config, desk, pages).run()


def _watch(config: NotifierConfig, desk: Desk, pages: ReleasePages) -> Watch:
    packages = tuple(config.watch.values())
    around = without_secrets(os.environ, [hook.secret_env for hook in config.hooks.values()])

    async def test(package: WatchTable, release: Release) -> Outcome:
        return await run_test(package, release, around)

    return Watch(WatchOptions(packages, desk.notices, pages, desk.keep_report, desk.log, test))


@click.command()
@config_option
@click.option("--once", is_flag=True, help="Look once, post what is new, and end.")
def watch(*, config: Path, once: bool) -> None:
    """Post new releases of listed packages, each with the result of its test command.

    What there is at the first look is not new. `notify serve` watches, too, where its configuration lists packages.
    """
    found = read_notifier_config(config)
    if not found.watch:
        raise click.UsageError(f"{config}: has no [watch.NAME] to look at")
    log = stderr_log()

    async def main() -> None:
        client = posting_from(account_of(found.account))
        audience = Audience(all_rooms(found.rooms), found.people)
        async with (
            client,
            open_desk(Path(found.queue), client, audience, log, is_service=True) as (desk, tasks),
            ReleasePages() as pages,
        ):
            await _watch_until(_watch(found, desk, pages), desk, tasks, once=once)

    run_to_the_end(main)


async def _watch_until(watching: Watch, desk: Desk, tasks: Tasks, *, once: bool) -> None:
    async def once_and_posted() -> None:
        await watching.once()
        await desk.posting.idle()

    work = asyncio.create_task(once_and_posted() if once else watching.run())
    stop = asked_to_end()
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((work, stopping, *tasks), return_when=asyncio.FIRST_COMPLETED)
    ended = [task for task in (work, *tasks) if task.done()]
    work.cancel()
    stopping.cancel()
    await asyncio.gather(work, stopping, return_exceptions=True)
    for task in ended:
        task.result()  # such as that we are logged out


def _listener(place: str) -> socket.socket:
    try:
        return tcp_listener(place, backlog=BACKLOG)
    except (ValueError, OSError) as fault:
        reason = reason_of(fault) if isinstance(fault, OSError) else str(fault)
        raise PermanentFailure(f"cannot listen on {place}: {reason}") from None
