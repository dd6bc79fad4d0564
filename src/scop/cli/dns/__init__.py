"""`scop dns`: the primary and the resolver without a mesh, zones, and questions. One file per command.

A command is imported when it runs: who resolves names without a mesh need not hold what reads master files.
"""

from __future__ import annotations

import importlib

import click

__all__ = ["dns"]

# Command name → (module, attribute, one line for the list).
COMMANDS = {
    "serve": ("scop.cli.dns.serve", "serve", "Answer for zones from master files, without a mesh."),
    "zone": ("scop.cli.dns.zone", "zone", "Look at zones and their history, change them whole, check master files."),
}


class _Late(click.Group):
    """Finds commands by name and imports them when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in sorted(COMMANDS.items())])


@click.command(cls=_Late)
def dns() -> None:
    """Serve zones, look at them and change them, and resolve names."""
