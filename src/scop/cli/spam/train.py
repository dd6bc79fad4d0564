"""`scop spam train`: train the filter from mail that people have sorted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.progress import Progress

from scop.cli.mail_files import MailFile, read_mails
from scop.cli.shared import Operator, config_option, console, json_option, print_json, with_operator
from scop.mesh.vocabulary.filter import InstallModel, ModelStatus
from scop.spam import Classifier, Label
from scop.spam.classifier import MIN_MAILS

__all__ = ["train"]

PIECE_OCTETS = 1 << 20


def _mails(paths: tuple[Path, ...]) -> list[bytes]:
    mails = [found.octets for path in paths for found in read_mails(path) if isinstance(found, MailFile)]
    if not mails:  # a model of nothing would replace a good one
        raise click.ClickException(f"there is no mail in {', '.join(str(path) for path in paths)}")
    return mails


def _labelled(ham: list[bytes], spam_mails: list[bytes]) -> Iterator[tuple[bytes, Label]]:
    yield from ((mail, Label.HAM) for mail in ham)
    yield from ((mail, Label.SPAM) for mail in spam_mails)


async def _install(operator: Operator, model: bytes) -> ModelStatus:
    """Hand a model to the running filter, piece by piece."""
    status = ModelStatus(0, 0, 0)
    for offset in range(0, len(model), PIECE_OCTETS):
        piece = model[offset : offset + PIECE_OCTETS]
        status = await operator.caller("filter").call(InstallModel(offset, len(model), piece))
    return status


@click.command()
@click.option("--ham", multiple=True, type=click.Path(path_type=Path), help="Wanted mail: folder, mbox or archive.")
@click.option("--spam", "spam_paths", multiple=True, type=click.Path(path_type=Path), help="Spam, likewise.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the model here instead of installing it.")
@config_option
@json_option
def train(
    ham: tuple[Path, ...], spam_paths: tuple[Path, ...], output: Path | None, config: Path, as_json: bool
) -> None:
    """Learn from sorted mail, and put the model in use in the running mesh."""
    if not ham or not spam_paths:
        raise click.ClickException("training needs both kinds of mail: --ham PATH and --spam PATH")
    classifier = Classifier()
    ham_mails, spam_mails = _mails(ham), _mails(spam_paths)
    with Progress(console=console, transient=True, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("learning", total=len(ham_mails) + len(spam_mails))
        for mail, label in _labelled(ham_mails, spam_mails):
            classifier.learn(mail, label)
            progress.advance(task)
    model = classifier.save()
    if output is not None:
        output.write_bytes(model)
    else:
        with_operator(config, lambda operator: _install(operator, model))
    told = {"ham": len(ham_mails), "spam": len(spam_mails), "model_octets": len(model)}
    if as_json:
        print_json(told)
    else:
        where = str(output) if output else "the running filter"
        console.print(
            f"learned {told['ham']} ham and {told['spam']} spam; {where} has a model of {len(model):,} octets"
        )
        if min(told["ham"], told["spam"]) < MIN_MAILS:
            console.print(f"every mail stays unsure until there are {MIN_MAILS} of each kind")
