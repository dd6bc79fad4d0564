"""The cells: one folder is one process with one job. No cell imports another."""

from __future__ import annotations

from importlib import import_module

from scop.mesh.manifest import Manifest

__all__ = ["CELL_NAMES", "manifest_of", "manifests"]

# The order of their inner ports: new cells are added at the end.
CELL_NAMES = (
    "submission",
    "signer",
    "relay",
    "receiver",
    "filter",
    "verifier",
    "mailbox",
    "keeper",
    "primary",
    "resolver",
    "reporter",
    "examiner",
)


def manifest_of(name: str) -> Manifest:
    """Return the manifest of one cell; raises `KeyError` for any other name."""
    if name not in CELL_NAMES:
        raise KeyError(f"there is no cell {name!r}; there are {', '.join(CELL_NAMES)}")
    manifest = import_module(f"scop.cells.{name}.manifest").MANIFEST
    assert isinstance(manifest, Manifest)
    return manifest


def manifests() -> tuple[Manifest, ...]:
    """Return every cell's manifest, in the order of their ports."""
    return tuple(manifest_of(name) for name in CELL_NAMES)
