"""`scop mail extract`: the contents of mails as files, all of them in one folder and nowhere else.

Names come from strangers. Each is made harmless first (`mail_names`), and then the file is created new, relative to
the folder's own descriptor, through no link: even a name that slipped through could overwrite nothing and lead
nowhere. Contents are written as octets with the transfer encoding undone; text stays in the charset that it has.
"""

from __future__ import annotations

import contextlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import click

from scop.base import printable
from scop.cli import shared
from scop.cli.mail_names import names_to_try, safe_name
from scop.cli.mail_read import file_argument, mails_in
from scop.cli.mail_shown import numbered
from scop.cli.shared import json_option, print_json, print_table
from scop.mime import Entity, Message
from scop.mime.transfer import UU_ENCODINGS
from scop.mime.uuencode import find_uuencoded

__all__ = ["Folder", "Leaf", "extract", "leaves_of"]

_SUFFIXES = {  # for parts without a name; the machine's own table of types would make it another name elsewhere
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "application/pdf": ".pdf",
    "application/json": ".json",
    "application/zip": ".zip",
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One content, with the name that the mail gives it and one that we would."""

    part: str
    wanted: str | None
    fallback: str
    content: bytes


def leaves_of(message: Message) -> Iterator[Leaf]:
    """Yield each content of a mail, and the uuencoded files in its texts."""
    for number, entity in numbered(message):
        if entity.parts:
            continue
        named = f"part-{number}" if number else "body"
        media = entity.content_type
        fallback = named + _SUFFIXES.get(media.media_type, ".txt" if media.maintype == "text" else ".bin")
        yield Leaf(number, entity.filename or _uuencoded_name(entity), fallback, entity.content)
        if media.maintype == "text" and entity.transfer_encoding not in UU_ENCODINGS:
            for found in find_uuencoded(entity.content):
                yield Leaf(number, found.filename, f"{named}-uuencoded.bin", found.content)


def _uuencoded_name(entity: Entity) -> str | None:
    if entity.transfer_encoding not in UU_ENCODINGS:
        return None
    found = find_uuencoded(entity.body)
    return found[0].filename if found else None


@dataclass(slots=True)
class Folder:
    """An open folder in which new files are made, each under a name that nothing in it has."""

    descriptor: int
    _taken: set[str] = field(default_factory=set)
    _tried: dict[str, int] = field(default_factory=dict)  # how often a name was wanted: many mails call parts the same

    @classmethod
    @contextlib.contextmanager
    def opened(cls, path: Path) -> Iterator[Folder]:
        """Open the folder at `path`, which is made where it is not there; its parent must be."""
        try:
            with contextlib.suppress(FileExistsError):
                path.mkdir()
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            remedy = "name a folder, or a new one in a folder that is there"
            raise click.ClickException(f"--to {path}: {error.strerror}; {remedy}") from None
        try:
            yield cls(descriptor)
        finally:
            os.close(descriptor)

    def write(self, name: str, content: bytes) -> str:
        """Write `content` to a new file called `name`, or `name (2)` and so on, and return its name."""
        number = self._tried.get(name, 0)
        for wanted in names_to_try(name, number + 1):
            number += 1
            # Some systems tell neither case nor compositions apart.
            folded = unicodedata.normalize("NFKC", wanted).casefold()
            if folded in self._taken:
                continue
            self._taken.add(folded)
            try:
                self._create(wanted, content)
            except FileExistsError:  # a link that leads nowhere is one, too
                continue
            self._tried[name] = number
            return wanted
        raise AssertionError("numbers do not end")

    def _create(self, name: str, content: bytes) -> None:
        assert "/" not in name
        assert name not in ("", ".", "..")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        readable = stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH  # and never executable
        with open(os.open(name, flags, readable, dir_fd=self.descriptor), "wb") as file:  # noqa: PTH123 - relative to a descriptor
            file.write(content)


@click.command()
@file_argument
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="The folder; made if not there.")
@json_option
def extract(file: str, folder: Path, as_json: bool) -> None:
    """Write every content of a mail to a file of its own.

    Each file is new and lies in the folder itself, whatever the mail calls it; uuencoded files in texts are written
    too. FILE is a mail, or a folder, Maildir, mbox or tar archive with many; "-" is standard input.
    """
    rows: list[tuple[str, str, str, int]] = []
    mails = mails_in(file)
    first = next(mails)  # where there is none, no folder is made
    with Folder.opened(folder) as opened:
        for found, message in chain((first,), mails):
            for leaf in leaves_of(message):
                name = opened.write(safe_name(leaf.wanted, leaf.fallback), leaf.content)
                rows.append((found.name, leaf.part, name, len(leaf.content)))
    if as_json:
        names = ("mail", "part", "file", "octets")
        print_json([dict(zip(names, (printable(row[0]), *row[1:]), strict=True)) for row in rows])
        return
    print_table(("mail", "part", "file", "octets"), [(*row[:3], f"{row[3]:,}") for row in rows])
    files = "1 file" if len(rows) == 1 else f"{len(rows):,} files"
    shared.console.print(f"{files} in {printable(str(folder))}", markup=False)
