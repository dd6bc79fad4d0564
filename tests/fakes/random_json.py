"""Values of JSON in great number, the same for the same seed."""

from __future__ import annotations

from random import Random

__all__ = ["random_object", "random_value"]

_TEXTS = (
    "",
    "a",
    "m.room.message",
    "\0",
    "\x1f",
    '"\\/',
    "\b\t\n\f\r",
    "\x7f",
    "é",
    "日本語",
    "\u2028",
    "￿",
    "𐀀",
    "😀 sea",
)


def random_text(random: Random) -> str:
    """Return a string, at times of few characters that are hard to write."""
    if random.random() < 0.5:
        return random.choice(_TEXTS)
    codes = (random.choice((random.randrange(0xD800), random.randrange(0xE000, 0x110000))) for _ in range(6))
    return "".join(map(chr, codes))


def random_value(random: Random, depth: int = 4) -> object:
    """Return any value that has a canonical form."""
    kind = random.randrange(8 if depth else 5)
    if kind < 3:
        return (None, True, False)[kind]
    if kind == 3:
        return random.choice((0, -1, 1, 2**53 - 1, -(2**53) + 1, random.randrange(-(2**53) + 1, 2**53)))
    if kind == 4:
        return random_text(random)
    if kind == 5:
        return [random_value(random, depth - 1) for _ in range(random.randrange(5))]
    return random_object(random, depth)


def random_object(random: Random, depth: int = 4) -> dict[str, object]:
    """Return an object of such values."""
    return {random_text(random): random_value(random, depth - 1) for _ in range(random.randrange(6))}
