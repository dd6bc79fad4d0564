"""Who is measured: each learns and judges mails in batches, and begins anew in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TypeAlias

from bench.peers import rspamd, spamassassin
from bench.peers.rspamd_bayes import RspamdBayes
from bench.peers.spamassassin import SpamAssassin
from bench.spam.mails import Labelled
from scop.cli.spam.evaluate_trainees import Bogofilter, Ours, bogofilter_is_there
from scop.spam.evaluation import Trainee

__all__ = ["Begin", "contenders"]

Begin: TypeAlias = Callable[[], Trainee[Labelled]]  # one that has learned nothing


def contenders(folder: Path, life: ExitStack, *, slow: bool) -> Mapping[str, Begin]:
    """Return who is there to be measured, ours first; what they run ends with `life`, and when one begins anew."""
    found: dict[str, Begin] = {"scop": Ours}
    if bogofilter_is_there():
        found["bogofilter"] = Bogofilter
    folders = _folders(folder)

    def anew(program: type[SpamAssassin | RspamdBayes]) -> Begin:
        def begin() -> Trainee[Labelled]:
            life.close()
            return life.enter_context(closing(program(next(folders))))

        return begin

    if slow and spamassassin.is_there():
        found["SpamAssassin"] = anew(SpamAssassin)
    if slow and rspamd.is_there():
        found["rspamd"] = anew(RspamdBayes)
    return found


def _folders(below: Path) -> Iterator[Path]:
    number = 0
    while True:
        yield below / str(number)
        number += 1
