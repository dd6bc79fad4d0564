"""Two organisations for one bench: started, with accounts and published keys, and ended."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from scop.cli.demo.offices import Offices
from scop.cli.demo.scene import Scene, World, build_scene

__all__ = ["two_meshes"]


@contextmanager
def two_meshes(password: str) -> Iterator[Scene]:
    """Run lagoon, where alice and postman may send, and harbor, where bob gets mail."""
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as temporary:
        Path(temporary).chmod(0o711)
        with closing(build_scene(Path(temporary) / "scene", World())) as scene:
            offices = Offices(scene)
            offices.open_accounts(password)
            offices.await_keys()
            yield scene
