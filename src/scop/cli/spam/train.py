"""`scop spam train`: have the filter learn from mail that people have sorted, in the mesh or in a file."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import click
from rich.progress import Progress

from scop.cli.shared import Operator, config_option, console, json_option, print_json, with_operator
from scop.cli.spam.arrivals import arrival_of
from scop.cli.spam.filter_weighing import without_our_fields
from scop.cli.spam.model_files import opened
from scop.cli.spam.train_sources import Kind, in_turn
from scop.mesh.vocabulary.filter import MAX_LESSON_OCTETS, LearnMail, ReadModelStatus
from scop.net.faults import TemporaryFailure
from scop.spam import digest_of
from scop.spam.classifier import MIN_MAILS

__all__ = ["train"]

ONE_SIDED = 100  # mails of one kind in a row, after which a model leans to it
AT_ONCE = 32  # lessons on their way, which share a sync
STAMPS_OCTETS = 65_536  # of ours above a mail, at most
RETRIES, PAUSE_SECONDS = 5, 1.0  # of a filter that was killed, and is back within seconds

Learn: TypeAlias = Callable[[str, bytes], Awaitable[bool]]  # (label, octets): whether that is new


@dataclass(slots=True)
class _Told:
    """What came of it."""

    learned: dict[str, int] = field(default_factory=lambda: {"ham": 0, "spam": 0, "": 0})  # "": forgotten
    known: int = 0  # lessons that changed nothing
    model_ham: int = 0
    model_spam: int = 0


def _paths(_context: click.Context, _option: click.Parameter, named: tuple[str, ...]) -> tuple[Path, ...]:
    if "" in named:  # which is the folder we are in to Path
        raise click.ClickException("a path of mail is empty; name a folder, an mbox or an archive")
    return tuple(map(Path, named))


@click.command()
@click.option("--ham", multiple=True, metavar="PATH", callback=_paths, help="Wanted mail: folder, mbox or archive.")
@click.option("--spam", "spam_paths", multiple=True, metavar="PATH", callback=_paths, help="Spam, likewise.")
@click.option("--forget", multiple=True, metavar="PATH", callback=_paths, help="Mail to unlearn, likewise.")
@click.option("--model", type=click.Path(path_type=Path), help="Teach the model in this file instead of the mesh's.")
@click.option("--domain", multiple=True, help="With --model, a domain of our people and of our mail servers.")
@config_option
@json_option
def train(
    ham: tuple[Path, ...],
    spam_paths: tuple[Path, ...],
    forget: tuple[Path, ...],
    model: Path | None,
    domain: tuple[str, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Learn from sorted mail: folders, Maildirs, mbox files, tar and zip archives.

    Each mail counts once, however often it is named: training that was interrupted, or has more mail, is run again. A
    mail that is named under the other kind is learned anew as that. The running filter goes on to weigh mail
    meanwhile. A model in a FILE is for `scop spam filter`, `proxy` and `milter`; beside it, in FILE.lessons, lies what
    was learned, so that it can be unlearned. Both kinds in one command are learned in turn, which makes a better model
    than one after the other.
    """
    if not (ham or spam_paths or forget):
        raise click.ClickException("name the mail to learn from: --ham PATH, --spam PATH, or --forget PATH to unlearn")
    if both := sorted(set(ham) & set(spam_paths)):
        raise click.ClickException(f"{both[0]} is named by --ham and by --spam; sort it first")
    if domain and model is None:
        raise click.UsageError("--domain is for a model in a FILE; the mesh knows its own domain")
    kinds = Kind.at("ham", ham), Kind.at("spam", spam_paths), Kind.at("", forget)
    try:
        if model is None:
            told = with_operator(config, lambda operator: _in_mesh(operator, kinds))
        else:
            told = asyncio.run(_in_file(model, domain, kinds))
    except KeyboardInterrupt:
        click.echo("scop: interrupted; what was learned is kept, and the same command goes on from there", err=True)
        raise
    _say(told, str(model or "the running filter"), as_json=as_json)


async def _in_mesh(operator: Operator, kinds: tuple[Kind, ...]) -> _Told:
    caller = operator.caller("filter")

    async def learn(label: str, octets: bytes) -> bool:
        lesson = LearnMail("", label, octets[: MAX_LESSON_OCTETS + STAMPS_OCTETS])
        for _ in range(RETRIES):
            try:
                return not (await caller.call(lesson)).again
            except TemporaryFailure:  # it may have learned that, or not: to be told twice changes nothing
                await asyncio.sleep(PAUSE_SECONDS)
        return not (await caller.call(lesson)).again

    told = await _learned(kinds, learn)
    status = await caller.call(ReadModelStatus())
    told.model_ham, told.model_spam = status.ham, status.spam
    return told


async def _in_file(path: Path, own_domains: tuple[str, ...], kinds: tuple[Kind, ...]) -> _Told:
    async with _teachable(path, own_domains) as (learn, counts):
        told = await _learned(kinds, learn)
        told.model_ham, told.model_spam = counts()
        return told


@asynccontextmanager
async def _teachable(
    path: Path, own_domains: tuple[str, ...]
) -> AsyncIterator[tuple[Learn, Callable[[], tuple[int, int]]]]:
    model = opened(path, own_domains)

    async def learn(label: str, octets: bytes) -> bool:
        own = model.classifier.acquaintances.own_domains
        below, connection = arrival_of(octets[: MAX_LESSON_OCTETS + STAMPS_OCTETS], own)
        mail = without_our_fields(below)[:MAX_LESSON_OCTETS]  # labelled or not, it is one mail
        if not label:
            return await model.take_back(digest_of(mail))
        return await model.learn(mail, label, connection=connection)

    try:
        yield learn, lambda: (model.classifier.ham_count, model.classifier.spam_count)
    finally:  # also when somebody interrupts it: what was learned is kept
        await model.close()


async def _learned(kinds: tuple[Kind, ...], learn: Learn) -> _Told:
    told = _Told()
    mails = in_turn(*kinds)
    with Progress(console=console, transient=True, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("learning", total=sum(kind.total for kind in kinds))
        while batch := list(islice(mails, AT_ONCE)):
            news = await asyncio.gather(*(learn(label, octets) for label, octets in batch))
            for (label, _), is_new in zip(batch, news, strict=True):
                told.learned[label] += is_new
                told.known += not is_new
            progress.advance(task, len(batch))
    return told


def _say(told: _Told, where: str, *, as_json: bool) -> None:
    ham, spam, forgotten = (told.learned[label] for label in ("ham", "spam", ""))
    if as_json:
        print_json(
            {
                "ham": ham,
                "spam": spam,
                "forgotten": forgotten,
                "known": told.known,
                "model_ham": told.model_ham,
                "model_spam": told.model_spam,
            }
        )
        return
    for line in _lines(told, where):
        console.print(line)


def _lines(told: _Told, where: str) -> Iterator[str]:
    ham, spam, forgotten = (told.learned[label] for label in ("ham", "spam", ""))
    unlearned = f", forgot {forgotten}" if forgotten else ""
    known = f" ({told.known} changed nothing)" if told.known else ""
    yield f"learned {ham} ham and {spam} spam{unlearned}{known}; {where} knows {told.model_ham} and {told.model_spam}"
    if min(told.model_ham, told.model_spam) < MIN_MAILS:
        yield f"every mail stays unsure until there are {MIN_MAILS} of each kind"
    elif max(ham, spam) >= ONE_SIDED and not min(ham, spam):
        yield "all of it was of one kind: --ham and --spam in one command are learned in turn, and make a better model"
