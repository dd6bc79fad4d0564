"""A history that knows the newest version of each zone only: one master file in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scop.cells.primary.holdings import Author
from scop.dns.zone.answer import Zones
from scop.dns.zone.zone import Zone
from scop.mesh.whole_file import write_whole

__all__ = ["Folder", "read_zones", "zone_path"]

_ROOT = "root"  # the file of the root zone, whose own name is empty


@dataclass(frozen=True, slots=True)
class Folder:
    """Satisfies `scop.cells.primary.holdings.History`."""

    path: Path

    def commit(self, zone: Zone, by: Author) -> None:
        """Replace the zone's file, durably."""
        write_whole(zone_path(self.path, zone.origin), zone.to_text().encode("ascii"))


def zone_path(folder: Path, origin: str) -> Path:
    """Return where the zone `origin` lies; '' is the root."""
    return folder / f"{origin or _ROOT}.zone"


def read_zones(folder: Path) -> Zones:
    """Read every zone of a folder."""
    paths = sorted(folder.glob("*.zone"))
    return Zones.of(Zone.parse(path.read_text(), "" if path.stem == _ROOT else path.stem) for path in paths)
