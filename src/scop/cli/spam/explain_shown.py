"""How a verdict is drawn: the score on a scale, clues as bars to both sides, and sentences about phishing."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.text import Text

from scop.base import printable
from scop.cli.shared import console
from scop.mesh.vocabulary.filter import Explained, ExplainedClue, StatedThresholds

__all__ = ["print_explained", "thresholds_told", "why_unsure"]

SCALE_CHARACTERS = 61  # odd, so that 0.5 has a place
SIDE_CHARACTERS = 24  # of a bar to one side
MAX_LOG_ODDS = math.log(1000)  # a bar is full at a thousand to one
MAX_TOKEN_CHARACTERS = 60
_COLOURS = {"ham": "green", "spam": "red", "unsure": "yellow"}
_CONNECTION_WORDS = {
    "address": "from",
    "name": "reverse name",
    "helo": "calls itself",
    "tls": "encrypted by",
    "date": "at",
}


def print_explained(told: Explained) -> None:
    """Print the picture."""
    for line in _lines(told):
        console.print(line, no_wrap=True, crop=False, soft_wrap=True)


def thresholds_told(known: StatedThresholds) -> str:
    """Return where spam begins and ham ends, and at what price, as a sentence."""
    return (
        f"Ham up to {known.ham_up_to:.3f}, spam from {known.spam_from:.3f}, "
        f"where {known.expected_ham_loss:.2%} of ham is expected to be lost."
    )


def why_unsure(label: str, score: float, known: StatedThresholds) -> str:
    """Return why a mail is not called what its score says; "" where it is, or where the score says nothing."""
    if label == "unsure" and score >= known.spam_from:
        return "It is not called spam: the text that a person reads does not look like it."
    if label == "unsure" and score <= known.ham_up_to:
        return "It is not called ham: its words, its header or both look like those of spam, or were never seen."
    return ""


def _lines(told: Explained) -> Iterator[Text]:
    colour = _COLOURS[told.label]
    yield Text.assemble((told.label, f"bold {colour}"), f"  score {told.score:.3f}")
    yield Text()
    yield from _scale(told)
    if told.thresholds is None:
        yield Text(
            f"Too little was learned to be sure of anything ({told.learned_ham} ham, {told.learned_spam} spam): "
            "`scop spam train` teaches."
        )
    else:
        yield Text(thresholds_told(told.thresholds))
        if doubt := why_unsure(told.label, told.score, told.thresholds):
            yield Text(doubt)
    yield Text()
    yield from _clue_lines(told.clues)
    if told.suspicions:
        yield Text()
        yield Text("Looks like phishing", "bold red")
        yield from (Text(f"  {printable(one.reason, limit=400)} ({one.place})") for one in told.suspicions)
    if told.connection:
        yield Text()
        yield Text("What our server noted of who brought it", "bold")
        for name, value in told.connection.items():
            yield Text(f"  {_CONNECTION_WORDS.get(name, name)} {printable(value)}")


def _scale(told: Explained) -> Iterator[Text]:
    """Draw the way from ham to spam in its zones, and the score below it."""
    bar = Text("  ham ")
    for place in range(SCALE_CHARACTERS):
        score = place / (SCALE_CHARACTERS - 1)
        if told.thresholds is not None and score <= told.thresholds.ham_up_to:
            bar.append("░", "green")
        elif told.thresholds is not None and score >= told.thresholds.spam_from:
            bar.append("▓", "red")
        else:
            bar.append("─", "yellow")
    bar.append(" spam")
    yield bar
    yield Text(" " * (6 + round(told.score * (SCALE_CHARACTERS - 1))) + "▲")


def _clue_lines(clues: tuple[ExplainedClue, ...]) -> Iterator[Text]:
    """Draw each clue as a bar, to the left for ham and to the right for spam; its length is the logarithm of odds."""
    if not clues:
        yield Text("No clue: nothing in this mail was ever learned.")
        return
    yield Text(f"{'speaks for ham':>{SIDE_CHARACTERS}} │ {'speaks for spam':<{SIDE_CHARACTERS}}     spam  clue", "bold")
    for clue in sorted(clues, key=lambda one: one.probability):
        odds = _log_odds(clue.probability)
        length = min(1.0, abs(odds) / MAX_LOG_ODDS)
        left = f"{_bar(length) if odds < 0 else '':>{SIDE_CHARACTERS}}"
        right = f"{_bar(length) if odds >= 0 else '':<{SIDE_CHARACTERS}}"
        token = printable(clue.token, limit=MAX_TOKEN_CHARACTERS)
        yield Text.assemble((left, "green"), " │ ", (right, "red"), f"  {clue.probability:7.2%}  {token}")


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(bounded / (1 - bounded))


def _bar(share: float) -> str:
    """Return a bar in whole characters, and one at least."""
    return "█" * max(1, round(share * SIDE_CHARACTERS))
