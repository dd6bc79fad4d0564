"""`scop smtp send`: hands mails from files or standard input to one server, and tells what it said to each."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict, Unpack

import click

from scop.cli.hamlet_shown import Advance, progress
from scop.cli.mail_files import MBOX_SUFFIX, STANDARD_INPUT, MailFile, read_named
from scop.cli.shared import json_option
from scop.cli.smtp_send_letters import Unsendable, Wishes, forward_path, letter_of, reverse_path
from scop.cli.smtp_send_post import Server, Tls, Worker
from scop.cli.smtp_send_shown import Report, transcript_line
from scop.net.trust import web_trust
from scop.smtp import Mail, Recipient, ReversePath

__all__ = ["send", "usual_tls"]

PORTS = {Tls.IMPLICIT: 465, Tls.STARTTLS: 587}
UNPRIVILEGED = 2000  # `scop init` adds it for who may not take the ports themselves
_LMTP_PORT, _SMTP_PORT = 24, 25
_PLACE = re.compile(r"(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}))?")
_NOTIFY = ("never", "success", "failure", "delay")


class Given(TypedDict):
    """The options, as click gives them."""

    sender: str | None
    recipients: tuple[str, ...]
    place: str
    tls: str | None
    authorities: Path | None
    insecure: bool
    login: str
    password_file: Path | None
    lmtp: bool
    helo: str
    notify: str | None
    ret: str | None
    envid: str
    require_tls: bool
    verbose: bool
    as_json: bool


@click.command(short_help="Hand mails to a server and tell what it said.")
@click.argument("files", nargs=-1, metavar="[FILE|FOLDER|-]...")
@click.option("--from", "sender", metavar="ADDRESS", help="The reverse path, '' for the null one.  [default: From]")
@click.option(
    "--to", "recipients", multiple=True, metavar="ADDRESS", help="Repeat for more.  [default: To, Cc and Bcc]"
)
@click.option("--server", "place", required=True, metavar="HOST[:PORT]", help="An IPv6 address in brackets.")
@click.option("--tls", type=click.Choice(("none", "starttls", "implicit")), help="See above.")
@click.option(
    "--ca",
    "authorities",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM of whom to trust.  [default: this machine's]",
)
@click.option("--insecure", is_flag=True, help="Take any certificate.")
@click.option("--auth", "login", default="", metavar="LOGIN", help="Log in, by the strongest way that is offered.")
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its first line is the password.  [default: asked]",
)
@click.option("--lmtp", is_flag=True, help="Speak LMTP; the default port is 24.")
@click.option("--helo", default="", metavar="NAME", help="What we call ourselves.  [default: this machine's name]")
@click.option("--notify", metavar="never|success,failure,delay", help="DSN: of what the sender wants to hear.")
@click.option("--ret", type=click.Choice(("full", "hdrs")), help="DSN: how much of the mail a notice returns.")
@click.option("--envid", default="", metavar="TEXT", help="DSN: the mail's id in notices.")
@click.option("--require-tls", is_flag=True, help="REQUIRETLS: every server on the way must keep it secret.")
@click.option("-v", "--verbose", is_flag=True, help="Show what is said on standard error, without passwords.")
@json_option
def send(files: tuple[str, ...], **given: Unpack[Given]) -> None:
    """Send mails from FILEs, Maildirs, mboxes, tar archives, or standard input, over one connection.

    Without --tls ports 465 and 2465 are TLS from the beginning; ports 587 and 2587, and any port with --auth or
    --require-tls, must offer STARTTLS; elsewhere, as at port 25, STARTTLS is used where it is offered, and then the
    certificate counts only if --ca names whom to trust. A password is never sent in the clear.

    Bcc is never sent. Exit status 1 if a mail was refused or could not be sent, 2 if nothing could be done.
    """
    server = _server(given)
    wishes = _wishes(given)
    report = Report(as_json=given["as_json"])
    sources = files or (STANDARD_INPUT,)
    quiet = given["as_json"] or given["verbose"] or not any(map(_holds_many, sources))
    worker = Worker(server, transcript_line if given["verbose"] else None, _note)
    with progress("sent", None, quiet=quiet) as advance:
        asyncio.run(_send(worker, wishes, _mails(sources), report, advance))
    report.end()
    sys.exit(report.exit_status)


async def _send(worker: Worker, wishes: Wishes, files: Iterator[MailFile], report: Report, advance: Advance) -> None:
    try:
        for file in files:
            try:
                letter = letter_of(file, wishes)
            except Unsendable as fault:
                report.passed_over(file.name, str(fault))
                continue
            report.answered(letter, await worker.send(letter.envelope, letter.octets))
            report.tls = worker.tls
            advance(1)
        _note_what_was_dropped(worker, wishes)
    except BaseException:
        if report.taken or report.refused:  # what was taken so far was taken
            report.end()
        raise
    finally:
        await worker.close()


def _note(words: str) -> None:
    click.echo(f"scop: {words}", err=True)


def _note_what_was_dropped(worker: Worker, wishes: Wishes) -> None:
    """Say that a server without DSN was not told of what notices are wanted: it is no reason not to send."""
    mail = wishes.mail
    if (wishes.notify or mail.ret or mail.envid) and worker.keywords and "DSN" not in worker.keywords:
        _note("the server does not offer DSN: --notify, --ret and --envid were not passed on")


def _mails(sources: tuple[str, ...]) -> Iterator[MailFile]:
    for source in sources:
        yield from read_named(source)


def _holds_many(source: str) -> bool:
    path = Path(source)
    return path.is_dir() or path.suffix.lower() in {MBOX_SUFFIX, ".tar", ".gz", ".xz", ".bz2"}


# From options to values


def _server(given: Given) -> Server:
    found = _PLACE.fullmatch(given["place"])
    if found is None or int(found[3] or 0) > 65535:
        raise click.UsageError(f"--server {given['place']}: write it as HOST or HOST:PORT, an IPv6 address in brackets")
    wanted = Tls(given["tls"]) if given["tls"] else None
    port = int(found[3]) if found[3] else _default_port(given, wanted)
    tls = wanted or usual_tls(port, needs_tls=bool(given["login"]) or given["require_tls"])
    if tls is Tls.NONE and given["login"]:
        raise click.UsageError("--auth with --tls none: a password is never sent in the clear; leave --tls out")
    return Server(
        host=found[1] or found[2],
        port=port,
        tls=tls,
        context=_context(given, tls),
        lmtp=given["lmtp"],
        helo=_helo(given["helo"]),
        login=given["login"],
        password=_password(given) if given["login"] else "",
    )


def _default_port(given: Given, wanted: Tls | None) -> int:
    if given["lmtp"]:
        return _LMTP_PORT
    if wanted in PORTS:
        return PORTS[wanted]
    return PORTS[Tls.STARTTLS] if given["login"] else _SMTP_PORT


def usual_tls(port: int, *, needs_tls: bool) -> Tls:
    """Return how a connection to a port is secured where nobody says."""
    if port in (PORTS[Tls.IMPLICIT], PORTS[Tls.IMPLICIT] + UNPRIVILEGED):
        return Tls.IMPLICIT  # RFC 8314 §3
    if port in (PORTS[Tls.STARTTLS], PORTS[Tls.STARTTLS] + UNPRIVILEGED) or needs_tls:
        return Tls.STARTTLS
    return Tls.OPPORTUNISTIC


def _context(given: Given, tls: Tls) -> ssl.SSLContext:
    try:
        context = web_trust(str(given["authorities"] or ""))
    except ssl.SSLError as fault:
        raise click.UsageError(f"--ca {given['authorities']}: {fault.reason or fault}; it must be PEM") from None
    # RFC 7435 §3: where the clear would do, a certificate that nothing is known of does, too.
    if given["insecure"] or (tls is Tls.OPPORTUNISTIC and not given["authorities"]):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _helo(name: str) -> str:
    found = name or socket.gethostname() or "localhost"
    if not re.fullmatch(r"[!-~]{1,255}", found):
        raise click.UsageError(f"--helo {found}: write a domain or an address literal, without spaces")
    return found


def _password(given: Given) -> str:
    path = given["password_file"]
    if path is not None:
        try:
            password = path.read_text("utf-8").partition("\n")[0].rstrip("\r")
        except UnicodeDecodeError:
            raise click.UsageError(f"--password-file {path}: not UTF-8; save it as UTF-8") from None
        if not password:
            raise click.UsageError(f"--password-file {path}: its first line is empty; write the password there")
        return password
    if not sys.stdin.isatty():
        raise click.UsageError("--auth: nobody is there to be asked for the password; name a --password-file")
    return str(click.prompt(f"Password of {given['login']}", hide_input=True, err=True))


def _wishes(given: Given) -> Wishes:
    notify = _notify(given["notify"])
    try:
        sender = None if given["sender"] is None else reverse_path(given["sender"])
    except ValueError as fault:
        raise click.UsageError(f"--from {given['sender']}: {fault}; write it as local@domain") from None
    mail = Mail(
        ReversePath(None), ret=(given["ret"] or "").upper(), envid=given["envid"], require_tls=given["require_tls"]
    )
    return Wishes(mail, sender, tuple(_recipients(given["recipients"], notify)), notify)


def _recipients(addresses: tuple[str, ...], notify: frozenset[str]) -> Iterator[Recipient]:
    for address in dict.fromkeys(addresses):
        try:
            yield Recipient(forward_path(address), notify)
        except ValueError as fault:
            raise click.UsageError(f"--to {address}: {fault}; write it as local@domain") from None


def _notify(text: str | None) -> frozenset[str]:
    words = frozenset((text or "").lower().split(",")) if text is not None else frozenset()
    # RFC 3461 §4.1: never stands alone
    if not words <= set(_NOTIFY) or ("never" in words and len(words) > 1):
        raise click.UsageError(f"--notify {text}: write never, or some of success,failure,delay")
    return frozenset(word.upper() for word in words)
