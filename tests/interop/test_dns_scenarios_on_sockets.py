"""Another resolver's scenarios, played to `scop dns resolver` as a program: real sockets, addresses and ports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fakes.shared import shared_path
from scenarios.on_sockets import FAILED, PASSED, SKIPPED

pytestmark = pytest.mark.interop

PLAY_SECONDS = 60
TESTS = Path(__file__).parent.parent
# What goes differently, and why that is as it should be.
OTHERWISE = {
    "iter_scrub_rr_length": "Unbound adds EDE 0 where it left out a malformed record; we leave it out silently",
    "val_scrub_rr_length": "Unbound adds EDE 0 to the SERVFAIL; we say EDE 6, the reason it has",
    "local_ds": "a configured root wins over special-use names, and this scenario configures one",
}
MIN_PLAYED = 35


def play(file: Path) -> tuple[str, int, str]:
    """Play one scenario in a network of its own."""
    command = ("unshare", "--net", sys.executable, "-m", "scenarios.on_sockets", str(file))
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PLAY_SECONDS, env=environment, cwd=TESTS.parent, check=False
    )
    return file.stem, done.returncode, done.stdout.strip() or done.stderr[-500:]


def test_scenarios_of_another_resolver_pass_over_sockets() -> None:
    """What the pure resolver does, the program does too, with its sockets, its cache of octets and its clock."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or not [*Path("/usr/lib").glob("*/faketime")]:
        pytest.fail("PEER MISSING: unshare and libfaketime, run as root; `make interop` as root installs them")
    files = sorted(shared_path("vectors", "dns", "scenarios").glob("*.rpl"))
    with ThreadPoolExecutor(2) as pool:
        played = [*pool.map(play, files)]
    failed = {name: said for name, status, said in played if status not in (PASSED, SKIPPED)}
    assert OTHERWISE.keys() == failed.keys(), failed
    assert sum(status in (PASSED, FAILED) for _, status, _ in played) >= MIN_PLAYED
