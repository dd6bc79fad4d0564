"""The options that the stand-alone filters have alike."""

from __future__ import annotations

from pathlib import Path

import click

from scop.cli.smtp_serve_names import checked_networks
from scop.cli.spam.filter_service import LOOPBACK

__all__ = ["clients_option", "model_option", "user_option"]


def _networks(_context: click.Context, _parameter: click.Parameter, networks: tuple[str, ...]) -> tuple[str, ...]:
    return checked_networks("--clients", networks)


model_option = click.option(
    "--model",
    type=click.Path(path_type=Path),
    required=True,
    envvar="SCOP_SPAM_MODEL",
    help="What `scop spam train --model` made; a new one put in its place is used from the next mail on.",
)
clients_option = click.option(
    "--clients",
    multiple=True,
    default=LOOPBACK,
    show_default=True,
    callback=_networks,
    metavar="NET",
    help="Networks whose hosts may speak with it; repeat for more.",
)
user_option = click.option("--user", default="", metavar="NAME", help="Whom it becomes where root starts it.")
