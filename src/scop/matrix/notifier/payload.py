"""JSON of a webhook, walked without trust: what is absent or of another kind is empty.

Standards: RFC 8259; RFC 3339 (moments).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

import msgspec

from scop.base import RemoteProtocolError

__all__ = ["Payload", "branch_of", "one_line", "web_address"]

MAX_TEXT_CHARACTERS = 300  # of one value that is shown
MAX_ADDRESS_CHARACTERS = 1000
MAX_ITEMS = 500  # jobs of one pipeline; GitHub has 256 at most
MAX_DURATION = 1e18  # Forgejo counts nanoseconds

_PLACE = re.compile(r"\{([^{}]*)\}")


class Payload:
    """A value in JSON and, by names, what is inside."""

    __slots__ = ("json",)

    def __init__(self, json: object) -> None:
        self.json = json

    @classmethod
    def parse(cls, octets: bytes) -> Payload:
        """Return what a body holds; raises `RemoteProtocolError` for what is no JSON object."""
        try:
            return cls(msgspec.json.decode(octets, type=dict[str, object]))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RemoteProtocolError(f"not a JSON object: {error}", reply_hint="the body is no JSON object") from None

    def __bool__(self) -> bool:
        return self.json not in (None, {}, [], "")

    def at(self, *names: str) -> Payload:
        """Return what is at a path of keys; a number as a name counts into a list."""
        found = self.json
        for name in names:
            if isinstance(found, dict):
                found = found.get(name)
            elif isinstance(found, list) and name.lstrip("-").isdecimal() and -len(found) <= int(name) < len(found):
                found = found[int(name)]
            else:
                return Payload(None)
        return Payload(found)

    def each(self, *names: str) -> Iterator[Payload]:
        """Yield the items of a list."""
        found = self.at(*names).json
        if isinstance(found, list):
            yield from map(Payload, found[:MAX_ITEMS])

    def text(self, *names: str) -> str:
        """Return a text, or a number as one, on one line."""
        found = self.at(*names).json
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            return ""
        return one_line(str(found))

    def filled(self, template: str) -> str:
        """Return a template with what stands at its places, such as `{repo.owner}/{repo.name}`, on one line."""
        return one_line(_PLACE.sub(lambda place: self.text(*place[1].split(".")), template))

    def address(self, *names: str) -> str:
        """Return a web address, '' for what is none."""
        found = self.at(*names).json
        return web_address(found) if isinstance(found, str) else ""

    def whole(self, *names: str) -> int:
        """Return a whole number, 0 for what is none."""
        found = self.at(*names).json
        if isinstance(found, str) and found.isdecimal() and len(found) < 19:
            return int(found)
        return found if isinstance(found, int) and not isinstance(found, bool) else 0

    def seconds(self, *names: str) -> float | None:
        """Return a duration that is a number."""
        found = self.at(*names).json
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < MAX_DURATION:
            return None
        return float(found)

    def flag(self, *names: str) -> bool:
        """Say whether something is true."""
        return self.at(*names).json is True

    def unix(self, *names: str) -> float:
        """Return a moment, 0 for what is none."""
        found = self.at(*names).json
        if isinstance(found, int | float) and not isinstance(found, bool):
            return float(found) if 0 < found < 1e11 else 0.0
        return _moment(found) if isinstance(found, str) else 0.0

    def between(self, start: str, end: str) -> float | None:
        """Return the seconds between two moments."""
        begun, ended = self.unix(start), self.unix(end)
        return ended - begun if 0 < begun <= ended else None

    def need(self, *names: str) -> str:
        """Return a text that must be there; raises `RemoteProtocolError`."""
        found = self.text(*names)
        if not found:
            path = ".".join(names)
            raise RemoteProtocolError(f"{path} is missing", reply_hint=f"{path} is missing")
        return found


def _moment(text: str) -> float:
    # GitLab writes 2016-08-12 15:23:28 UTC in older hooks, with fractions and offsets in others.
    try:
        found = datetime.datetime.fromisoformat(text.strip().replace(" UTC", "+00:00").replace(" +", "+"))
        unix = (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0
    return max(unix, 0.0)  # Go writes the year 1 for no moment


def one_line(text: str) -> str:
    """Return the first line of a text that is not empty, without control characters, cut where it is long."""
    line = text.strip().partition("\n")[0]
    shown = "".join(c if c.isprintable() else " " for c in line[: MAX_TEXT_CHARACTERS + 1]).strip()
    return shown if len(shown) <= MAX_TEXT_CHARACTERS else shown[: MAX_TEXT_CHARACTERS - 1] + "…"


def web_address(text: str) -> str:
    """Return a text that is a web address, else ''."""
    is_one = text.startswith(("https://", "http://")) and text.isprintable() and " " not in text
    return text if is_one and len(text) <= MAX_ADDRESS_CHARACTERS else ""


def branch_of(ref: str) -> str:
    """Return a branch or a tag as people call it."""
    for prefix in ("refs/heads/", "refs/tags/"):
        ref = ref.removeprefix(prefix)
    return ref
