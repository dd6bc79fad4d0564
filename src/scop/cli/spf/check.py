"""`scop spf check`: each identity, each term that was looked at, each question, and the sentence that decides."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import click
from rich.text import Text
from rich.tree import Tree

from scop.base import printable
from scop.cli.check_names import NamesChoice, asked_json, print_asked, run_check
from scop.cli.shared import COULD_NOT, IS_NO, console, json_option, print_json
from scop.dns import Answer, Question
from scop.net.noted_names import Asked
from scop.smtp import ReversePath
from scop.spf import (
    SpfClient,
    SpfIdentity,
    SpfOptions,
    SpfResult,
    SpfWord,
    check_helo,
    check_mail_from,
    policy_for,
    received_spf,
)
from scop.spf.address import Address

__all__ = ["check"]

RECEIVER = "unknown"  # RFC 7208 §7.3: the name of who checks, where there is none


@dataclass(frozen=True, slots=True)
class _Checked:
    """One identity: what was found, and the policy that would let it pass."""

    identity: SpfIdentity
    result: SpfResult
    advised: str = ""


_Found: TypeAlias = Generator[Question, Answer, tuple[_Checked, ...]]


@click.command()
@click.argument("ip")
@click.option("--mail-from", metavar="ADDRESS", default="", help="The reverse path; <> or nothing for a notice.")
@click.option("--helo", metavar="NAME", default="", help="What the client calls itself.")
@NamesChoice.options
@json_option
def check(*, ip: str, mail_from: str, helo: str, zone: Path | None, server: str, config: Path, as_json: bool) -> None:
    """Check whether the client at IP may send from --mail-from, and may call itself --helo.

    Names are asked of the running mesh's resolver, of --server, or found in a master file (--zone).

    Status 0: SPF of MAIL FROM (of HELO, where there is none) passes; 1: it does not; 2: the DNS could not say.
    """
    client = SpfClient(_address(ip), helo, _sender(mail_from), RECEIVER)
    if not client.mail_from and not helo:
        raise click.UsageError("say who sends: --mail-from, --helo or both")
    found, asked = run_check(_found(client), NamesChoice(zone, server, config))
    if as_json:
        print_json(_record(client, found, asked))
    else:
        _print(client, found, asked)
    sys.exit(_status(found[0].result.result))


def _address(ip: str) -> str:
    try:
        return str(Address.parse(ip))
    except ValueError:
        raise click.UsageError(f"{printable(ip)} is no IPv4 or IPv6 address, such as 192.0.2.1") from None


def _sender(mail_from: str) -> str:
    bare = mail_from.removeprefix("<").removesuffix(">")
    try:
        mailbox = ReversePath.parse(f"<{bare}>").mailbox
    except ValueError as fault:
        raise click.UsageError(f"--mail-from {printable(mail_from)}: {fault}") from None
    return str(mailbox) if mailbox else ""


def _found(client: SpfClient) -> _Found:
    """Check the identities that there are, the one that decides first."""
    options = SpfOptions(now_unix=int(time.time()), notes_steps=True)
    checked: list[_Checked] = []
    if client.mail_from:
        result = yield from check_mail_from(client.ip, client.mail_from, client.helo, options)
        checked.append((yield from _advised(SpfIdentity.MAIL_FROM, client, result)))
    if client.helo:
        result = yield from check_helo(client.ip, client.helo, options)
        checked.append((yield from _advised(SpfIdentity.HELO, client, result)))
    return tuple(checked)


def _advised(identity: SpfIdentity, client: SpfClient, result: SpfResult) -> Generator[Question, Answer, _Checked]:
    advised = ""
    if result.result not in (SpfWord.PASS, SpfWord.TEMPERROR):
        try:
            advised = yield from policy_for(result.domain, (client.ip,))
        except ValueError:  # no name to publish anything at
            advised = ""
    return _Checked(identity, result, advised)


def _status(word: SpfWord) -> int:
    if word is SpfWord.TEMPERROR:
        return COULD_NOT
    return 0 if word is SpfWord.PASS else IS_NO


def _sentence(client: SpfClient, one: _Checked) -> str:
    who = f"send from {client.mail_from}" if one.identity is SpfIdentity.MAIL_FROM else f"call itself {client.helo}"
    words = {
        SpfWord.PASS: f"{client.ip} may {who}",
        SpfWord.FAIL: f"{client.ip} may not {who}",
        SpfWord.SOFTFAIL: f"{client.ip} probably may not {who}",
        SpfWord.NEUTRAL: f"{one.result.domain} does not say whether {client.ip} may {who}",
        SpfWord.NONE: f"nobody says who may {who}",
        SpfWord.PERMERROR: f"the policy is broken, so nobody may {who} by it",
        SpfWord.TEMPERROR: f"whether {client.ip} may {who} could not be found out",
    }
    return f"{one.result.result}: {words[one.result.result]}, because {one.result.reason}"


def _record(client: SpfClient, found: tuple[_Checked, ...], asked: tuple[Asked, ...]) -> dict[str, object]:
    return {
        "checks": [
            {
                "identity": str(one.identity),
                "result": str(one.result.result),
                "domain": one.result.domain,
                "mechanism": one.result.mechanism,
                "reason": one.result.reason,
                "explanation": one.result.explanation,
                "sentence": printable(_sentence(client, one), limit=1000),
                "advised": one.advised,
                "received_spf": received_spf(one.result, client, one.identity).to_field(),
                "steps": [
                    {"depth": step.depth, "domain": step.domain, "term": step.term, "outcome": step.outcome}
                    for step in one.result.steps
                ],
            }
            for one in found
        ],
        "asked": asked_json(asked),
    }


def _print(client: SpfClient, found: tuple[_Checked, ...], asked: tuple[Asked, ...]) -> None:
    for one in found:
        console.print(_tree(one))
    if asked:
        print_asked(asked)
    for one in found:
        console.print()
        console.print(_sentence(client, one), markup=False, soft_wrap=True)
        if one.result.explanation:
            console.print(f"the domain says: {one.result.explanation}", markup=False, soft_wrap=True)
        if one.advised:
            advice = f'it would pass by this record at {one.result.domain}: TXT "{one.advised}"'
            console.print(advice, markup=False, soft_wrap=True)
        field = received_spf(one.result, client, one.identity).to_field()
        console.print(field.rstrip().replace("\r\n", "\n"), markup=False, soft_wrap=True)


def _tree(one: _Checked) -> Tree:
    """Return a picture of the terms in their order, those of a policy below the term that led there."""
    root = Tree(Text(f"{one.identity} {printable(one.result.domain)}: {one.result.result}"))
    branches = [root]
    for step in one.result.steps:
        del branches[step.depth + 1 :]
        outcome = step.outcome or "here the check ends"
        branches.append(branches[-1].add(Text(f"{step.domain}: {step.term} – {outcome}")))
    return root
