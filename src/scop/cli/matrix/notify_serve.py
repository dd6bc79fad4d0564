"""`scop matrix notify serve`: webhooks in, threads in rooms out, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

import click

from scop.cli.foreground import asked_to_end, run_to_the_end
from scop.cli.matrix.notify_config import hooks_of, read_notifier_config
from scop.cli.matrix.notify_desk import stderr_log
from scop.cli.matrix.notify_service import Service, begin
from scop.cli.shared import json_option, print_json
from scop.matrix.notifier.hooks import Hook
from scop.net.entrance import BACKLOG
from scop.net.faults import PermanentFailure, reason_of
from scop.net.places import tcp_listener, written_place
from scop.net.webhooks import WebhooksOptions, serve_webhooks

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
    service = begin(found, config, stderr_log())
    run_to_the_end(lambda: _serve(service, hooks, listener, as_json=as_json))


async def _serve(service: Service, hooks: tuple[Hook, ...], listener: socket.socket, *, as_json: bool) -> None:
    stop = asked_to_end()
    place = written_place(*listener.getsockname()[:2])

    def ready() -> None:
        if as_json:
            print_json({"event": "ready", "listen": place, "hooks": [hook.path for hook in hooks]})
        else:
            click.echo(f"webhooks come in at http://{place}: {', '.join(hook.path for hook in hooks)}")

    async with service.desk() as (desk, tasks):
        watching = asyncio.create_task(service.watch(desk).run()) if service.config.watch else None
        options = WebhooksOptions(hooks, desk.keep, desk.log)
        serving = asyncio.create_task(serve_webhooks(options, (listener,), stop, ready))
        await _live(serving, (*tasks, *([watching] if watching else [])), stop)
        if watching:
            await _ended(watching)


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
    service = begin(found, config, stderr_log())
    run_to_the_end(lambda: _watch(service, once=once))


async def _watch(service: Service, *, once: bool) -> None:
    stop = asked_to_end()
    async with service.desk() as (desk, tasks):
        watching = service.watch(desk)

        async def once_and_posted() -> None:
            await watching.once()
            await desk.posting.idle()

        async def until_stopped() -> None:
            work = asyncio.create_task(once_and_posted() if once else watching.run())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not work.done():
                await _ended(work)
            else:
                work.result()

        await _live(asyncio.create_task(until_stopped()), tasks, stop)


async def _live(serving: asyncio.Task[None], others: Sequence[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Wait until what serves ends, by `stop` at the latest; raises what ended one of the others before."""
    await asyncio.wait((serving, *others), return_when=asyncio.FIRST_COMPLETED)
    is_asked = stop.is_set()
    stop.set()
    await serving
    for task in others:
        if task.done() and not is_asked:
            task.result()  # such as that we are logged out


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _listener(place: str) -> socket.socket:
    try:
        return tcp_listener(place, backlog=BACKLOG)
    except (ValueError, OSError) as fault:
        reason = reason_of(fault) if isinstance(fault, OSError) else str(fault)
        raise PermanentFailure(f"cannot listen on {place}: {reason}") from None
