"""The relay's post behind its own walls: what it needs of the world it still gets."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.post_world import HOST, SEA, mail_host
from fakes.private_ca import authority
from fakes.web_server import ok, serve_web
from scop.mtasts import Mode, Policy

ROOT = Path(__file__).resolve().parents[2]


CELL_UID = 64321  # nobody's


@pytest.fixture
def state() -> Iterator[Path]:
    """Give a folder that the confined process may write in."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            os.chown(folder, CELL_UID, CELL_UID)
        yield Path(folder)


async def test_relay_post_works_confined(state: Path, tmp_path: Path) -> None:
    """Confined by its manifest, the relay fetches a policy over HTTPS, proves a host and keeps what it counted."""
    pem = tmp_path / "authority.pem"
    pem.write_text(authority().pem)
    policy = Policy(Mode.ENFORCE, 86_400, (HOST,))
    async with (
        serve_web(authority().leaf(f"mta-sts.{SEA}").server(), ok(policy.to_octets())) as web,
        mail_host(authority().leaf(HOST).server()) as host,
    ):
        words = [str(state), str(host.port), str(web.port), str(pem), *([str(CELL_UID)] if os.geteuid() == 0 else [])]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "tests/fakes/confined_post.py"),
            *words,
            env={"PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("src", "tests"))},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
    said = json.loads(out)
    assert (True, "", [["sts", 1]]) == (said["carried"], said["reason"], said["counts"])
    assert 1 == len(host.records.messages)
