"""Zones in a folder: read at start, written whole and durably at each change.

Standards: POSIX rename(2) and fsync(2): the old file or the new one, never half of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scop.base import RemoteProtocolError
from scop.cells.primary.holdings import Author
from scop.dns.zone.answer import Zones
from scop.dns.zone.zone import Zone
from scop.mesh.whole_file import write_whole

__all__ = ["Folder", "read_zones", "write_zone", "zone_path"]

_SUFFIX = ".zone"
_ROOT = "root"  # the file of the root zone, whose own name is empty


@dataclass(frozen=True, slots=True)
class Folder:
    """A history that knows the newest version only: one file a zone."""

    path: Path

    def commit(self, zone: Zone, by: Author) -> None:
        """Replace the zone's file."""
        write_zone(self.path, zone)


def zone_path(folder: Path, origin: str) -> Path:
    """Return where the zone `origin` lies; '' is the root."""
    return folder / f"{origin.rstrip('.').lower() or _ROOT}{_SUFFIX}"


def read_zones(folder: Path, *, wanted: str) -> Zones:
    """Read every zone of a folder; raises `ValueError` that names the file which is missing or wrong."""
    missing = zone_path(folder, wanted)
    if not missing.is_file():
        raise ValueError(f"there is no zone {wanted or '.'}: {missing} is missing (`scop init --folder` writes one)")
    return Zones.of(_read_zone(path) for path in sorted(folder.glob(f"*{_SUFFIX}")))


def write_zone(folder: Path, zone: Zone) -> None:
    """Replace a zone's file; durable when it returns. Blocks: a disk may take its time."""
    write_whole(zone_path(folder, zone.origin), zone.to_text().encode("ascii"))


def _read_zone(path: Path) -> Zone:
    origin = path.name.removesuffix(_SUFFIX)
    try:
        return Zone.parse(path.read_text(encoding="utf-8"), "" if origin == _ROOT else origin)
    except (RemoteProtocolError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
