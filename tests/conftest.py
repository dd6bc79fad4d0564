"""The real mesh on loopback: one pair of organisations, started once by the process of tests that has need of it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from fakes.examples import USUAL
from fakes.real_mesh import RunningWorld, world_of
from scop.cli.demo.scene import build_scene

# How fast anything is bench/ says: a machine that is busy with other tests fails none. Every commit looks at a few
# examples of each property, others each time; `make properties` at many.
settings.register_profile("unhurried", deadline=None, max_examples=USUAL)
settings.load_profile("unhurried")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among what is collected: it stays to the end, and to look takes a fourth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process of tests run all that share a mesh, or what a module makes once: the other need not, too."""
    for item in items:
        if isinstance(item, pytest.Function):
            if "running_world" in item.fixturenames:
                item.add_marker(pytest.mark.xdist_group("running_world"))
            elif _shares_with_its_module(item):
                item.add_marker(pytest.mark.xdist_group(item.path.stem))


def _shares_with_its_module(test: pytest.Function) -> bool:
    """Tell whether a test uses a fixture of its module's scope; those with an underscore are the plugins' own."""
    made = test._fixtureinfo.name2fixturedefs
    return any(made[name][-1].scope == "module" for name in test.fixturenames if name in made and name[0] != "_")


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
