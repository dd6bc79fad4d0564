"""`scop mail verify`: what our verifier would find out about a mail and do with it, each question it asks included."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scop.base import printable
from scop.cli.check_names import NamesChoice, run_with_names
from scop.cli.mail_files import on_the_wire, read_named
from scop.cli.mail_read import file_argument
from scop.cli.shared import json_option, print_json

if TYPE_CHECKING:
    from scop.cells.verifier.judgement import Judgement, JudgeOptions, Sending
    from scop.cells.verifier.verdict import Decision

__all__ = ["judged", "sending_of", "verify"]


@click.command()
@file_argument
@click.option("--ip", required=True, metavar="ADDRESS", help="The address of the client that sends it.")
@click.option("--helo", default="", metavar="NAME", help="What the client calls itself.")
@click.option("--mail-from", default="", metavar="PATH", help="The reverse-path; left out for a notice (<>).")
@NamesChoice.options
@json_option
def verify(
    file: str, ip: str, helo: str, mail_from: str, zone: Path | None, server: str, config: Path, as_json: bool
) -> None:
    """Show who really sent a mail: SPF, DKIM, ARC, iprev, DMARC, what each asks, and the sentence that decides.

    FILE is a mail, or a folder, Maildir, mbox or tar archive with many; "-" is standard input. Whom `[verifier]` in
    the configuration trusts is trusted here. Names are asked of the running mesh's resolver, else of the server that
    this machine asks itself.

    Exit status 0 where the mail would be delivered, 1 where it would be refused or filed apart, 2 where the DNS is
    silent.
    """
    from scop.cells.verifier.verdict import decide
    from scop.cli.mail_verify_shown import judgement_json, print_judgement

    sending, choice = sending_of(ip, helo, mail_from), NamesChoice(zone, server, config)
    decisions = []
    for found in read_named(file):
        judgement = judged(on_the_wire(found.octets), sending, choice)
        verdict = decide(judgement)
        decisions.append(verdict.decision)
        if as_json:
            print_json({"name": printable(found.name), **judgement_json(judgement, verdict)})
        else:
            print_judgement(found.name, judgement, verdict)
    if not decisions:
        raise click.ClickException(f"{file}: there is no mail in it")
    sys.exit(max(map(_status, decisions)))


def sending_of(ip: str, helo: str, mail_from: str) -> Sending:
    """Return how a mail came in, from the words of a command line; raises `click.UsageError` that names the word."""
    from scop.cells.verifier.judgement import Sending
    from scop.smtp import ReversePath
    from scop.spf.address import Address

    try:
        Address.parse(ip)
    except ValueError:
        raise click.UsageError(f"--ip {ip!r} is no address; write one such as 192.0.2.1 or 2001:db8::1") from None
    path = mail_from if mail_from.startswith("<") else f"<{mail_from}>"
    try:
        return Sending(ip, helo, ReversePath.parse(path).mailbox)
    except ValueError:
        reason = "is no reverse-path; write it as ceo@lagoon.example, and leave it out for a notice"
        raise click.UsageError(f"--mail-from {mail_from!r} {reason}") from None


def judged(octets: bytes, sending: Sending, choice: NamesChoice) -> Judgement:
    """Judge a mail (CRLF line ends) as the verifier of this configuration does, by the names that were chosen."""
    from scop.cells.verifier.judgement import judge

    options = _options(choice.config)
    judgement, _ = run_with_names(
        lambda names: judge(octets, sending, names, now_unix=time.time(), options=options), choice
    )
    return judgement


def _options(config: Path) -> JudgeOptions:
    """Return whom the configuration trusts; nobody where there is none."""
    from scop.cells.verifier.judgement import JudgeOptions
    from scop.dmarc.overrides import OverrideOptions
    from scop.supervisor.config_file import ConfigurationError, read_config

    if not config.exists():
        return JudgeOptions(notes_steps=True)
    try:
        chosen = read_config(config).verifier
    except ConfigurationError as fault:
        raise click.ClickException(str(fault)) from fault
    return JudgeOptions(OverrideOptions(chosen.trusted_sealers, chosen.allow), notes_steps=True)


def _status(decision: Decision) -> int:
    return {"deliver": 0, "defer": 2}.get(decision, 1)
