"""The `scop` command: founds, runs and looks at a mesh, and opens each library from the terminal.

Exit status 0: fine; 1: the answer is no; 2: it could not be done, and one sentence says why.
Modules are imported when their command runs, so that `scop --help` is quick.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import NoReturn

from scop.base import printable
from scop.net.faults import PermanentFailure, TemporaryFailure

_IS_MISSING = "scop: {} is not installed; pip install 'scop[mesh]' brings all that the command needs"

try:
    import click

    from scop.cli.late import Late
except ModuleNotFoundError as missing:  # one of the libraries was installed alone, and pip put `scop` beside it
    sys.stderr.write(_IS_MISSING.format(missing.name) + "\n")
    raise SystemExit(2) from None

__all__ = ["main"]

MAX_SENTENCE = 2000  # characters; a path may have half as many

# Command name → (module, attribute, one line for the list).
COMMANDS = {
    "account": ("scop.cli.account", "account", "Open, list and close accounts."),
    "demo": ("scop.cli.demo", "demo", "Two organisations, real mail, three attacks that must fail."),
    "dkim": ("scop.cli.dkim", "dkim", "Seal mail, check seals, look after the keys."),
    "dmarc": ("scop.cli.dmarc", "dmarc", "Judge mail by its author domain's policy; show and send reports."),
    "dns": ("scop.cli.dns", "dns", "Serve zones, resolve names, keep zones right."),
    "firewall": ("scop.cli.firewall", "firewall", "See and change whom the receiver lets in."),
    "hamlet": ("scop.cli.hamlet", "hamlet", "A corpus of mails written from values, and the check of it."),
    "init": ("scop.cli.mesh", "init", "Found a mesh: write scop.toml and what it needs."),
    "mail": ("scop.cli.mail", "mail", "List and show stored mail; read and write mail in files."),
    "matrix": ("scop.cli.matrix", "matrix", "Chat from the terminal, encrypted; tell rooms what CI does."),
    "mesh": ("scop.cli.mesh", "mesh", "Show every cell and every pipe."),
    "queue": ("scop.cli.queue", "queue", "Look at what waits to be delivered, hold, retry or drop it."),
    "reputation": ("scop.cli.reputation", "reputation", "See who behaved how, and why."),
    "smtp": ("scop.cli.smtp", "smtp", "Send mail to a server and serve mail, without a mesh."),
    "spam": ("scop.cli.spam", "spam", "Teach the spam filter, see why, use it beside another server."),
    "spf": ("scop.cli.spf", "spf", "Check who may send in a domain's name."),
    "status": ("scop.cli.mesh", "status", "Say how each cell is and how well it is confined."),
    "trace": ("scop.cli.trace", "trace", "Follow one mail through the cells."),
    "up": ("scop.cli.mesh", "up", "Run the mesh until Ctrl-C or SIGTERM."),
}


@click.command(cls=Late, late_commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scop", prog_name="scop")
def scop() -> None:
    """Your own mail, as a mesh of small confined cells."""


def main() -> None:
    """Run the command line; a fault becomes one sentence and exit status 2."""
    _prepare_streams()
    try:
        _run()
    except ModuleNotFoundError as error:
        if (error.name or "scop").startswith("scop"):
            raise
        _fail(_IS_MISSING.format(error.name))


def _prepare_streams() -> None:
    """Let a stream that is closed be an empty one, and a terminal of few characters show the others escaped."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - it stays open
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _run() -> None:
    from scop.supervisor.config_file import ConfigurationError

    try:
        scop(prog_name="scop", standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        _leave_quietly()
    except click.ClickException as error:
        _complain(error)
    except (ConfigurationError, TemporaryFailure, PermanentFailure) as error:
        _fail(f"scop: {error}")
    except OSError as error:
        _fail(f"scop: {error.filename}: {error.strerror}" if error.filename else f"scop: {error}")


def _fail(sentence: str) -> NoReturn:
    click.echo(printable(sentence, limit=MAX_SENTENCE), err=True)
    sys.exit(2)


def _complain(error: click.ClickException) -> NoReturn:
    """Say click's complaint in the form of ours; a group without a command says its help."""
    message = error.format_message().replace("a valid integer range", "a whole number")
    first = message[:1] if message[:2].isupper() else message[:1].lower()  # a name such as FILE stays as it is
    said = f"scop: {first}{message[1:].rstrip('.')}"
    if not isinstance(error, click.UsageError) or error.ctx is None:
        _fail(said)
    elif "\n" not in message:
        _fail(f"{said} (`{error.ctx.command_path} --help` shows how)")
    click.echo(message, err=True)
    sys.exit(2)


def _leave_quietly() -> None:
    """End when whoever reads us has read enough (`scop trace ID | head`); nothing is flushed into the void."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)
