"""`scop spf received`: the Received-SPF fields of a mail, as somebody on its way wrote them."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import click

from scop.base import RemoteProtocolError, printable
from scop.cli.mail_read import file_argument, mails_in
from scop.cli.shared import console, json_option, print_json, print_table
from scop.spf import ReceivedSpf, parse_received_spf

__all__ = ["received"]

NAME = "received-spf"
_SHOWN = ("identity", "client-ip", "helo", "envelope-from", "receiver")


@dataclass(frozen=True, slots=True)
class _Read:
    """One field, if it can be read at all, and what is wrong with it by the letter of the standard."""

    field: ReceivedSpf | None
    fault: str = ""


@click.command()
@file_argument
@json_option
def received(file: str, as_json: bool) -> None:
    """Show what receivers on the way of a mail wrote about SPF, the last of them first.

    FILE is a mail, or a folder, Maildir, mbox or tar archive with many; "-" is standard input. A sender can write such
    a field too: believe those only that your own receivers wrote. Exit status 1 where a mail has none, or a broken one.
    """
    is_well = True
    for found, message in mails_in(file):
        fields = [_read(each.octets) for each in message.header.fields if each.name.lower() == NAME]
        is_well &= bool(fields) and not any(one.fault for one in fields)
        if as_json:
            print_json({"name": printable(found.name), "fields": [*map(_record, fields)]})
        else:
            _print(found.name, fields)
    sys.exit(0 if is_well else 1)


def _read(octets: bytes) -> _Read:
    try:
        return _Read(parse_received_spf(octets))
    except RemoteProtocolError as fault:
        try:
            return _Read(parse_received_spf(octets, lenient=True), str(fault))
        except RemoteProtocolError:
            return _Read(None, str(fault))


def _record(one: _Read) -> dict[str, object]:
    if one.field is None:
        return {"result": None, "fault": printable(one.fault)}
    return {
        "result": str(one.field.result),
        "comment": one.field.comment,
        "keys": [{"key": key, "value": value} for key, value in one.field.pairs],
        "fault": printable(one.fault),
    }


def _print(name: str, fields: list[_Read]) -> None:
    if not fields:
        console.print(f"{printable(name)}: no Received-SPF field", markup=False)
        return
    rows = [
        (
            str(one.field.result) if one.field else "(cannot be read)",
            *(printable(one.field.get(key)) if one.field else "" for key in _SHOWN),
            printable(one.fault) or "to the letter",
        )
        for one in fields
    ]
    print_table(("result", *_SHOWN, "form"), rows, title=printable(name))
