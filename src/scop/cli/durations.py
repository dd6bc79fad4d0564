"""How long something is to last, as people type it: 90s, 15m, 2h, 7d."""

from __future__ import annotations

import re

import click

__all__ = ["Duration"]

_FORM = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smhd])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


class Duration(click.ParamType[float]):
    """A number with a unit; its value is seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        found = _FORM.fullmatch(str(value))
        if found is None or not float(found[1]):
            self.fail(f"{value!r} is no time such as 90s, 15m, 2h or 7d", param, ctx)
        return float(found[1]) * _SECONDS[found[2]]
