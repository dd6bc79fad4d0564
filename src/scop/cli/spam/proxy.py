"""`scop spam proxy`: a content filter between two mail servers, over SMTP or LMTP."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import click

from scop.cli.foreground import asked_to_end, run_to_the_end
from scop.cli.shared import json_option
from scop.cli.smtp_serve_names import checked_name
from scop.cli.smtp_serve_shown import lines_for, log_for
from scop.cli.spam.filter_examining import Examiner, attended
from scop.cli.spam.filter_options import clients_option, model_option, user_option
from scop.cli.spam.filter_policies import Examining, examine_options
from scop.cli.spam.filter_service import Listening, Rights, give_up_rights, listener_at, serving, written_listener
from scop.cli.spam.filter_shown import WORDS
from scop.cli.spam.filter_weighing import ModelFile, Scales
from scop.cli.spam.proxy_session import ANSWER_SECONDS, NextServer, ProxyOffice, ProxyPassage
from scop.net.dialer import tcp_dialer
from scop.net.entrance import Entrance
from scop.net.faults import PermanentFailure
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.net.places import place_of
from scop.smtp import ServerOptions

__all__ = ["proxy"]

STANDARD_OUTPUT = 1
CONNECT_SECONDS = 10.0


@click.command(short_help="Label mail between two mail servers (SMTP, LMTP).")
@click.option(
    "--listen",
    "places",
    multiple=True,
    required=True,
    metavar="HOST:PORT|unix:PATH",
    help="Where the first server brings mail; repeat for more.",
)
@click.option("--forward", required=True, metavar="HOST:PORT", help="The server that takes the mail on.")
@click.option("--lmtp", is_flag=True, help="Speak LMTP on both sides.")
@model_option
@examine_options
@clients_option
@user_option
@click.option("--hostname", default="", help="What it calls itself.  [default: the machine's name]")
@click.option("--max-size", "max_octets", type=click.IntRange(min=65_536), default=52_428_800, show_default=True)
@json_option
def proxy(
    *,
    places: tuple[str, ...],
    forward: str,
    lmtp: bool,
    model: Path,
    examining: Examining,
    clients: tuple[str, ...],
    user: str,
    hostname: str,
    max_octets: int,
    as_json: bool,
) -> None:
    """Pass mail from one server to the next, with an X-SCoP-Spam field on top, until Ctrl-C or SIGTERM.

    It keeps no mail: 250 is said when the next server has said it, 451 while that one is away. Recipients, XFORWARD,
    8BITMIME, SMTPUTF8, DSN and with --lmtp the reply for each recipient pass through. Whoever may speak with it reaches
    the next server: --clients are its own machine only, unless you say more. docs/spam-alone.md shows it with Postfix.
    """
    name = checked_name("--hostname", hostname) or socket.gethostname() or "localhost"
    log = log_for(lines_for(STANDARD_OUTPUT), as_json=as_json, service="proxy", words=WORDS)
    try:
        host, port = place_of(forward)
        address = _address_of(host, port)
        sockets = tuple(map(listener_at, places))
        if (address, port) in [each.getsockname()[:2] for each in sockets]:
            raise ValueError(f"--forward {forward} is where it listens itself: name the server that takes the mail on")
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    examiner = Examiner.start(user, examining.policies, log) if examining.examine else None
    missing = give_up_rights(Rights(model, user, connect_port=port))
    # Read as who we are from now on: a model that cannot be read later is of no use.
    scales = Scales(ModelFile(model, lambda reason: log.warning("model.kept", reason=reason)), log.fault)
    pool = MailPool(
        tcp_dialer(address, port, connect_seconds=CONNECT_SECONDS), name=name, lmtp=lmtp, timeout_seconds=ANSWER_SECONDS
    )
    office = ProxyOffice(name, NextServer(pool), scales, log, examiner=examiner)
    listening = Listening(sockets, clients)

    def speech() -> ServerOptions:
        return office.server.speech(name, max_octets, lmtp=lmtp)

    async def serve() -> None:
        stop = asked_to_end()
        ending = attended(examiner, stop, log)
        watch = asyncio.create_task(office.server.watch())
        async with serving(listening, lambda: _speaker(office, listening, speech()), log, ready=office.server.heard):
            log.info(
                "filter.listening",
                places=[written_listener(each) for each in sockets],
                protocol="LMTP" if lmtp else "SMTP",
                target=forward,
                unenforced=missing,
            )
            await stop.wait()
        watch.cancel()
        ending()
        await pool.close()
        log.info("serve.ended")

    run_to_the_end(serve)


def _speaker(office: ProxyOffice, listening: Listening, speech: ServerOptions) -> MailServer:
    return MailServer(
        speech,
        lambda _peer: ProxyPassage(office),
        entrance=Entrance(connections=listening.connections),
        on_fault=office.log.fault,
        on_refused=lambda peer, refused: _note_refused(office.log, peer.address, refused.reason),
    )


def _note_refused(log: Log, address: str, reason: str) -> None:
    log.warning("command.refused", address=address, reply="", reason=reason)


def _address_of(host: str, port: int) -> str:
    """Return the address of a host, while names can still be asked for."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as fault:
        raise PermanentFailure(f"--forward {host}: {fault.strerror}") from None
    return str(found[0][4][0])
