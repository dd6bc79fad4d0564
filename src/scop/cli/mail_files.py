"""Mails from files: a folder (Maildir too), an .mbox, a tar archive. What is no mail is named with the reason."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

__all__ = ["MailFile", "NoMail", "read_mails"]

MAX_FILE_OCTETS = 256 << 20
MAIL_SUFFIXES = {".eml", ".msg", ".mail"}  # by these names a file says that it is a mail, whatever is in it
_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]*[ \t]*:")
_POSTMARK = re.compile(rb"From [^\r\n]*\r?\n")  # the mbox line before a mail (RFC 4155); no part of the mail
_BETWEEN = re.compile(rb"(?:^|(?<=\n\n)|(?<=\r\n\r\n))From [^\r\n]*\r?\n")


@dataclass(frozen=True, slots=True)
class MailFile:
    """One mail as it lies in its file."""

    name: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class NoMail:
    """A file that is passed over."""

    name: str
    reason: str


def _judge(name: str, octets: bytes) -> MailFile | NoMail:
    postmark = _POSTMARK.match(octets)
    mail = octets[postmark.end() :] if postmark else octets
    if Path(name).suffix.lower() in MAIL_SUFFIXES or _FIELD.match(mail):
        return MailFile(name, mail)
    return NoMail(name, "empty" if not octets else "its first line is no header field")


def _from_mbox(path: Path) -> Iterator[MailFile]:
    octets = path.read_bytes()
    starts = list(_BETWEEN.finditer(octets))
    ends = [*(found.start() for found in starts[1:]), len(octets)]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        mail = octets[start.end() : end].removesuffix(b"\n").removesuffix(b"\r")
        yield MailFile(f"{path.name}#{number}", re.sub(rb"(?m)^>(>*From )", rb"\1", mail))


def _from_archive(path: Path) -> Iterator[MailFile | NoMail]:
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() and member.size <= MAX_FILE_OCTETS else None
            if content is not None:
                yield _judge(member.name, content.read())


def _from_folder(path: Path) -> Iterator[MailFile | NoMail]:
    for file in sorted(path.rglob("*")):
        if file.is_file():
            name = str(file.relative_to(path))
            try:
                octets = file.read_bytes()
            except OSError as error:  # one closed file among many ends nothing
                yield NoMail(name, error.strerror or str(error))
            else:
                yield _judge(name, octets)


def read_mails(path: Path) -> Iterator[MailFile | NoMail]:
    """Yield every mail at `path`, in a steady order."""
    if path.is_dir():
        return _from_folder(path)
    if not path.exists():
        raise click.ClickException(f"{path}: there is no such file or folder")
    if tarfile.is_tarfile(path):
        return _from_archive(path)
    if path.read_bytes().startswith(b"From "):
        return _from_mbox(path)
    return iter((_judge(path.name, path.read_bytes()),))
