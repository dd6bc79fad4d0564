"""`scop spam filter`: one mail from standard input to standard output, labelled on its way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click

from scop.cli.spam.arrivals import arrival_of
from scop.cli.spam.filter_options import model_option
from scop.cli.spam.filter_policies import Examining, examine_options, judged
from scop.cli.spam.filter_sealed import in_sealed_child
from scop.cli.spam.filter_weighing import (
    UNWEIGHED,
    ModelFile,
    fields_of,
    stamped,
    without_our_fields,
    without_postmark,
)
from scop.mesh.config.attachments import Attachments
from scop.mesh.vocabulary.examiner import FoundThing, unscannable
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.spam import Verdict

__all__ = ["filter_command"]

_UNEXAMINED = "This mail could not be looked into; do not open what is attached."
_REFUSED = b"!"  # which begins no field
EX_NOPERM = 77  # mail servers return the mail, with what stands on standard error
EX_TEMPFAIL = 75  # sysexits.h: mail servers keep the mail and try again


class _Postal(click.Command):
    """A command that a mail server runs: what cannot be done now is tried again, and no slip bounces mail."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Read the command line; one that is wrong lets the mail wait until somebody has put it right."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            click.echo(f"scop: {error.format_message().rstrip('.')}; the mail waits", err=True)
            sys.exit(EX_TEMPFAIL)


@click.command("filter", cls=_Postal, context_settings={"allow_interspersed_args": False})
@model_option
@examine_options
@click.option(
    "--on-fault",
    type=click.Choice(["pass", "defer"]),
    default="pass",
    show_default=True,
    help="Where a mail cannot be weighed: pass it on without a label, or end with status 75 so that it comes again.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND …]")
def filter_command(
    *,
    model: Path,
    examining: Examining,
    on_fault: str,
    command: tuple[str, ...],
) -> None:
    """Read a mail, weigh it, write it with an X-SCoP-Spam field on top.

    With a COMMAND (such as sendmail) the mail goes to its standard input, and its exit status is ours. The mail is
    read in a child that can open no file and no socket. X-SCoP fields that others wrote are taken away, line ends stay
    as they are. No mail is lost: what cannot be written ends with status 75, and what is refused for its attachments
    with 77.
    """
    if None in (sys.__stdin__, sys.__stdout__):  # the devices in their place would take the mail, too
        click.echo("scop: standard input or output is closed; the mail waits", err=True)
        sys.exit(EX_TEMPFAIL)
    mail = sys.stdin.buffer.read()
    below = without_our_fields(mail)
    try:
        fields = in_sealed_child(_weighing(below, model, examining))
    except (PermanentFailure, TemporaryFailure, OSError, ValueError, MemoryError) as fault:
        click.echo(f"scop: {fault}", err=True)
        if on_fault == "defer":
            sys.exit(EX_TEMPFAIL)
        fields = _fields(UNWEIGHED, (unscannable(_UNEXAMINED),), examining.policies) if examining.examine else b""
    if fields.startswith(_REFUSED):
        click.echo(fields.removeprefix(_REFUSED), err=True)
        sys.exit(EX_NOPERM)
    labelled = stamped(below, fields) if fields else below
    sys.exit(_hand_on(labelled, command) if command else _write(labelled))


def _weighing(mail: bytes, path: Path, examining: Examining) -> Callable[[], bytes]:
    """Load all that weighing needs, and return what the child does."""
    classifier = ModelFile(path, lambda _reason: None).classifier
    look = _look() if examining.examine else _at_nothing
    policies = examining.policies
    own_domains = classifier.acquaintances.own_domains
    octets = without_postmark(mail)

    def work() -> bytes:
        return _fields(classifier.classify(*arrival_of(octets, own_domains)), look(octets), policies)

    return work


def _fields(verdict: Verdict, found: tuple[FoundThing, ...], policies: Attachments) -> bytes:
    """Return the fields of a mail, or why it is refused, in words for its sender."""
    led = judged(found, policies)
    if led.refusal is not None:
        return _REFUSED + str(led.refusal).encode("ascii")
    return fields_of(verdict, found, led.policy)


def _look() -> Callable[[bytes], tuple[FoundThing, ...]]:
    from scop.cells.examiner.reading import load  # half a second of imports

    return load()


def _at_nothing(_mail: bytes) -> tuple[FoundThing, ...]:
    return ()


def _write(mail: bytes) -> int:
    try:
        sys.stdout.buffer.write(mail)
        sys.stdout.buffer.flush()
    except OSError as fault:
        click.echo(f"scop: the mail cannot be written: {fault.strerror}", err=True)
        return EX_TEMPFAIL
    return 0


def _hand_on(mail: bytes, command: tuple[str, ...]) -> int:
    try:
        # Whoever runs us says what is run; no shell reads it.
        status = subprocess.run(command, input=mail, check=False).returncode  # noqa: S603 - as said above
    except OSError as fault:
        click.echo(f"scop: {command[0]}: {fault.strerror}", err=True)
        return EX_TEMPFAIL
    return status if status >= 0 else EX_TEMPFAIL  # a command that was killed has not taken the mail
