"""Commands that are imported when they run, so that `--help` is quick and nothing is loaded for nothing."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

__all__ = ["Late"]


class Late(click.Group):
    """A group of commands by name: module, attribute, one line for the list."""

    def __init__(self, *, late_commands: Mapping[str, tuple[str, str, str]], **attributes: object) -> None:
        super().__init__(**attributes)  # type: ignore[arg-type]  # click's own, as its decorators pass them
        self._late_commands = late_commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in order."""
        return sorted(self._late_commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self._late_commands:
            return None
        module, attribute, _ = self._late_commands[cmd_name]
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in sorted(self._late_commands.items())])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; where there is none of that name, say which is the nearest."""
        name = args[0]
        if name in self._late_commands or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        nearest = "".join(f"; did you mean {near}?" for near in get_close_matches(name, self._late_commands, 1))
        raise click.UsageError(f"no such command {name!r}{nearest}", ctx)
