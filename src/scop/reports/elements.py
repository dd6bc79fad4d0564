"""What is asked of an element of a report: its children by name, each once, their texts and words."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from scop.base import RemoteProtocolError, printable
from scop.reports.defects import Defects
from scop.reports.fields import read_word
from scop.reports.limits import Limits, check_limit
from scop.reports.xml_reader import Element

__all__ = ["Reading", "Singles"]

_Word = TypeVar("_Word", bound=StrEnum)


class Reading:
    """One reading of one report: its defects, its limits, and the texts met so far, each held once."""

    __slots__ = ("_texts", "defects", "limits")

    def __init__(self, defects: Defects, limits: Limits) -> None:
        self.defects = defects
        self.limits = limits
        self._texts: dict[str, str] = {}

    def text_of(self, element: Element) -> str:
        """Return the text of an element, without white space around it."""
        text = element.text.strip()
        if len(text) > self.limits.text_characters:  # as almost never: a call for each costs
            check_limit(len(text), self.limits.text_characters, f"characters of {element.name}")
        return self._texts.setdefault(text, text)  # a report repeats the same few in every record

    def note_unknown(self, element: Element, where: str) -> None:
        """Note an element that no form has; those of other namespaces are extensions (RFC 9990 §5)."""
        if not element.name.startswith("{") and ":" not in element.name:
            self.defects.note(f"{where} has an unknown element {printable(element.name, limit=40)!r}")


class Singles:
    """The children of one element, each at most once but those that may stand many times."""

    __slots__ = ("_element", "_found", "_reading")

    def __init__(self, element: Element, known: frozenset[str], reading: Reading, *, many: Iterable[str] = ()) -> None:
        self._element = element
        self._reading = reading
        self._found = {child.name: child for child in element.children}
        if len(self._found) != len(element.children):
            self._refuse_twins(frozenset(many))
        if not self._found.keys() <= known:
            for name, child in self._found.items():
                if name not in known:
                    reading.note_unknown(child, element.name)
        if element.text and (stray := element.text.strip()):
            # Lenient: no element of a report holds text beside others; what stands there belongs to nothing.
            reading.defects.note(f"{element.name} holds the text {printable(stray, limit=40)!r}")

    def _refuse_twins(self, many: frozenset[str]) -> None:
        seen: set[str] = set()
        for child in self._element.children:
            if child.name in seen and child.name not in many and not child.name.startswith("{"):
                raise RemoteProtocolError(f"{self._element.name} has {printable(child.name)} twice")
            seen.add(child.name)

    def optional(self, name: str) -> Element | None:
        """Return a child, None where it is absent."""
        return self._found.get(name)

    def element(self, name: str) -> Element:
        """Return a child that must be there."""
        found = self._found.get(name)
        if found is None:
            raise RemoteProtocolError(f"{self._element.name} has no {name}")
        return found

    def all(self, name: str) -> list[Element]:
        """Return every child of that name."""
        if name not in self._found:
            return []
        return [child for child in self._element.children if child.name == name]

    def text(self, name: str) -> str | None:
        """Return the text of a child, None where it is absent."""
        found = self._found.get(name)
        return None if found is None else self._reading.text_of(found)

    def required(self, name: str) -> str:
        """Return the text of a child that must be there and say something."""
        text = self._reading.text_of(self.element(name))
        if not text:
            raise RemoteProtocolError(f"{self._element.name}/{name} is empty")
        return text

    def noted(self, name: str) -> str:
        """Return the text of a child that should be there; without it the report can still be understood."""
        text = self.text(name)
        if not text:
            self._reading.defects.note(f"{self._element.name} has no {name}")
        return text or ""

    def word(self, kind: type[_Word], name: str) -> _Word | None:
        """Return the word that a child holds, None where it is absent, or empty, which is noted."""
        text = self.text(name)
        if text is None:
            return None
        if text == "":
            self._reading.defects.note(f"{self._element.name}/{name} is empty")
            return None
        return read_word(kind, text, f"{self._element.name}/{name}", self._reading.defects)
