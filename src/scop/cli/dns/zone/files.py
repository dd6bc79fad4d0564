"""Master files that are named on the command line, and which zone each holds."""

from __future__ import annotations

import re
from pathlib import Path

import click

from scop.dns.names import normal_name
from scop.dns.zone import Zone

__all__ = ["origin_of_file", "read_zone_file"]

_ORIGIN = re.compile(r"^\$ORIGIN\s+(\S+\.)\s*(?:;.*)?$", re.MULTILINE | re.IGNORECASE)
_OWNER_OF_SOA = re.compile(r"^(\S+\.)\s+(?:\S+\s+){0,2}SOA\s", re.MULTILINE | re.IGNORECASE)
_ROOT = "root"


def read_zone_file(path: Path, origin: str = "") -> Zone:
    """Read a master file; the command ends with the line where it is none."""
    text = read_text(path)
    try:
        return Zone.parse(text, normal_name(origin) if origin else origin_of_file(path, text))
    except ValueError as error:
        raise click.ClickException(f"{path}: {error}") from None


def read_text(path: Path) -> str:
    """Read a file as text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise click.ClickException(f"{path}: not UTF-8") from None


def origin_of_file(path: Path, text: str) -> str:
    """Return which zone a file holds: as its `$ORIGIN`, the owner of its SOA or else the file's name says."""
    for place in (_ORIGIN, _OWNER_OF_SOA):
        if found := place.search(text):
            return normal_name(found[1])
    name = path.name.removesuffix(".zone")
    return "" if name == _ROOT else normal_name(name)
