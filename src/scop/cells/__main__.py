"""One cell's process: `python -m scop.cells NAME`, started by the supervisor with a control socket."""

from __future__ import annotations

import sys
from importlib import import_module

from scop.cells import manifest_of
from scop.mesh.life import live, service_of

if __name__ == "__main__":
    name = sys.argv[1]
    sys.exit(live(manifest_of(name), service_of(import_module(f"scop.cells.{name}.service"))))
