"""The real mesh on loopback: one pair of organisations, started once by the process of tests that has need of it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from fakes.examples import IS_SEARCH, USUAL
from fakes.loops import close_in_order
from fakes.real_mesh import RunningWorld, world_of
from scop.cli.demo.scene import build_scene

# How fast anything is bench/ says: a machine that is busy with other tests fails none, nor does the luck of a draw.
# Of each property every commit looks at a few examples, the same ones; `make properties` at many, others each time.
settings.register_profile(
    "unhurried",
    deadline=None,
    max_examples=USUAL,
    derandomize=not IS_SEARCH,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
)
settings.load_profile("unhurried")
close_in_order()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among what is collected: it stays to the end, and to look takes a fourth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Let one process run all tests that share a mesh, or what a module makes once: the other need not make it, too.

    xdist's own groups are marks that it writes into the names of tests; pytest 9.2 no longer takes those from it.
    """
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

    @cache
    def group_of(file: str) -> str:
        text = (config.rootpath / file).read_text(encoding="utf-8")
        if "running_world: RunningWorld" in text:
            return "running_world"
        return file if 'scope="module"' in text else ""

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda nodeid: group_of(nodeid.partition("::")[0]) or nodeid
    return scheduler


@pytest.fixture(scope="session")
def running_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    """Two organisations with accounts and published keys; tests use recipients of their own."""
    if hasattr(request.config, "workerinput"):  # fails where another process of xdist has started one, too
        (tmp_path_factory.getbasetemp().parent / "running_world").touch(exist_ok=False)
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
