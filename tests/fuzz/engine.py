"""One target under one engine, in a process of its own: it ends by itself, or with a file of the octets of a find.

Atheris (libFuzzer over instrumented bytecode) is taken where it has a wheel: it keeps the inputs that reach code
which none reached before, and so works its way behind what Hypothesis would have to be told of. Elsewhere the same
seeds and words are mutated blindly. Both write what breaks a law to `<artifacts>/crash-…`.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from fuzz.tokens import TOKENS, dictionary

__all__ = ["FOUND", "Places", "engine_name"]

FOUND = 77  # libFuzzer's exit status for a find
MAX_OCTETS = 16_384
SLOW_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one run."""

    seeds: Path
    corpus: Path
    artifacts: Path

    @classmethod
    def below(cls, folder: Path) -> Places:
        """Make the three folders."""
        places = cls(folder / "seeds", folder / "corpus", folder / "artifacts")
        for place in (places.seeds, places.corpus, places.artifacts):
            place.mkdir(parents=True, exist_ok=True)
        return places


def engine_name() -> str:
    """Return which engine this Python has."""
    return "atheris" if importlib.util.find_spec("atheris") else "blind mutation (atheris has no wheel here)"


def guided(name: str, seconds: int, places: Places) -> None:
    """Let libFuzzer look for a find; does not return."""
    import atheris

    with atheris.instrument_imports(include=["scop.mime", "scop.dns", "scop.reports"]):
        from fuzz.targets import TARGETS
    words = places.corpus.parent / "words"
    words.write_text(dictionary())
    options = {
        "max_total_time": seconds,
        "max_len": MAX_OCTETS,
        "timeout": SLOW_SECONDS,
        "artifact_prefix": f"{places.artifacts}/",
        "dict": words,
    }
    arguments = [name, *(f"-{option}={value}" for option, value in options.items())]
    atheris.Setup([*arguments, str(places.corpus), str(places.seeds)], TARGETS[name])
    atheris.Fuzz()


def blind(name: str, seconds: int, places: Places) -> int:
    """Mutate the seeds until the time is up; return `FOUND` when a law breaks."""
    from fuzz.targets import TARGETS

    chance = random.Random()
    seeds = [path.read_bytes() for path in sorted(places.seeds.iterdir())]
    started = told = time.monotonic()
    runs = 0
    while (now := time.monotonic()) - started < seconds:
        octets = seeds[runs] if runs < len(seeds) else mutate(chance, seeds)
        runs += 1
        try:
            TARGETS[name](octets)
        except Exception:
            (places.artifacts / f"crash-{runs}").write_bytes(octets)
            traceback.print_exc()
            return FOUND
        if now - told > 1:
            told = now
            print(f"#{runs} exec/s: {runs / (now - started):.0f}", file=sys.stderr)
    print(f"Done {runs} runs in {seconds} second(s)", file=sys.stderr)
    return 0


def mutate(chance: random.Random, seeds: list[bytes]) -> bytes:
    """Return a seed with a few pieces cut out, doubled, exchanged, or put in from words and other seeds."""
    octets = chance.choice(seeds)
    for _ in range(chance.randint(1, 8)):
        start = chance.randint(0, len(octets))
        end = min(len(octets), start + chance.choice((0, 1, 2, 8, 64, 512)))
        other = chance.choice(seeds)
        at = chance.randint(0, len(other))
        piece = chance.choice(
            (
                b"",
                octets[start:end] * 2,
                chance.choice(TOKENS),
                chance.randbytes(1),
                other[at : at + chance.randint(0, 500)],
            )
        )
        octets = octets[:start] + piece + octets[end:]
    return octets[:MAX_OCTETS]


def main(name: str, seconds: str, folder: str) -> int:
    """Run one target."""
    places = Places.below(Path(folder))
    if importlib.util.find_spec("atheris"):
        guided(name, int(seconds), places)
    return blind(name, int(seconds), places)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
