"""What a style says of text: whether a reader sees it at all.

Only what hides is read: no display, no size, no difference from the background. Nothing here is a browser, so what
it does not understand counts as seen.

Standards: CSS Color 4 §5 and §6.1 (hex, rgb, the sixteen names), HTML (presentational attributes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

__all__ = ["PLAIN_STYLE", "Style", "hidden_classes", "styled"]

Colour: TypeAlias = tuple[int, int, int]

_NEAR = 60  # of 765: the sum of what red, green and blue differ by, below which no eye parts text from ground
_NAMES: dict[str, Colour] = {
    "black": (0, 0, 0), "silver": (192, 192, 192), "gray": (128, 128, 128), "white": (255, 255, 255),
    "maroon": (128, 0, 0), "red": (255, 0, 0), "purple": (128, 0, 128), "fuchsia": (255, 0, 255),
    "green": (0, 128, 0), "lime": (0, 255, 0), "olive": (128, 128, 0), "yellow": (255, 255, 0),
    "navy": (0, 0, 128), "blue": (0, 0, 255), "teal": (0, 128, 128), "aqua": (0, 255, 255),
    "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245), "transparent": (255, 255, 255),
}  # fmt: skip
_HEX = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*[, ]\s*(\d{1,3})")
_COLOUR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]{1,40})")
_BACKGROUND = re.compile(r"background(?:-color|-image)?\s*:\s*([^;!]{1,80})")
_PICTURE = re.compile(r"url\(|gradient")
_UNKNOWN: Colour = (-1_000, -1_000, -1_000)  # of a picture: near to no colour, so that text on it counts as seen
_GONE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|opacity\s*:\s*0(?:\.0\d*)?\s*(?:;|!|$)"
    r"|max-(?:height|width)\s*:\s*0|text-indent\s*:\s*-\d{3}|(?:left|top)\s*:\s*-\d{3}"
)
_SIZE = re.compile(r"font-size\s*:\s*(\d{1,4}(?:\.\d{1,4})?)\s*(px|pt|em|rem|%|)")
_TINY = {"px": 2.0, "pt": 2.0, "em": 0.2, "rem": 0.2, "%": 20.0, "": 2.0}  # up to these nobody reads it
_AT_RULE = re.compile(r"@[^{}]*+\{(?:[^{}]*+\{[^{}]*+\})*+[^{}]*+\}?")  # other screens, printers: not what is seen
_RULE = re.compile(r"[.#]([\w-]{1,60})[^{}]{0,200}\{([^{}]{0,2000})\}")
MAX_RULES = 300


@dataclass(frozen=True, slots=True)
class Style:
    """How the text of an element looks."""

    is_gone: bool = False
    is_tiny: bool = False
    colour: Colour = (0, 0, 0)
    background: Colour = (255, 255, 255)
    hides: str = ""  # by what its text is hidden, "" where it is seen: follows from the others


PLAIN_STYLE = Style()


@lru_cache(maxsize=512)
def _colour(text: str) -> Colour | None:
    text = text.strip()
    named = _NAMES.get(text)
    if named is not None:
        return named
    digits = _HEX.match(text)
    if digits is not None:
        value = digits[1] if len(digits[1]) == 6 else "".join([digit * 2 for digit in digits[1]])
        return (int(value[:2], 16), int(value[2:4], 16), int(value[4:], 16))
    rgb = _RGB.match(text)
    return (int(rgb[1]), int(rgb[2]), int(rgb[3])) if rgb is not None else None


def styled(parent: Style, attributes: Mapping[str, str], gone_classes: frozenset[str]) -> Style:
    """Return the style of an element within one of style `parent`; attribute names are lower-case."""
    style = attributes.get("style", "").lower()
    classes = attributes.get("class", "").split() if gone_classes else []
    is_gone = parent.is_gone or "hidden" in attributes or not gone_classes.isdisjoint(classes)
    is_gone = is_gone or (style != "" and _GONE.search(style) is not None)
    colour = _stated(_COLOUR, style) or _colour(attributes.get("color", attributes.get("text", "")).lower()[:40])
    ground = _ground(style, attributes)
    is_tiny = parent.is_tiny
    if "font-size" in style and (size := _SIZE.search(style)) is not None:
        is_tiny = float(size[1]) <= _TINY[size[2]]
    elif "size" in attributes:
        is_tiny = attributes["size"].strip() in ("0", "-7")
    colour, ground = colour or parent.colour, ground or parent.background
    own = (is_gone, is_tiny, colour, ground)
    if own == (parent.is_gone, parent.is_tiny, parent.colour, parent.background):
        return parent
    hides = "gone" if is_gone else "tiny" if is_tiny else "off-colour" if _are_near(colour, ground) else ""
    return Style(*own, hides)


def _are_near(one: Colour, other: Colour) -> bool:
    return abs(one[0] - other[0]) + abs(one[1] - other[1]) + abs(one[2] - other[2]) < _NEAR


def _ground(style: str, attributes: Mapping[str, str]) -> Colour | None:
    if "background" in attributes or ("background" in style and _PICTURE.search(style)):
        return _UNKNOWN
    return _stated(_BACKGROUND, style) or _colour(attributes.get("bgcolor", "").lower()[:40])


def _stated(pattern: re.Pattern[str], style: str) -> Colour | None:
    found = pattern.search(style) if "colo" in style or "background" in style else None
    return _colour(found[1][:40]) if found is not None else None


def hidden_classes(sheet: str) -> frozenset[str]:
    """Return the classes and ids of a style sheet in lower case whose elements are not shown."""
    if "{" not in sheet:
        return frozenset()
    rules = _RULE.findall(_AT_RULE.sub("", sheet))[:MAX_RULES]
    return frozenset([name for name, body in rules if _GONE.search(body)])
