"""A hundred thousand mails of the Hamlet corpus, from submission at lagoon to a mailbox at harbor.

`scop hamlet send` does the work and the comparing; here two meshes are started for it, and their memory is watched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from bench.mesh import pids
from bench.meshes import two_meshes
from bench.proc import pss_octets
from scop.cli.demo.scene import Organisation, Scene
from scop.cli.shared import console, print_table

__all__ = ["main"]

COUNT = int(os.environ.get("HAMLET_COUNT", "100000"))
PASSWORD = "to be or not to be"
LOOK_SECONDS = 10.0


def main() -> bool:
    """Run once; tell whether every accepted mail was stored unchanged or returned."""
    with two_meshes(PASSWORD) as scene:
        return _send(scene)


def _memory(scene: Scene, organisation: Organisation) -> dict[str, int]:
    found = {}
    for name, pid in pids(scene, organisation).items():
        try:
            found[name] = pss_octets(pid)
        except OSError:  # it was restarted in between
            continue
    return found


def _send(scene: Scene) -> bool:
    lagoon, harbor = scene.world.organisations
    words = ["hamlet", "send", "--count", str(COUNT), "--as", "postman", "--to", "bob", "--json"]
    configs = ["--config", str(scene.config(lagoon)), "--at", str(scene.config(harbor))]
    at_rest = {o.domain: sum(_memory(scene, o).values()) for o in scene.world.organisations}
    process = subprocess.Popen(
        [sys.executable, "-m", "scop.cli", *words, *configs], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write(f"{PASSWORD}\n")
    process.stdin.close()
    most: dict[str, dict[str, int]] = {o.domain: {} for o in scene.world.organisations}
    while process.poll() is None:
        time.sleep(LOOK_SECONDS)
        for organisation in scene.world.organisations:
            now = _memory(scene, organisation)
            if sum(now.values()) > sum(most[organisation.domain].values()):
                most[organisation.domain] = now
    assert process.stdout is not None
    figures = json.loads(process.stdout.read())
    console.rule(f"{COUNT:,} mails of Hamlet, from submission at lagoon to harbor's mailbox", align="left")
    print_table(("figure", "value"), [(name, str(value)) for name, value in figures.items()])
    for domain, cells in most.items():
        console.print(f"{domain}: {at_rest[domain] / 1e6:.0f} MB at rest, {sum(cells.values()) / 1e6:.0f} MB at most:")
        print_table(("cell", "MB"), [(name, f"{octets / 1e6:.1f}") for name, octets in cells.items()])
    return process.returncode == 0


if __name__ == "__main__":
    sys.exit(not main())
