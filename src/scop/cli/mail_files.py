"""Mails from files: a folder or Maildir, an .mbox, a tar or zip archive. What is no mail is named with the reason.

In a Maildir the mails are what lies in `new` and `cur`; what is still being written to `tmp` is none yet. An mbox is
cut at its postmarks and read as mboxrd: each quoted "From " line loses one ">". `to_mbox` writes so, and a mail whose
last line does not end, which no mbox can hold, says so in its postmark: so each is read back octet for octet.

Standards: RFC 4155 (mbox); the Maildir format of D. J. Bernstein.
"""

from __future__ import annotations

import io
import lzma
import re
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import click

__all__ = [
    "MAIL_SUFFIXES",
    "MBOX_SUFFIX",
    "STANDARD_INPUT",
    "MailFile",
    "NoMail",
    "on_the_wire",
    "read_any",
    "read_mails",
    "read_named",
    "to_mbox",
]

STANDARD_INPUT = "-"
MAX_FILE_OCTETS = 256 << 20
MAIL_SUFFIXES = {".eml", ".msg", ".mail"}  # by these names a file says that it is a mail, whatever is in it
MBOX_SUFFIX = ".mbox"
_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]*[ \t]*:")
_POSTMARK = re.compile(rb"From [^\r\n]*\r?\n")  # the mbox line before a mail (RFC 4155); no part of the mail
_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")
_ANY_FROM = re.compile(rb"(?m)^(>*From )")
_ZIP_BEGINS = b"PK\x03\x04"
_EMPTY_LINES = (b"\n", b"\r\n")
_UNENDED = b" no-line-end"  # at the end of our postmark: the mail's last line has none


@dataclass(frozen=True, slots=True)
class MailFile:
    """One mail as it lies in its file."""

    name: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class NoMail:
    """A file that is passed over, and what is in it if it was read."""

    name: str
    reason: str
    octets: bytes | None = field(default=None, compare=False)


def _judge(name: str, octets: bytes, *, is_mail: bool = False) -> MailFile | NoMail:
    postmark = _POSTMARK.match(octets)
    mail = octets[postmark.end() :] if postmark else octets
    if is_mail or Path(name).suffix.lower() in MAIL_SUFFIXES or _FIELD.match(mail):
        return MailFile(name, mail)
    return NoMail(name, "empty" if not octets else "its first line is no header field", octets)


def _in_file(name: str, octets: bytes, *, is_mail: bool = False) -> Iterator[MailFile | NoMail]:
    """Yield what a file among others holds; there only its suffix says that it may be cut at "From "."""
    if not is_mail and Path(name).suffix.lower() == MBOX_SUFFIX and _POSTMARK.match(octets):
        yield from _from_mbox(name, io.BytesIO(octets))
    else:
        yield _judge(name, octets, is_mail=is_mail)


def _from_mbox(name: str, lines: Iterable[bytes]) -> Iterator[MailFile]:
    """Cut at each postmark that is the first line or stands below an empty one."""
    postmark, mail, number = b"", list[bytes](), 0
    for line in lines:
        if line.startswith(b"From ") and (not number or (mail and mail[-1] in _EMPTY_LINES)):
            if number:
                yield MailFile(f"{name}#{number}", _out_of_mbox(postmark, mail))
            postmark, mail, number = line, [], number + 1
        else:
            mail.append(line)
    if number:
        yield MailFile(f"{name}#{number}", _out_of_mbox(postmark, mail))


def _out_of_mbox(postmark: bytes, lines: list[bytes]) -> bytes:
    if lines and lines[-1] in _EMPTY_LINES:  # it stands between two mails
        lines.pop()
    mail = _QUOTED_FROM.sub(rb"\1", b"".join(lines))
    return mail.removesuffix(b"\n") if postmark.rstrip(b"\r\n").endswith(_UNENDED) else mail


def to_mbox(octets: bytes) -> bytes:
    """Return a mail as it stands in an mbox, with a postmark that names neither a sender nor a time."""
    is_ended = octets.endswith(b"\n")
    postmark = b"From MAILER-DAEMON Thu Jan  1 00:00:00 1970" + (b"" if is_ended else _UNENDED) + b"\n"
    return postmark + _ANY_FROM.sub(rb">\1", octets) + (b"\n" if is_ended else b"\n\n")


def _from_archive(name: str, stream: BinaryIO) -> Iterator[MailFile | NoMail]:
    with tarfile.open(fileobj=stream) as archive:
        members = iter(archive)
        while (found := _next_in_archive(name, archive, members)) is not None:
            yield from found


def _next_in_archive(
    name: str, archive: tarfile.TarFile, members: Iterator[tarfile.TarInfo]
) -> list[MailFile | NoMail] | None:
    """Return what the next member holds, None at the end."""
    try:
        member = next(members, None)
        if member is None:
            return None
        if member.isfile() and member.size > MAX_FILE_OCTETS:
            return [NoMail(member.name, f"too large: {member.size:,} octets")]
        content = archive.extractfile(member) if member.isfile() else None
        return [] if content is None else list(_in_file(member.name, content.read()))
    except (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error) as error:  # OSError, too, and that is said anyhow
        raise click.ClickException(f"{name}: a damaged archive ({error})") from None


def _from_zip(name: str, stream: BinaryIO) -> Iterator[MailFile | NoMail]:
    try:
        with zipfile.ZipFile(stream) as archive:
            for member in archive.infolist():
                if member.file_size > MAX_FILE_OCTETS:
                    yield NoMail(member.filename, f"too large: {member.file_size:,} octets")
                elif not member.is_dir():
                    # No more than it says that it holds, whatever is packed there.
                    with archive.open(member) as content:
                        yield from _in_file(member.filename, content.read(member.file_size))
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError) as error:
        raise click.ClickException(f"{name}: a damaged archive, or one that is locked ({error})") from None


def _is_maildir(folder: Path) -> bool:
    return (folder / "cur").is_dir() and (folder / "new").is_dir()


def _from_folder(path: Path) -> Iterator[MailFile | NoMail]:
    for file in sorted(path.rglob("*")):
        folder = file.parent
        in_maildir = folder.name in ("cur", "new", "tmp") and _is_maildir(folder.parent)
        if file.is_file() and not (in_maildir and folder.name == "tmp"):
            name = str(file.relative_to(path.parent if folder == path and in_maildir else path))
            try:
                octets = file.read_bytes()
            except OSError as error:  # one closed file among many ends nothing
                yield NoMail(name, error.strerror or str(error))
            else:
                yield from _in_file(name, octets, is_mail=in_maildir)


def read_mails(path: Path) -> Iterator[MailFile | NoMail]:
    """Yield every mail at `path`, in a steady order."""
    return _from_folder(path) if path.is_dir() else _from_file(path, is_mail=False)


def _from_file(path: Path, *, is_mail: bool, opens_zip: bool = True) -> Iterator[MailFile | NoMail]:
    if not path.exists():
        raise click.ClickException(f"{path}: there is no such file or folder")
    return _from_stream(path.name, path.open("rb"), is_mail=is_mail, opens_zip=opens_zip)


def _from_stream(name: str, stream: BinaryIO, *, is_mail: bool, opens_zip: bool = True) -> Iterator[MailFile | NoMail]:
    with stream:
        seekable = stream if stream.seekable() else io.BytesIO(stream.read())
        is_mbox = seekable.read(5) == b"From "
        seekable.seek(0)
        if is_mbox:
            yield from _from_mbox(name, seekable)
        elif opens_zip and _is_zip(seekable):
            yield from _from_zip(name, seekable)
        elif _is_archive(seekable):
            yield from _from_archive(name, seekable)
        else:
            yield _judge(name, seekable.read(), is_mail=is_mail)


def _is_zip(stream: BinaryIO) -> bool:
    begins_so = stream.read(len(_ZIP_BEGINS)) == _ZIP_BEGINS  # a mail that has one attached does not
    stream.seek(0)
    return begins_so


def _is_archive(stream: BinaryIO) -> bool:
    is_blank = not stream.read(tarfile.BLOCKSIZE).strip(b"\0")  # to tarfile that is an archive, at its end already
    stream.seek(0)
    return not is_blank and tarfile.is_tarfile(stream)


def on_the_wire(octets: bytes) -> bytes:
    """Return a mail as a client sends it: lines that all end with LF end with CRLF; nothing else is mended."""
    wire = octets if b"\r" in octets else octets.replace(b"\n", b"\r\n")
    return wire if wire.endswith(b"\r\n") else wire + b"\r\n"


def read_named(source: str) -> Iterator[MailFile]:
    """Yield the mails that a person named: a file of any octets is one, "-" is standard input.

    A folder, an mbox or an archive gives each of its mails; what in it is none is named on standard error.
    """
    for found in _found_in(source):
        if isinstance(found, NoMail):
            _tell(found)
        else:
            yield found


def read_any(source: str) -> Iterator[MailFile]:
    """Yield mails as `read_named` does, and what is none as it lies: a zip file is one file, whatever is in it."""
    for found in _found_in(source, opens_zip=False):
        if isinstance(found, MailFile):
            yield found
        elif found.octets is not None:
            yield MailFile(found.name, found.octets)
        else:
            _tell(found)


def _tell(passed_over: NoMail) -> None:
    click.echo(f"scop: {passed_over.name}: passed over: {passed_over.reason}", err=True)


def _found_in(source: str, *, opens_zip: bool = True) -> Iterator[MailFile | NoMail]:
    if source == STANDARD_INPUT:
        stream = io.BytesIO(sys.stdin.buffer.read())
        return _from_stream("standard input", stream, is_mail=True, opens_zip=opens_zip)
    if not source:  # which is the folder we are in to Path
        raise click.ClickException("FILE is empty; name a file or folder, or - for standard input")
    path = Path(source)
    return _from_folder(path) if path.is_dir() else _from_file(path, is_mail=True, opens_zip=opens_zip)
