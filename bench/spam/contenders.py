"""Who is measured: each learns and judges mails in batches, and begins anew as often as a protocol wants."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias

from bench.peers import rspamd_bayes, spamassassin
from bench.spam.mails import Labelled
from scop.cli.shared import console
from scop.cli.spam.evaluate_trainees import Advance, Bogofilter, Ours, bogofilter_is_there
from scop.spam.evaluation import Trainee

__all__ = ["BOGOFILTER", "LEAST", "NAMES", "OURS", "Begin", "contenders"]

OURS, BOGOFILTER, SPAMASSASSIN, RSPAMD = NAMES = "scop", "bogofilter", "SpamAssassin", "rspamd"

LEAST = 200  # as both are shipped

Begin: TypeAlias = Callable[[Advance], Trainee[Labelled]]  # one that has learned nothing, and tells how far it is


class Server(Trainee[Labelled], Protocol):
    """One that lives in processes of its own, which take long to come up and begin anew many times."""

    def begin_anew(self, advance: Advance) -> None:
        """Forget all that was learned."""

    def close(self) -> None:
        """End its processes."""


def contenders(folder: Path, life: ExitStack, only: Collection[str] = NAMES, least: int = LEAST) -> Mapping[str, Begin]:
    """Return who of `only` is there to be measured, ours first; what they run in `folder` ends with `life`.

    SpamAssassin and rspamd say nothing before `least` lessons of each kind. It is said aloud who is not there.
    """
    begins: dict[str, Begin] = {
        OURS: lambda advance: Ours(advance=advance),
        BOGOFILTER: Bogofilter,
        SPAMASSASSIN: _kept(partial(spamassassin.SpamAssassin, folder / SPAMASSASSIN, least), life),
        RSPAMD: _kept(partial(rspamd_bayes.RspamdBayes, folder / RSPAMD, least), life),
    }
    lacking = {
        BOGOFILTER: None if bogofilter_is_there() else "bogofilter",
        SPAMASSASSIN: spamassassin.lacking(),
        RSPAMD: rspamd_bayes.lacking(),
    }
    chosen = {name: begin for name, begin in begins.items() if name in only}
    for name in chosen:
        if package := lacking.get(name):
            console.print(f"[bold red]NOT MEASURED: {name}[/]: the package {package} is not installed")
    return {name: begin for name, begin in chosen.items() if not lacking.get(name)}


def _kept(start: Callable[[], Server], life: ExitStack) -> Begin:
    """Start a server when it is first wanted, and have it begin anew each time."""
    started: list[Server] = []

    def begin(advance: Advance) -> Trainee[Labelled]:
        if not started:
            started.append(life.enter_context(closing(start())))
        started[0].begin_anew(advance)
        return started[0]

    return begin
