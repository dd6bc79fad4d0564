"""`scop spam`: the filter's teaching and its tests, and the filter beside other people's mail servers."""

from __future__ import annotations

from collections.abc import Mapping

import click

from scop.cli.late import Late

__all__ = ["spam"]

COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "evaluate": ("scop.cli.spam.evaluate", "evaluate", "Measure the filter on sorted mail, beside bogofilter."),
    "explain": ("scop.cli.spam.explain", "explain", "Show why a mail is called what it is called."),
    "filter": ("scop.cli.spam.filter", "filter_command", "Label one mail between standard input and output."),
    "milter": ("scop.cli.spam.milter", "milter", "Label or refuse mail for Postfix and Sendmail."),
    "proxy": ("scop.cli.spam.proxy", "proxy", "Label mail between two mail servers, over SMTP or LMTP."),
    "train": ("scop.cli.spam.train", "train", "Learn from sorted mail."),
}


@click.command(cls=Late, late_commands=COMMANDS)
def spam() -> None:
    """Teach the spam filter, see why it says what it says, use it beside another mail server."""
