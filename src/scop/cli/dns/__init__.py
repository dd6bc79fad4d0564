"""`scop dns`: the primary and the resolver without a mesh, and questions to them. One file per command."""

from __future__ import annotations

import click

from scop.cli.dns.serve import serve

__all__ = ["dns"]


@click.group()
def dns() -> None:
    """Serve zones and resolve names."""


dns.add_command(serve)
