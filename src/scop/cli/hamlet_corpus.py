"""A corpus of mails as a folder, an mbox or a tar archive: the same octets each time it is written.

`mail_files.read_mails` reads each of them back, octet for octet.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import click

from scop.cli.mail_files import to_mbox

__all__ = ["Write", "new_corpus"]

Write: TypeAlias = Callable[[int, bytes], object]

MAX_MAILS_A_FOLDER = 10_000  # file systems and people are slow with more

_OTHER_ARCHIVES = frozenset({".bz2", ".gz", ".tbz", ".tgz", ".txz", ".xz", ".zip", ".zst"})


@contextmanager
def new_corpus(target: Path) -> Iterator[Write]:
    """Open a new corpus; what is called .mbox or .tar is one file, anything else a folder.

    What is there already is left alone: `click.ClickException`.
    """
    writers = {".mbox": _mbox, ".tar": _archive}
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise click.ClickException(f"--to {target}: is already there; name a new file or an empty folder")
    if target.suffix.lower() in _OTHER_ARCHIVES:
        raise click.ClickException(f"--to {target}: no such archive is written; name a folder, a .mbox or a .tar")
    with writers.get(target.suffix.lower(), _folder)(target) as write:
        yield write


def _name(index: int) -> str:
    return f"{index // MAX_MAILS_A_FOLDER:05}/{index:09}.eml"


@contextmanager
def _folder(target: Path) -> Iterator[Write]:
    made: set[Path] = set()

    def write(index: int, octets: bytes) -> None:
        file = target / _name(index)
        if file.parent not in made:
            file.parent.mkdir(parents=True, exist_ok=True)
            made.add(file.parent)
        file.write_bytes(octets)

    yield write


@contextmanager
def _mbox(target: Path) -> Iterator[Write]:
    with target.open("xb") as file:
        yield lambda _, octets: file.write(to_mbox(octets))


@contextmanager
def _archive(target: Path) -> Iterator[Write]:
    with tarfile.open(target, "x:", format=tarfile.PAX_FORMAT) as archive:

        def write(index: int, octets: bytes) -> None:
            member = tarfile.TarInfo(_name(index))  # owner, group and time are 0 there, so archives are alike
            member.size = len(octets)
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(octets))
            archive.getmembers().clear()  # it would remember each until the end

        yield write
