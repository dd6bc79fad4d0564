"""`scop spam explain`: why a mail is called what it is called, as a picture in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from scop.base import printable
from scop.cells.filter.explaining import explained
from scop.cli.mail_files import read_named
from scop.cli.shared import ask, config_option, json_option, print_json
from scop.cli.spam.arrivals import arrival_of
from scop.cli.spam.explain_shown import print_explained
from scop.cli.spam.filter_weighing import without_our_fields
from scop.cli.spam.model_files import read
from scop.mesh.vocabulary.filter import Explained, ExplainMail
from scop.spam.evidence import evidence_of

__all__ = ["explain"]

MAX_ASKED_OCTETS = 1 << 20  # of a mail, put to the running filter; what is weighed of a mail lies far above


@click.command()
@click.argument("file")
@click.option("--model", type=click.Path(path_type=Path, dir_okay=False), help="Weigh by this file, without a mesh.")
@click.option("--account", default="", help="As this account would see it, by what it has taught.")
@config_option
@json_option
def explain(file: str, model: Path | None, account: str, config: Path, as_json: bool) -> None:
    """Show why the mail in FILE (- for standard input) is called ham, spam or unsure.

    The running filter is asked, which knows what people taught, and what our own server noted of the connection;
    with --model the mail is weighed here.
    """
    octets = _one_mail(file)
    if model is None:
        told = ask(config, "filter", ExplainMail(octets[:MAX_ASKED_OCTETS], account))
    elif account:
        raise click.UsageError("--account: a model's file holds what all have taught; ask the running mesh instead")
    else:
        told = _by_file(model, octets)
    if as_json:
        print_json(told)
    else:
        print_explained(told)


def _one_mail(file: str) -> bytes:
    mails = list(read_named(file))
    if len(mails) != 1:
        raise click.ClickException(f"{printable(file)}: {len(mails)} mails are in it, and one is wanted")
    return mails[0].octets


def _by_file(path: Path, octets: bytes) -> Explained:
    classifier = read(path)
    below, connection = arrival_of(without_our_fields(octets), classifier.acquaintances.own_domains)
    return explained(classifier, evidence_of(below, connection), connection)
