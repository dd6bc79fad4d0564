"""`scop spam`: the filter's teaching and its tests, and the filter beside other people's mail servers."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from scop.cli.late import Late

__all__ = ["spam"]

# numpy's linear algebra starts threads when it is loaded, which we have no work for, and confinement holds the thread
# that asks for it and those that it starts, but none that was there before.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "evaluate": ("scop.cli.spam.evaluate", "evaluate", "Measure the filter on sorted mail, beside bogofilter."),
    "explain": ("scop.cli.spam.explain", "explain", "Show why a mail is called what it is called."),
    "filter": ("scop.cli.spam.filter", "filter_command", "Label one mail between standard input and output."),
    "forget": ("scop.cli.spam.forget", "forget", "Unlearn all that a person has taught."),
    "install": ("scop.cli.spam.install", "install", "Put a model from a file in use in the mesh."),
    "milter": ("scop.cli.spam.milter", "milter", "Label or refuse mail for Postfix and Sendmail."),
    "proxy": ("scop.cli.spam.proxy", "proxy", "Label mail between two mail servers, over SMTP or LMTP."),
    "status": ("scop.cli.spam.status", "status", "Show what the filter has learned, and from whom."),
    "train": ("scop.cli.spam.train", "train", "Learn from sorted mail."),
}


@click.command(cls=Late, late_commands=COMMANDS)
def spam() -> None:
    """Teach the spam filter, see why it says what it says, use it beside another mail server."""
