"""`scop smtp serve`: a durable mail server in one line."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from scop.cli.foreground import asked_to_end, run_to_the_end
from scop.cli.shared import json_option
from scop.cli.smtp_serve_limits import RateLimits
from scop.cli.smtp_serve_names import checked_domains, checked_name, checked_networks, read_users
from scop.cli.smtp_serve_shown import lines_for, log_for
from scop.cli.smtp_serve_targets import drop_of
from scop.net.faults import PermanentFailure, reason_of
from scop.net.mail_drop import Directory, Drop, Free, MailService, ServeOptions, serve_mail
from scop.net.mail_extensions import installed_extensions
from scop.net.places import place_of, written_place
from scop.net.tls_layer import server_context

__all__ = ["serve"]

DEFAULT_PLACE = "127.0.0.1:2525"
STANDARD_OUTPUT = 1

_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class _Tls:
    certificate: Path | None
    key: Path | None
    implicit: bool

    def context(self) -> ssl.SSLContext | None:
        if self.certificate is None or self.key is None:
            return None
        for option, path in (("--tls-cert", self.certificate), ("--tls-key", self.key)):
            if not path.is_file():
                raise click.UsageError(f"{option} {path}: there is no such file")
        try:
            return server_context(str(self.certificate), str(self.key))
        except ssl.SSLError as fault:
            both = f"{self.certificate} and {self.key}"
            reason = reason_of(fault)
            raise click.UsageError(f"{both} are no certificate and its key, both as PEM ({reason})") from None

    def check(self) -> None:
        if (self.certificate is None) is not (self.key is None):
            raise click.UsageError("--tls-cert and --tls-key belong together")
        if self.implicit and self.certificate is None:
            raise click.UsageError("--implicit-tls needs --tls-cert and --tls-key")


@click.command(short_help="Take mail and keep it durably, or hand it to another server.")
@click.option(
    "--listen",
    "places",
    multiple=True,
    default=(DEFAULT_PLACE,),
    show_default=True,
    metavar="HOST:PORT",
    help="Where to listen; repeat for more. Port 0 lets the system choose, and the first line says which.",
)
@click.option(
    "--deliver",
    "target",
    required=True,
    metavar="TARGET",
    help="maildir:DIR, mbox:FILE, lmtp:HOST:PORT or smtp:HOST:PORT.",
)
@click.option("--lmtp", is_flag=True, help="Speak LMTP instead of SMTP.")
@click.option(
    "--tls-cert", "certificate", type=click.Path(dir_okay=False, path_type=Path), help="PEM; offers STARTTLS."
)
@click.option("--tls-key", "key", type=click.Path(dir_okay=False, path_type=Path), help="PEM, without a password.")
@click.option("--implicit-tls", "implicit", is_flag=True, help="Begin every connection with TLS, as port 465 does.")
@click.option("--domain", "domains", multiple=True, help="Take mail for this domain only; repeat for more.")
@click.option(
    "--users",
    type=_FILE,
    help="Take mail for these only: one address or name a line. Maildirs are then made one for each.",
)
@click.option("--hostname", default="", help="What the server calls itself.  [default: the machine's name]")
@click.option("--max-size", "max_octets", type=click.IntRange(min=65_536), default=52_428_800, show_default=True)
@click.option("--proxy-from", "proxies", multiple=True, metavar="NET", help="PROXY headers (v2) must come from here.")
@click.option("--xclient-from", "xclients", multiple=True, metavar="NET", help="XCLIENT is allowed from here.")
@click.option("--extensions", "wants_extensions", is_flag=True, help="Offer SMTP extensions of installed packages.")
@click.option("--no-rate-limits", is_flag=True, help="No bounds for one address or network; for tests and benches.")
@json_option
def serve(
    *,
    places: tuple[str, ...],
    target: str,
    lmtp: bool,
    certificate: Path | None,
    key: Path | None,
    implicit: bool,
    domains: tuple[str, ...],
    users: Path | None,
    hostname: str,
    max_octets: int,
    proxies: tuple[str, ...],
    xclients: tuple[str, ...],
    wants_extensions: bool,
    no_rate_limits: bool,
    as_json: bool,
) -> None:
    """Take mail until Ctrl-C or SIGTERM. 250 is said when the mail is on the disk, or when the next server took it.

    A maildir's files and folders and an mbox are synced before the reply, many mails with one sync. A full disk
    is answered by 452. Without --domain mail for every domain is taken. At the end mails that are being
    taken are finished, and idle clients hear 421.

    With smtp:HOST:PORT whoever reaches this server reaches that one; so either --domain says for whom, or it listens
    on loopback only. For lmtp:HOST:PORT one transaction has one recipient.
    """
    tls = _Tls(certificate, key, implicit)
    tls.check()
    name = checked_name("--hostname", hostname) or socket.gethostname() or "localhost"
    try:
        directory = Directory.of(checked_domains(domains), read_users(users))
        listen = tuple(map(place_of, places))
        _check_relay(target, directory, listen)
        options = ServeOptions(
            listen=listen,
            hostname=name,
            lmtp=lmtp,
            tls=tls.context(),
            implicit_tls=implicit,
            directory=directory,
            attendant=Free() if no_rate_limits else RateLimits(),
            proxies=checked_networks("--proxy-from", proxies),
            xclients=checked_networks("--xclient-from", xclients),
            extensions=installed_extensions() if wants_extensions else (),
            max_message_octets=max_octets,
            log=log_for(lines_for(STANDARD_OUTPUT), as_json=as_json),
        )
        drop = drop_of(target, directory, name)
    except (ValueError, PermanentFailure) as fault:
        raise click.UsageError(str(fault)) from None
    run_to_the_end(lambda: _serve(drop, options, target))


async def _serve(drop: Drop, options: ServeOptions, target: str) -> None:
    stop = asked_to_end()
    async with _listening(drop, options) as service:
        options.log.info(
            "serve.listening",
            places=[written_place(*place) for place in service.places],
            protocol=_protocol(options),
            target=target,
        )
        await stop.wait()
    options.log.info("serve.ended")


@asynccontextmanager
async def _listening(drop: Drop, options: ServeOptions) -> AsyncIterator[MailService[Drop]]:
    async with AsyncExitStack() as stack:
        try:
            service = await stack.enter_async_context(serve_mail(drop, options))
        except OSError as fault:
            places = ", ".join(written_place(*place) for place in options.listen)
            raise PermanentFailure(f"cannot listen on {places}: {reason_of(fault)}") from None
        yield service


def _protocol(options: ServeOptions) -> str:
    name = "LMTP" if options.lmtp else "SMTP"
    if options.tls is None:
        return f"{name} in the clear"
    return f"{name} under TLS" if options.implicit_tls else f"{name} with STARTTLS"


def _check_relay(target: str, directory: Directory, listen: tuple[tuple[str, int], ...]) -> None:
    """Refuse to be an open relay (RFC 5321 §7.8 and common sense)."""
    if target.startswith("smtp:") and not directory.domains and not all(_is_loopback(host) for host, _ in listen):
        raise click.UsageError(
            f"--deliver {target} would relay mail for everybody: name the domains by --domain, or listen on loopback"
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
