"""Reads a well-formed XML document in pure Python, one child of the wanted element after another.

What makes XML dangerous is not read: a document type declaration ends the reading, so there are no entities but
the five that need none, and nothing is ever fetched or expanded. What is left is read wholly and strictly. Each
octet is looked at a bounded number of times, and only one child of the wanted element is held at once.

Theory of operation: one regular expression takes the text up to a mark and the mark itself, mostly a whole
`<name>text</name>`; what is rarer (attributes, references, comments, CDATA, instructions) goes to a method by its
first characters. Open elements lie on a stack of our own, so depth costs no recursion and has a limit.

Namespaces are told apart as far as a report needs it: what has the wanted element's own prefix or none goes by its
local name; what has another prefix, or declares a default namespace of another, keeps that before its name and so is no
element that anybody here asks for.

Standards: XML 1.0 (fifth edition) §2.3 to §2.7, §3.1, §4.1, §4.6; Namespaces in XML 1.0 §6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.base import LimitExceeded, RemoteProtocolError, printable
from scop.reports.defects import Defects
from scop.reports.limits import Limits, check_limit

__all__ = ["Element", "children_of"]

_START = (
    ":A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME = rf"[{_START}][{_START}\-.0-9\u00b7\u0300-\u036f\u203f\u2040]*+"  # §2.3
_SPACE = r"[ \t\n]"  # line ends are LF by now
_ATTRIBUTE = rf"{_SPACE}++({_NAME}){_SPACE}*+={_SPACE}*+(\"[^<\"]*+\"|'[^<']*+')"
# Text, then a whole leaf, a start, or an end; or none of them, where something rarer stands.
_TOKEN = re.compile(
    rf"([^<&]*+)(?:<({_NAME})>(?:([^<&]*+)</\2>)?|</({_NAME}){_SPACE}*+>)?",
)
_TAG = re.compile(rf"<({_NAME})((?:{_ATTRIBUTE})*+){_SPACE}*+(/?)>(?:([^<&]*+)</\1{_SPACE}*+>)?")
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_REFERENCE = re.compile(r"&(?:#([0-9]{1,9})|#x([0-9A-Fa-f]{1,8})|(amp|lt|gt|apos|quot));")
_INSTRUCTION = re.compile(rf"<\?({_NAME})(?={_SPACE}|\?>)")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">", "apos": "'", "quot": '"'}  # §4.6
_WHITE = " \t\n"


class Element:
    """One element: its name, the elements in it, and the text beside them."""

    __slots__ = ("children", "name", "text")

    def __init__(self, name: str, text: str = "") -> None:
        self.name = name
        self.text = text
        self.children: list[Element] = []


def children_of(text: str, name: str, defects: Defects, *, start: int = 0, limits: Limits) -> Iterator[Element]:
    """Yield each child of the first element called `name` as it is read.

    `text` is read from `start` on, behind the declaration. Raises `RemoteProtocolError` where it is not well-formed.
    """
    reader = _Reader(text, start, name, limits)
    while (child := reader.next_child()) is not None:
        yield child
    for unclosed in reader.finish():
        # Lenient: some wrap the report into an element that they never close; it is whole all the same.
        defects.note(f"{unclosed!r} around it is never closed")


class _Reader:
    """The state of one reading."""

    __slots__ = (
        "_is_done",
        "_is_met",
        "_is_plain",
        "_limits",
        "_namespace",
        "_open",
        "_prefix",
        "_text",
        "_wanted",
        "_wanted_depth",
        "position",
    )

    def __init__(self, text: str, start: int, wanted: str, limits: Limits) -> None:
        self._text = text
        self._wanted = wanted
        self._limits = limits
        self._open: list[tuple[str, Element, list[str]]] = []  # its name as it stands, the element, its text so far
        self._is_met = False
        self._wanted_depth = 0  # how many are open while the wanted one's children are read; 0 outside of it
        self._is_plain = False  # in the wanted element, which has no prefix
        self._prefix = ""
        self._namespace = ""
        self._is_done = False  # the root is closed
        self.position = start

    def next_child(self) -> Element | None:
        """Return the next child of the wanted element, None at the end of the document."""
        text, token, open_ = self._text, _TOKEN.match, self._open
        for _ in range(self._limits.marks + 1):
            found = token(text, self.position)
            assert found is not None  # it matches the empty string
            before, opened, leaf, closed = found.groups()
            # White space is kept only behind text, where it may part words.
            if before and (not before.isspace() or (open_ and open_[-1][2])):
                self._add_text(before)
            self.position = found.end()
            child = None
            if leaf is not None:
                if not self._is_plain or "]]>" in leaf:
                    child = self._leaf(opened, "", leaf)
                elif len(open_) > self._wanted_depth:  # as almost always
                    open_[-1][1].children.append(Element(opened, leaf))
                else:
                    return Element(opened, leaf)
            elif opened is not None:
                self._begin(opened, "")
            elif closed is not None:
                child = self._end(closed)
            elif self.position == len(text):
                return None
            else:
                child = self._rarer()
            if child is not None:
                return child
        raise LimitExceeded(f"marks within one record: at most {self._limits.marks} are read")

    def finish(self) -> tuple[str, ...]:
        """Return the names of elements that are still open, where none of them is the wanted one or in it."""
        if not self._is_met:
            raise RemoteProtocolError(f"there is no element {self._wanted!r}")
        if self._wanted_depth:
            raise RemoteProtocolError(f"the document ends inside of {printable(self._open[-1][0])!r}")
        return tuple(printable(name) for name, _, _ in self._open)

    def _fault(self, reason: str) -> RemoteProtocolError:
        line = self._text.count("\n", 0, self.position) + 1
        return RemoteProtocolError(f"line {line}: {reason}")

    def _add_text(self, characters: str) -> None:
        if "]]>" in characters:  # §2.4
            raise self._fault("']]>' stands in text")
        if self._open:
            self._open[-1][2].append(characters)
        elif characters.strip(_WHITE):
            raise self._fault(f"{printable(characters.strip(), limit=40)!r} stands outside of the root element")

    def _begin(self, name: str, attributes: str) -> None:
        """Open an element."""
        if not self._open:
            if self._is_done:
                raise self._fault(f"a second root element {printable(name)!r}")
            self._is_done = True
        check_limit(len(self._open) + 1, self._limits.depth, "levels of elements")
        self._open.append((name, Element(self._name_of(name, attributes)), []))
        if not self._wanted_depth and name.rpartition(":")[2] == self._wanted:
            if self._is_met:
                raise self._fault(f"a second element {self._wanted!r}")
            self._is_met = True
            self._wanted_depth = len(self._open)
            prefix, colon, _ = name.rpartition(":")
            self._prefix = prefix + colon
            self._namespace = self._default_namespace(attributes) or ""
            self._is_plain = not prefix

    def _leaf(self, name: str, attributes: str, content: str) -> Element | None:
        """Take an element that holds only text."""
        if not self._wanted_depth:
            self._begin(name, attributes)
            self._add_text(content)
            return self._end(name)
        if "]]>" in content:
            raise self._fault("']]>' stands in text")
        element = Element(self._name_of(name, attributes) if self._prefix or attributes else name, content)
        return self._placed(element, len(self._open))

    def _end(self, name: str) -> Element | None:
        """Close the innermost element."""
        if not self._open:
            raise self._fault(f"</{printable(name)}> closes nothing")
        opened, element, texts = self._open.pop()
        if opened != name:
            raise self._fault(f"</{printable(name)}> where {printable(opened)!r} is open")
        if len(self._open) + 1 == self._wanted_depth:
            self._wanted_depth, self._is_plain = 0, False
            return None
        element.text = "".join(texts)
        return self._placed(element, len(self._open))

    def _placed(self, element: Element, depth: int) -> Element | None:
        """Put a whole element into the one around it, or return it where that is the wanted one."""
        if not self._wanted_depth:
            return None  # outside of the wanted element nothing is kept
        if depth == self._wanted_depth:
            return element
        self._open[-1][1].children.append(element)
        return None

    def _name_of(self, name: str, attributes: str) -> str:
        """Return the name by which an element is known here: the local one only in the wanted element's namespace."""
        if not self._wanted_depth:
            return name
        if attributes:
            default = self._default_namespace(attributes)
            if default and default != self._namespace:
                return f"{{{default}}}{name}"
        # Where only the root is qualified, by a prefix or with `xmlns=""` below it: so is the schema of RFC 7489.
        return name.removeprefix(self._prefix)

    def _default_namespace(self, attributes: str) -> str | None:
        stated = dict(_ATTRIBUTES.findall(attributes)).get("xmlns")
        return None if stated is None else stated[1:-1]

    def _rarer(self) -> Element | None:
        """Read what is no text and no plain tag."""
        text, position = self._text, self.position
        if text[position] == "&":
            self._refer()
        elif text.startswith("<!--", position):
            self._skip_comment()
        elif text.startswith("<![CDATA[", position):
            self._take_cdata()
        elif text.startswith("<?", position):
            self._skip_instruction()
        elif text.startswith("<!", position):
            raise self._fault("a document type declaration is never read")
        else:
            return self._tag()
        return None

    def _tag(self) -> Element | None:
        """Read a start with attributes, or an element that is empty."""
        found = _TAG.match(self._text, self.position)
        if found is None:
            raise self._fault(f"{printable(self._text[self.position : self.position + 40])!r} is no markup")
        name, attributes, _, _, empty, leaf = found.groups()
        if attributes:
            check_limit(len(attributes), self._limits.attribute_characters, "characters of attributes")
            self._check_attributes(attributes)
        if empty:
            self.position = found.end(5) + 1
            return self._leaf(name, attributes, "")
        self.position = found.end()
        if leaf is not None:
            return self._leaf(name, attributes, leaf)
        self._begin(name, attributes)
        return None

    def _check_attributes(self, attributes: str) -> None:
        found = _ATTRIBUTES.findall(attributes)
        if len({name for name, _ in found}) != len(found):  # §3.1
            raise self._fault("an attribute stands twice")
        for _, value in found:
            at = value.find("&")
            while at >= 0:
                if self._character(_REFERENCE.match(value, at)) is None:
                    raise self._fault(f"{printable(value[at : at + 20])!r} is no reference")
                at = value.find("&", at + 1)

    def _refer(self) -> None:
        found = _REFERENCE.match(self._text, self.position)
        character = self._character(found)
        if found is None or character is None:
            shown = printable(self._text[self.position : self.position + 20])
            raise self._fault(f"{shown!r} is none of the references that are read")
        if not self._open:
            raise self._fault("a reference stands outside of the root element")
        self._open[-1][2].append(character)
        self.position = found.end()

    def _character(self, found: re.Match[str] | None) -> str | None:
        """Return the character that a reference means, None where it may not stand in XML (§4.1, §2.2)."""
        if found is None:
            return None
        decimal, hexadecimal, name = found.groups()
        if name is not None:
            return _CHARACTERS[name]
        code = int(decimal) if decimal is not None else int(hexadecimal, 16)
        lawful = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
        return chr(code) if lawful else None

    def _skip_comment(self) -> None:
        end = self._text.find("--", self.position + 4)
        if end < 0 or not self._text.startswith("-->", end):  # §2.5
            raise self._fault("a comment does not end, or has '--' in it")
        self.position = end + 3

    def _take_cdata(self) -> None:
        end = self._text.find("]]>", self.position)
        if end < 0 or not self._open:
            raise self._fault("a CDATA section does not end, or stands outside of the root element")
        self._open[-1][2].append(self._text[self.position + 9 : end])
        self.position = end + 3

    def _skip_instruction(self) -> None:
        found = _INSTRUCTION.match(self._text, self.position)
        end = self._text.find("?>", self.position + 2)
        if found is None or end < 0 or found[1].lower() == "xml":  # §2.6
            raise self._fault("an instruction is malformed")
        self.position = end + 2
