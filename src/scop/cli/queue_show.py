"""`scop queue show`: all that the relay knows of one mail that waits, or the mail itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.base import printable
from scop.cli.shared import Operator, config_option, console, json_option, print_json, print_table, when, with_operator
from scop.mesh.vocabulary.relay import QueuedMail, QueuedRecipient, ReadQueuedMail, ReadQueuedOctets

__all__ = ["next_try", "show"]

MAX_FIELD_CHARACTERS = 1000  # of the header, in one line


@click.command()
@click.argument("trace")
@click.option("--octets", is_flag=True, help="Write the mail itself, octet for octet.")
@config_option
@json_option
def show(trace: str, octets: bool, config: Path, as_json: bool) -> None:
    """Show the mail with this TRACE id: its envelope, its recipients with what was tried, its header.

    Exit status 1 if no such mail waits.
    """
    if octets and as_json:
        raise click.UsageError("--octets and --json exclude each other")
    if octets:
        sys.exit(0 if with_operator(config, lambda operator: _write_octets(operator, trace)) else 1)
    found = with_operator(config, lambda operator: operator.caller("relay").call(ReadQueuedMail(trace)))
    if as_json:
        print_json(found.mails)
    elif not found.mails:
        console.print(f"no mail with the trace id {printable(trace)} waits", markup=False)
    else:
        for each in found.mails:
            _print(each)
    sys.exit(0 if found.mails else 1)


async def _write_octets(operator: Operator, trace: str) -> bool:
    """Write the first mail with a trace to standard output as it comes, piece by piece."""
    relay = operator.caller("relay")
    found = (await relay.call(ReadQueuedMail(trace))).mails
    written = 0
    while found and written < found[0].size_octets:
        piece = (await relay.call(ReadQueuedOctets(found[0].id, written))).octets
        if not piece:  # carried or dropped meanwhile
            return False
        click.echo(piece, nl=False)
        written += len(piece)
    return bool(found)


def _print(mail: QueuedMail) -> None:
    facts = [
        ("trace", mail.trace),
        ("from", f"{mail.reverse_path} {mail.parameters}".rstrip()),
        ("size", f"{mail.size_octets} octets"),
        ("queued (UTC)", when(mail.queued_unix)),
    ]
    if mail.tls_optional:
        facts.append(("TLS", "optional: its author wrote TLS-Required: No"))
    print_table(("", ""), facts)
    print_table(("to", "attempts", "state"), [_row(each) for each in mail.recipients])
    tries = [
        (each.forward_path, when(tried.unix), tried.host, tried.reply)
        for each in mail.recipients
        for tried in each.tries
    ]
    if tries:
        print_table(("tried for", "at (UTC)", "host", "reply"), tries)
    console.print()
    for line in mail.header.decode("utf-8", "replace").split("\r\n"):
        console.print(printable(line.replace("\t", "    "), limit=MAX_FIELD_CHARACTERS), markup=False, soft_wrap=True)


def next_try(next_unix: float | None, *, is_kept_back: bool) -> str:
    """Return when a recipient is tried next, in words."""
    if next_unix is None:
        return "held"
    return f"held, asked about again at {when(next_unix)}" if is_kept_back else when(next_unix)


def _row(each: QueuedRecipient) -> tuple[str, str, str]:
    if each.is_underway:
        state = "is being tried"
    elif each.next_attempt_unix is None or each.is_kept_back:
        state = next_try(each.next_attempt_unix, is_kept_back=each.is_kept_back)
    else:
        state = f"next try at {when(each.next_attempt_unix)}"
    told = ", its sender knows of the delay" if each.delay_told else ""
    return f"{each.forward_path} {each.parameters}".rstrip(), str(each.attempts), f"{state}{told}"
