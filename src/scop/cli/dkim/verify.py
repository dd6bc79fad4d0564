"""`scop dkim verify`: what each seal of a mail says, whether it holds, and why."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from scop.base import RemoteProtocolError, printable
from scop.cli.check_names import NamesChoice, asked_json, print_asked, run_check
from scop.cli.mail_files import on_the_wire
from scop.cli.mail_read import file_argument, mails_in
from scop.cli.shared import json_option, print_json, print_table, when
from scop.dkim import DkimResult, DkimWord, Signature, parse_signature
from scop.dkim import verify as verify_mail
from scop.dkim.header import Header, split_message
from scop.net.noted_names import Asked

__all__ = ["verify"]


@dataclass(frozen=True, slots=True)
class _Seal:
    """One signature: what came of it, and what it says where it can be read."""

    result: DkimResult
    signature: Signature | None
    covered: str = ""  # the names of the fields it covers, for people


@click.command()
@file_argument
@NamesChoice.options
@json_option
def verify(file: str, zone: Path | None, server: str, config: Path, as_json: bool) -> None:
    """Check each seal of a mail: whose it is, by which key, what it covers, and whether it holds.

    FILE is a mail, or a folder, Maildir, mbox or tar archive with many; "-" is standard input. Exit status 1 where a
    mail has no seal that holds, 2 where the DNS could not say whether one does.
    """
    choice = NamesChoice(zone, server, config)
    status = 0
    for found, _ in mails_in(file):
        octets = on_the_wire(found.octets)
        results, asked = run_check(verify_mail(octets, now=time.time()), choice)
        seals = [_Seal(result, *said) for result, said in zip(results, _signatures(octets), strict=False)]
        status = max(status, _status(results))
        if as_json:
            print_json(
                {"name": printable(found.name), "signatures": [*map(_record, seals)], "asked": asked_json(asked)}
            )
        else:
            _print(found.name, seals, asked)
    sys.exit(status)


def _status(results: Iterable[DkimResult]) -> int:
    words = {result.result for result in results}
    if DkimWord.PASS in words:
        return 0
    return 2 if DkimWord.TEMPERROR in words else 1


def _signatures(octets: bytes) -> Iterator[tuple[Signature | None, str]]:
    header, _ = split_message(octets)
    for field in header.named(b"dkim-signature"):
        try:
            signature = parse_signature(field)
            yield signature, _covered(signature, header)
        except RemoteProtocolError:
            yield None, ""


def _covered(signature: Signature, header: Header) -> str:
    """Return each name once, with "+" where one more field of that name would break the seal."""
    words = []
    for name, count in Counter(signature.signed_fields).items():
        words.append(name.decode("ascii") + ("+" if count > len(header.named(name)) else ""))
    return " ".join(words)


def _record(seal: _Seal) -> dict[str, object]:
    result, signature = seal.result, seal.signature
    told: dict[str, object] = {
        "result": str(result.result),
        "domain": result.domain,
        "selector": result.selector,
        "identity": result.identity,
        "algorithm": result.algorithm,
        "reason": result.reason,
        "unsigned_octets": result.unsigned_octets,
        "is_testing": result.is_testing,
    }
    if signature is not None:
        told |= {
            "canonicalization": f"{signature.header_canonicalization}/{signature.body_canonicalization}",
            "signed_fields": [name.decode("ascii") for name in signature.signed_fields],
            "body_length": signature.body_length,
            "signed_unix": signature.signed_unix,
            "expires_unix": signature.expires_unix,
        }
    return told


def _print(name: str, seals: list[_Seal], asked: tuple[Asked, ...]) -> None:
    rows = [
        (str(number), str(one.result.result), one.result.domain, one.result.selector, one.result.algorithm, _why(one))
        for number, one in enumerate(seals, start=1)
    ]
    if rows:
        print_table(("seal", "result", "domain", "selector", "algorithm", "why"), rows, title=printable(name))
        print_table(
            ("seal", "covers (+: so that none can be added)"),
            [(str(n), _covers(one)) for n, one in enumerate(seals, 1) if one.signature],
        )
        print_asked(asked)
    click.echo(_sentence([one.result for one in seals]))


def _why(seal: _Seal) -> str:
    """Return why a seal holds or not, and what to be wary of though it does."""
    remarks = [seal.result.reason]
    if seal.result.result is DkimWord.PASS and not seal.result.reason:
        remarks = ["the mail is as it was sealed"]
    if seal.result.unsigned_octets:
        remarks.append("anybody may have added them (l=)")
    if seal.result.is_testing:
        remarks.append("its owner is only testing (t=y)")
    return "; ".join(remarks)


def _covers(seal: _Seal) -> str:
    signature = seal.signature
    assert signature is not None
    forms = f"{signature.header_canonicalization}/{signature.body_canonicalization}"
    length = "the whole body" if signature.body_length is None else f"{signature.body_length} octets of the body"
    times = f"signed {when(signature.signed_unix)}" if signature.signed_unix is not None else "says not when"
    if signature.expires_unix is not None:
        times += f", holds until {when(signature.expires_unix)}"
    return f"{length}, {seal.covered} ({forms}, {times})"


def _sentence(results: list[DkimResult]) -> str:
    domains = dict.fromkeys(result.domain for result in results if result.result is DkimWord.PASS)
    if domains:
        return f"{' and '.join(domains)} {'take' if len(domains) > 1 else 'takes'} responsibility for this mail."
    if not results:
        return "Nobody takes responsibility for this mail: it has no seal."
    if any(result.result is DkimWord.TEMPERROR for result in results):
        return (
            "Whether anybody takes responsibility for this mail could not be found out: a key could not be asked for."
        )
    return "Nobody takes responsibility for this mail: no seal holds."
