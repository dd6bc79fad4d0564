"""`scop firewall why` and `scop reputation why`: how somebody is met, and all that this follows from."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.base import printable
from scop.cli.shared import ask, config_option, console, json_option, print_json
from scop.mesh.vocabulary.receiver import ExplainSubject
from scop.reputation.subjects import SubjectKind, kind_of

__all__ = ["why"]

MAX_SENTENCE = 1_000
_WORDS = {"welcome": "is let in", "delay": "waits for its greeting", "refuse": "is refused"}
# Nobody is refused for a domain: it is told of in the list, for others.
_DOMAIN_WORDS = {"welcome": "is not listed", "delay": "is not listed yet", "refuse": "stands to be listed"}


@click.command()
@click.argument("subject")
@config_option
@json_option
def why(subject: str, config: Path, as_json: bool) -> None:
    """Say how SUBJECT, an address, a network or a domain, is met, and why; other people's lists are asked anew.

    Exit status 1 if it is refused; of a domain, if it stands to be listed.
    """
    found = ask(config, "receiver", ExplainSubject(subject))
    if as_json:
        print_json(found)
    else:
        words = _DOMAIN_WORDS if kind_of(found.subject) is SubjectKind.DOMAIN else _WORDS
        console.print(f"{found.subject} {words[found.standing]}.", markup=False)
        for sentence in found.sentences:
            console.print(f"  {printable(sentence, limit=MAX_SENTENCE)}", markup=False)
    sys.exit(1 if found.standing == "refuse" else 0)
