"""The real mesh on loopback: one pair of organisations for each test process, started once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from fakes.real_mesh import RunningWorld, world_of
from scop.cli.demo.scene import build_scene

# How fast anything is bench/ says: a machine that is busy with other tests fails none.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def running_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    """Two organisations with accounts and published keys; tests use recipients of their own."""
    folder: Path = tmp_path_factory.mktemp("world")
    for parent in (folder, *folder.parents[:3]):
        if parent.owner() == "root" and os.geteuid() == 0 and str(parent).startswith("/tmp/"):
            parent.chmod(0o711)
    scene = build_scene(folder / "scene", world_of("main"))
    try:
        running = RunningWorld(scene)
        running.open()
        yield running
    finally:
        scene.close()
