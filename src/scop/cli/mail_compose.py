"""`scop mail compose`: writes a mail from texts and files, as the next hop can carry it."""

from __future__ import annotations

import datetime
import mimetypes
import re
import secrets
import sys
import urllib.parse
from pathlib import Path
from typing import TypedDict, Unpack

import click

from scop.cli.mail_files import STANDARD_INPUT
from scop.cli.shared import json_option, print_json
from scop.mime import Address, Attachment, Group, NextHop, compose_chunks, parse_addresses
from scop.mime.fields import FieldValue, parse_field
from scop.mime.fields.dates import parse_date
from scop.mime.fields.domains import to_ascii

__all__ = ["compose"]

_FIELD = re.compile(r"([!-9;-~]+):[ \t]*(.*)", re.DOTALL)
_LINE_END = re.compile(r"[\r\n\0]")
_UNKNOWN_TYPE = "application/octet-stream"
_ADDRESS_FIX = "write it as local@domain or 'Name <local@domain>'"
# What `compose_chunks` calls its values → the option that gives them, and what would be right.
_OPTIONS = {
    "author": ("--from", _ADDRESS_FIX),
    "sender": ("--sender", _ADDRESS_FIX),
    "reply_to": ("--reply-to", _ADDRESS_FIX),
    "to": ("--to", _ADDRESS_FIX),
    "cc": ("--cc", _ADDRESS_FIX),
    "bcc": ("--bcc", _ADDRESS_FIX),
    "subject": ("--subject", "write it on one line"),
    "message_id": ("--message-id", "write it as unique@domain"),
    "fields": ("--header", "it has an option of its own, or follows from the parts"),
}
_NAMED = re.compile(rf" in ({'|'.join(_OPTIONS)})\b")
_types = mimetypes.MimeTypes(filenames=())  # Python's own table, so that a mail is the same on every machine


class Given(TypedDict):
    """The options that say what the mail is."""

    author: tuple[str, ...]
    sender: str | None
    reply_to: tuple[str, ...]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    subject: str
    text: str | None
    html: str | None
    attach: tuple[Path, ...]
    inline: tuple[str, ...]
    header: tuple[str, ...]
    date: str | None
    message_id: str | None
    next_hop: str


@click.command()
@click.option("--from", "author", multiple=True, required=True, metavar="ADDRESS", help="Whose mail it is.")
@click.option("--sender", metavar="ADDRESS", help="Who sends it, where that is another.")
@click.option("--reply-to", multiple=True, metavar="ADDRESS", help="Where answers go.")
@click.option("--to", multiple=True, metavar="ADDRESS", help="A recipient; repeat for more.")
@click.option("--cc", multiple=True, metavar="ADDRESS", help="Likewise, for their information.")
@click.option("--bcc", multiple=True, metavar="ADDRESS", help="Named by --json for the envelope; never in the mail.")
@click.option("--subject", default="", help="Any text, on one line.")
@click.option("--text", metavar="FILE|-", help="The text, in UTF-8; default without --html: standard input.")
@click.option("--html", metavar="FILE|-", help="The same text as HTML.")
@click.option("--attach", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="Repeat for more.")
@click.option(
    "--inline", multiple=True, metavar="[ID=]FILE", help="The HTML shows it as cid:ID; without ID as cid:NAME@DOMAIN."
)
@click.option("--header", multiple=True, metavar="'NAME: VALUE'", help="A further field; repeat for more.")
@click.option("--date", help="As mails write it; default: now.")
@click.option("--message-id", metavar="ID", help="Default: a random one at the domain of the first author.")
@click.option(
    "--next-hop",
    type=click.Choice([hop.value for hop in NextHop]),
    default=NextHop.ASCII.value,
    show_default=True,
    help="What the host that takes the mail can carry; so parts are encoded.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Write the mail here instead of to standard output.")
@json_option
def compose(output: Path | None, as_json: bool, **given: Unpack[Given]) -> None:
    """Write a mail: text, HTML, inline images, attachments.

    Octets go to standard output or to a file; with --json and without --output they are in base64.
    """
    octets = _written(given)
    if output is not None:
        output.write_bytes(octets)
    if as_json:
        told = {"size_octets": len(octets), "recipients": _recipients(given)}
        print_json(told | ({"octets": octets} if output is None else {"output": str(output)}))
    elif output is None:
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()


def _written(given: Given) -> bytes:
    if STANDARD_INPUT == given["text"] == given["html"]:
        raise click.ClickException("--text and --html cannot both be standard input; name a file for one of them")
    text = given["text"] or (None if given["html"] else STANDARD_INPUT)
    domain = _domain(given["author"][0])
    try:
        chunks = compose_chunks(
            author=given["author"],
            sender=given["sender"],
            reply_to=given["reply_to"],
            to=given["to"],
            cc=given["cc"],
            bcc=given["bcc"],
            subject=given["subject"],
            text=None if text is None else _read_text("--text", text),
            html=None if given["html"] is None else _read_text("--html", given["html"]),
            attachments=[_attachment(path) for path in given["attach"]],
            inline=[_inline(wanted, domain) for wanted in given["inline"]],
            fields=[_field(line) for line in given["header"]],
            date=_date(given["date"]),
            message_id=given["message_id"] or f"{secrets.token_hex(12)}@{domain}",
            next_hop=NextHop(given["next_hop"]),
        )
        return b"".join(chunks)
    except ValueError as error:
        raise click.ClickException(_complaint(str(error))) from None


def _complaint(reason: str) -> str:
    """Return what `compose_chunks` says in the words of our options."""
    what, _, rest = reason.partition(": ")
    option, fix = _OPTIONS.get(what, ("", ""))
    if what == "inline attachments need HTML that shows them":
        return "--inline: no HTML shows it; give --html, or --attach the file"
    if "needs a next hop with SMTPUTF8" in reason:
        said = f"{option or what}: {rest}" if rest else reason
        return f"{said}: say --next-hop smtputf8, or use an ASCII address"
    named = _NAMED.search(reason)
    if named is not None:
        option, fix = _OPTIONS[named[1]]
        rest = _NAMED.sub("", reason)
    return f"{option}: {rest}; {fix}" if option else reason


def _domain(author: str) -> str:
    """Return the domain of ids that we make, in ASCII, so that any next hop can carry them."""
    found = parse_addresses(author)
    domain = found[0].domain if found and isinstance(found[0], Address) else ""
    try:
        return to_ascii(domain) or "localhost"
    except ValueError:  # no domain at all: the address is refused later, by its option
        return "localhost"


def _recipients(given: Given) -> list[str]:
    """Return the addr-specs of the envelope."""
    everyone = [one for text in (*given["to"], *given["cc"], *given["bcc"]) for one in parse_addresses(text)]
    mailboxes = [mailbox for one in everyone for mailbox in (one.members if isinstance(one, Group) else (one,))]
    return list(dict.fromkeys([mailbox.addr_spec for mailbox in mailboxes]))


def _read_text(option: str, source: str) -> str:
    try:
        octets = sys.stdin.buffer.read() if source == STANDARD_INPUT else Path(source).read_bytes()
        return octets.decode()
    except OSError as error:
        raise click.ClickException(f"{option} {source}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.ClickException(f"{option} {source}: not UTF-8; convert it, or send it with --attach") from None


def _attachment(path: Path, content_id: str = "") -> Attachment:
    option = "--inline" if content_id else "--attach"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{option} {path}: {error.strerror}") from None
    try:
        return Attachment(path.name, _media_type(path), content, content_id)
    except ValueError as error:
        raise click.ClickException(f"{option} {path}: {error}; rename the file") from None


def _media_type(path: Path) -> str:
    media, compression = _types.guess_type(path.name)
    return _UNKNOWN_TYPE if media is None or compression is not None else media


def _inline(wanted: str, domain: str) -> Attachment:
    content_id, equals, file = wanted.partition("=")
    if not equals or Path(wanted).exists():
        file = wanted
        content_id = f"{urllib.parse.quote(Path(wanted).name, safe='')}@{domain}"
    return _attachment(Path(file), content_id)


def _field(line: str) -> tuple[str, FieldValue]:
    match = _FIELD.fullmatch(line)
    if match is None:
        raise click.ClickException(f"--header {line!r}: no field; write it as 'Name: value'")
    if _LINE_END.search(match[2]):
        raise click.ClickException(f"--header {match[1]}: a line end would begin another field; write it on one line")
    return match[1], parse_field(match[1], match[2])


def _date(text: str | None) -> datetime.datetime:
    if text is None:
        return datetime.datetime.now().astimezone().replace(microsecond=0)
    found = parse_date(text)
    if found is None:
        raise click.ClickException(f"--date {text!r}: no date; write it as 'Wed, 25 Nov 2026 09:00:00 +0000'")
    return found
