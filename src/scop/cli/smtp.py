"""`scop smtp`: mail over SMTP and LMTP without a mesh; each command has a module beside this."""

from __future__ import annotations

import click

from scop.cli.smtp_send import send
from scop.cli.smtp_serve import serve

__all__ = ["smtp"]


@click.group()
def smtp() -> None:
    """Send mail to a server and serve mail, without a mesh."""


smtp.add_command(send)
smtp.add_command(serve)
