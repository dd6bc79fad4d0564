"""A program that looks into files as a sealed process must: once all is loaded, it opens nothing and imports nothing.

Run as `python sealed_reader.py FILE…`; it prints one line of what was found for each file.
"""

from __future__ import annotations

import sys
from pathlib import Path

from scop.attachments import Options, examine_thing
from scop.attachments.documents import preload
from scop.attachments.rules import Rules
from scop.attachments.thing import Thing

__all__: list[str] = []

_FORBIDDEN = ("open", "import", "socket.", "subprocess.", "os.", "shutil.", "tempfile.", "glob.", "ctypes.", "pty.")
_RULES = 'import "pe"\nrule calc { meta: description = "starts calc" strings: $a = "calc.exe" nocase condition: $a }'


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        sys.stderr.write(f"{event} {arguments!r}\n")
        raise PermissionError(event)


def _main(paths: list[str]) -> None:
    things = [Thing(Path(path).read_bytes(), Path(path).name) for path in paths]
    preload()
    options = Options(checks=(Rules.compile({"own.yar": _RULES}),))
    sys.addaudithook(_watch)
    for thing in things:
        found = sorted({f"{one.kind} {one.severity}" for one in examine_thing(thing, options)})
        sys.stdout.write(f"{thing.name}: {', '.join(found)}\n")


if __name__ == "__main__":
    _main(sys.argv[1:])
