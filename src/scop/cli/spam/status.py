"""`scop spam status`: what the filter has learned, and from whom."""

from __future__ import annotations

from pathlib import Path

import click

from scop.cells.filter.explaining import stated
from scop.cli.shared import ask, config_option, json_option, print_json, print_table
from scop.cli.spam.explain_shown import thresholds_told
from scop.cli.spam.model_files import read
from scop.mesh.vocabulary.filter import ModelStatus, ReadModelStatus

__all__ = ["status"]


@click.command()
@click.option("--model", type=click.Path(path_type=Path, dir_okay=False), help="Show this file, without a mesh.")
@config_option
@json_option
def status(model: Path | None, config: Path, as_json: bool) -> None:
    """Show how many mails the running filter has learned, who taught them, and how much ham it is expected to lose."""
    told = ask(config, "filter", ReadModelStatus()) if model is None else _of_file(model)
    if as_json:
        print_json(told)
        return
    click.echo(f"{told.tokens:,} features of mail are known")
    print_table(("taught by", "ham", "spam"), _rows(told) if model is None else _rows(told)[-1:])
    click.echo(
        thresholds_told(told.thresholds) if told.thresholds else "Too little was learned to be sure of anything."
    )


def _of_file(path: Path) -> ModelStatus:
    classifier = read(path)
    return ModelStatus(
        classifier.ham_count, classifier.spam_count, classifier.token_count, thresholds=stated(classifier)
    )


def _rows(told: ModelStatus) -> list[tuple[str, str, str]]:
    people = "1 person" if told.people == 1 else f"{told.people} people"
    trained_ham = told.ham - told.people_ham - told.own_ham
    trained_spam = told.spam - told.people_spam - told.own_spam
    counts = (
        ("training", trained_ham, trained_spam),
        (people, told.people_ham, told.people_spam),
        ("its own sure verdicts", told.own_ham, told.own_spam),
        ("all", told.ham, told.spam),
    )
    return [(who, f"{ham:,}", f"{spam:,}") for who, ham, spam in counts]
