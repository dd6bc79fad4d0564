"""Checks a corpus in chunks on several processes, and remembers what is done, so that a run can be taken up again.

The state is a file of JSON lines: what the corpus is, then one line for each chunk as it ends. A line that a crash
cut is no line, and its chunk is done again. Workers share nothing with us but the chunk's numbers, and with each
other nothing at all.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeAlias

import click
import msgspec

from scop.cli.hamlet_peers import Tally, Watch, merged
from scop.hamlet.check import Outcome, check_chunk, chunks_of, corpus_digest
from scop.hamlet.mail import generate

__all__ = ["Corpus", "DoneChunk", "State", "Verdict", "run", "verdict_of"]


class Corpus(msgspec.Struct, frozen=True):
    """What is checked, and against whom."""

    seed: int
    first: int
    count: int
    peers: tuple[str, ...] = ()
    first_mail: str = ""  # by its octets: a grammar that writes other mails makes another corpus

    @classmethod
    def of(cls, seed: int, first: int, count: int, peers: tuple[str, ...]) -> Corpus:
        """Name a corpus."""
        return cls(seed, first, count, peers, corpus_digest([generate(seed, first)]))


class DoneChunk(msgspec.Struct, frozen=True):
    """What became of one chunk."""

    first: int
    mails: int
    octets: int
    digest: bytes
    failures: tuple[Outcome, ...]
    peers: dict[str, Tally]


_Place: TypeAlias = tuple[int, int]


@dataclass(slots=True)
class State:
    """The file that remembers a run."""

    path: Path
    chunks: list[DoneChunk]
    _file: BinaryIO

    @classmethod
    def opened(cls, path: Path, corpus: Corpus) -> State:
        """Take up the run of `corpus` that `path` remembers, or begin one."""
        lines = path.read_bytes().split(b"\n") if path.exists() else []
        whole = lines[:-1]  # the last one is empty, or was cut
        if whole and _header(whole[0]) != corpus:
            raise click.ClickException(f"{path} remembers a run of another corpus; remove it, or say --state FILE")
        chunks = [msgspec.json.decode(line, type=DoneChunk) for line in whole[1:]]
        file = path.open("r+b" if whole else "wb")
        file.truncate(sum(len(line) + 1 for line in whole))
        file.seek(0, os.SEEK_END)
        state = cls(path, chunks, file)
        if not whole:
            state._write(corpus)
        return state

    def add(self, chunk: DoneChunk) -> None:
        """Remember a chunk."""
        self.chunks.append(chunk)
        self._write(chunk)

    def _write(self, record: Corpus | DoneChunk) -> None:
        self._file.write(msgspec.json.encode(record) + b"\n")
        self._file.flush()

    def close(self, *, forget: bool) -> None:
        """End; a run that is over need not be remembered."""
        self._file.close()
        if forget:
            self.path.unlink(missing_ok=True)


def _header(line: bytes) -> Corpus | None:
    try:
        return msgspec.json.decode(line, type=Corpus)
    except msgspec.DecodeError:
        return None


def run(corpus: Corpus, state: State, jobs: int) -> Iterator[DoneChunk]:
    """Check what is not done yet, on so many processes, and yield each chunk when it is remembered."""
    done = {chunk.first for chunk in state.chunks}
    places = iter([place for place in chunks_of(corpus.first, corpus.count) if place[0] not in done])
    for chunk in _alone(corpus, places) if jobs == 1 else _together(corpus, places, jobs):
        state.add(chunk)
        yield chunk


def _alone(corpus: Corpus, places: Iterator[_Place]) -> Iterator[DoneChunk]:
    for place in places:
        yield _check(corpus, place)


def _together(corpus: Corpus, places: Iterator[_Place], jobs: int) -> Iterator[DoneChunk]:
    # A process of its own kind, not a fork: nothing of ours is in it.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin_worker) as pool:
        try:
            working: set[Future[DoneChunk]] = {pool.submit(_check, corpus, place) for place in islice(places, 2 * jobs)}
            while working:
                ended, working = wait(working, return_when=FIRST_COMPLETED)
                working |= {pool.submit(_check, corpus, place) for place in islice(places, len(ended))}
                yield from [future.result() for future in ended]
        except BrokenProcessPool:
            raise click.ClickException("a worker died (out of memory?); the same command goes on from here") from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    """Let Ctrl-C, which every process of a terminal hears, be our parent's matter alone, and end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the parent does; one that is killed closes nothing, and its workers would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _check(corpus: Corpus, place: _Place) -> DoneChunk:
    first, mails = place
    watch = Watch(corpus.peers)
    found = check_chunk(corpus.seed, first, mails, watch.observe if corpus.peers else None)
    return DoneChunk(found.first, found.mails, found.octets, found.digest, found.failures, watch.tallies)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a corpus."""

    mails: int
    octets: int
    digest: str
    failures: tuple[Outcome, ...]
    peers: dict[str, Tally]


def verdict_of(chunks: list[DoneChunk]) -> Verdict:
    """Put the chunks of a whole corpus together, in the order of their mails."""
    ordered = sorted(chunks, key=lambda chunk: chunk.first)
    return Verdict(
        mails=sum(chunk.mails for chunk in ordered),
        octets=sum(chunk.octets for chunk in ordered),
        digest=corpus_digest(chunk.digest for chunk in ordered),
        failures=tuple([failure for chunk in ordered for failure in chunk.failures]),
        peers=merged([chunk.peers for chunk in ordered]),
    )
