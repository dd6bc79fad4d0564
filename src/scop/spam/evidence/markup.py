"""HTML read in one scan: what a person sees, what is there unseen, where links and forms lead, how it is built.

The text is cut at its tags once, and each tag looked at once; a stack of the styled elements, bounded, says whether
text is seen. It errs towards seeing more: this is no browser, and what cannot be read as a tag is text.

Standards: HTML (void elements, elements that end by their like, character references).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from scop.spam.evidence.styling import PLAIN_STYLE, Style, hidden_classes, styled
from scop.spam.evidence.urls import urls_in
from scop.spam.evidence.values import Form, Link

__all__ = ["Page", "read_page", "read_words"]

MAX_TAGS = 4_000  # what comes behind them is read as text
MAX_LINKS = 100
MAX_SOURCES = 100
MAX_LINK_CHARACTERS = 200  # of what is seen
MAX_ATTRIBUTE_CHARACTERS = 4_000  # of one tag
MAX_TARGET_CHARACTERS = 2_000
MAX_FORMS = 20
FEW_CHARACTERS = 40  # of text for each image
MAX_NOTES = 100
MAX_RAW_CHARACTERS = 100_000  # of text with its character references
MAX_SHEET_CHARACTERS = 65_536
MAX_STYLED = 60  # open elements

# Comments, scripts and styles vanish, as they do for the eye: "vi<!-- x -->agra" is one word.
# Each alternative matches whatever follows its opening, so that no "<" is scanned twice.
_UNSEEN = re.compile(r"<(?:!--.*?(?:-->|\Z)|(script|style)\b(.*?)(?:</\1[^>]*+>|\Z))", re.DOTALL | re.IGNORECASE)
# Quotes may hold ">", but not for ever: an open one must not be scanned to the end from each tag.
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9:]{0,14})((?:[^<>"']++|"[^"]{0,400}+"|'[^']{0,400}+'|["'])*+)>?""")
_ATTRIBUTE = re.compile(
    r"""([a-zA-Z-]{1,20})(?:\s{0,9}=\s{0,9}(?:"([^"]*+)"?|'([^']*+)'?|([^\s"'>]++)))?""",
)
_COMMENT_IN_WORD = re.compile(r"<!(?<=\w<!)(?:--[^>]{0,200}--)?>\w")
_INLINE_NAMES = """
a abbr acronym b bdi bdo big cite code del em font i img ins kbd label mark nobr q s samp small span strike
strong sub sup tt u var wbr
"""
_INLINE = frozenset(_INLINE_NAMES.split())
_VOID_NAMES = """
area base br col embed hr img input link meta param source track wbr
"""
_VOID = frozenset(_VOID_NAMES.split())
_ENDED_BY_LIKE_NAMES = """
p li td th tr dt dd option
"""
_ENDED_BY_LIKE = frozenset(_ENDED_BY_LIKE_NAMES.split())
_OTHERS_NAMES = """
address applet article aside audio basefont blink blockquote body button canvas caption center colgroup data
datalist details dialog dir div dl fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head
header html iframe ilayer keygen layer legend main map marquee menu meter nav noembed noframes noscript object
ol optgroup output picture pre progress ruby rt rp script section select spacer style summary svg table tbody
template textarea tfoot thead time title ul video xml
"""
_KNOWN = _INLINE | _VOID | _ENDED_BY_LIKE | frozenset(_OTHERS_NAMES.split())
_EVENTS_NAMES = """
onload onclick onmouseover onunload onerror onsubmit onmouseout onfocus
"""
_EVENTS = frozenset(_EVENTS_NAMES.split())
_STYLING = frozenset(("background", "style", "hidden", "color", "bgcolor", "text", "size"))
_TELLING_ATTRIBUTES = ("style", "color", "background", "size", "on", "hidden", "text", "http-equiv")  # on: events
_FOLLOWED = frozenset(("a", "form"))
# Those that letters seldom have: bold type and tables are in all of them, and say nothing that words do not say.
_TELLING = frozenset(
    [
        "applet",
        "area",
        "base",
        "embed",
        "form",
        "frame",
        "frameset",
        "iframe",
        "input",
        "map",
        "marquee",
        "object",
        "script",
        "svg",
    ]
)
_SECRETS = re.compile(r"pass|pwd|\bpin\b|ssn|cvv|cvc|card", re.IGNORECASE)
_LEADS = {"a": "href", "area": "href", "form": "action", "img": "src", "iframe": "src", "frame": "src", "link": "href",
          "base": "href", "script": "src", "embed": "src", "object": "data"}  # fmt: skip
_ASKED = frozenset((*_LEADS, "input"))  # whose attributes are always read


@dataclass(slots=True)
class Page:
    """What was read of an HTML text."""

    seen: str = ""
    hidden: str = ""
    links: list[Link] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)  # where images, frames and forms come from and lead to
    tokens: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    """An element that changes how its text looks."""

    name: str
    style: Style
    number: int  # of the style
    depth: int = 0  # elements of the same name that are open within it


def read_page(source: str) -> Page:
    """Return what `source` shows and holds; any text is HTML."""
    sheets: list[str] = []
    unseen: dict[str, None] = {}

    def note(found: re.Match[str]) -> str:
        if found[1] is not None:
            name = found[1].lower()
            unseen[name] = None
            if name == "style":
                sheets.append(found[2])
        return ""

    pieces = _TAG.split(_UNSEEN.sub(note, source), maxsplit=MAX_TAGS)
    reader = _Reader(hidden_classes("\n".join(sheets)[:MAX_SHEET_CHARACTERS].lower()))
    reader.read(pieces)
    page = reader.finish(unseen)
    if _COMMENT_IN_WORD.search(source):
        page.tokens.append("trick:comment-in-word")
    return page


def read_words(source: str) -> Page:
    """Return the text of `source` and its links without asking what of it is seen: the cheap reading."""
    body = _UNSEEN.sub("", source)
    pieces = _TAG.split(body, maxsplit=MAX_TAGS)
    names = list(map(str.lower, pieces[2::4]))
    seen = pieces[0] + "".join(
        [text if name in _INLINE else f" {text}" for name, text in zip(names, pieces[4::4], strict=True)]
    )
    tokens = [f"tag:{name}" for name in dict.fromkeys(names) if name in _TELLING]
    return Page(html.unescape(seen[:MAX_RAW_CHARACTERS]), sources=urls_in(body.lower()), tokens=tokens)


class _Reader:
    """Goes through the pieces of one page."""

    def __init__(self, gone_classes: frozenset[str]) -> None:
        self.page = Page()
        self._gone_classes = gone_classes
        self._styling = _STYLING | {"class", "id"} if gone_classes else _STYLING
        self._attributes: dict[str, dict[str, str]] = {}  # as they are written: most tags of a page are like others
        self._silent: set[str] = set()  # attributes as they are written that change nothing
        self._styles: dict[tuple[int, str], tuple[Style, int]] = {}  # of such attributes within that numbered style
        self._numbers = {PLAIN_STYLE: 0}  # styles that are alike have one; they are quicker to look up
        self._seen: list[str] = []
        self._hidden: list[str] = []
        self._styled: list[_Open] = []
        self._styled_names: list[str] = []  # of these
        self._into = self._seen
        self._names: list[str] = []
        self._link: tuple[str, int] | None = None  # the target, and where its text begins
        self._form: str | None = None
        self._asks = False
        self._notes: dict[str, None] = {}

    def read(self, pieces: list[str]) -> None:
        """Read text, slash, name, attributes, text, …: what cutting at the tags gave."""
        self._names = names = list(map(str.lower, pieces[2::4]))
        self._seen.append(pieces[0])
        styled, silent = self._styled_names, self._silent
        for slash, name, attributes, text in zip(pieces[1::4], names, pieces[3::4], pieces[4::4], strict=True):
            # Nothing else changes what is seen; no attribute is shorter than two characters and its blank.
            if slash:
                if name in styled or name in _FOLLOWED:
                    self._close(name)
            elif len(attributes) > 2 and (attributes not in silent or name in _ASKED):
                self._open(name, attributes)
            elif (styled and styled[-1] == name) or name in _FOLLOWED:
                self._open(name, "")
            self._into.append(text if name in _INLINE else f" {text}")

    def _open(self, name: str, written: str) -> None:
        top = self._styled[-1] if self._styled else None
        if top is not None and top.name == name:
            if name in _ENDED_BY_LIKE:
                self._leave(len(self._styled) - 1)
            else:
                top.depth += 1
        if name == "a":
            self._end_link()
        elif name == "form":
            self._end_form()
            self._form = ""
        if len(written) < 3:
            return
        attributes = self._attributes.get(written)
        if attributes is None:
            if name not in _ASKED and not self._gone_classes and not _may_tell(written.lower()):
                self._silent.add(written)
                return
            attributes = self._attributes_in(written)
        if name not in _VOID and not self._styling.isdisjoint(attributes):
            self._enter(name, written)
        self._asks |= name == "input" and _asks_for_secret(attributes)
        if name in _LEADS:
            self._follow(name, attributes)

    def _attributes_in(self, written: str) -> dict[str, str]:
        found = _ATTRIBUTE.findall(written[:MAX_ATTRIBUTE_CHARACTERS])
        attributes = {key.lower(): double or single or bare for key, double, single, bare in found}
        self._attributes[written] = attributes
        if len(self._notes) < MAX_NOTES:
            self._note(attributes)
        return attributes

    def _note(self, attributes: dict[str, str]) -> None:
        if attributes.get("http-equiv", "").lower() == "refresh":
            self._notes["html:refresh"] = None
        if not _EVENTS.isdisjoint(attributes):
            self._notes["html:event"] = None

    def _enter(self, name: str, written: str) -> None:
        """Begin an element that changes how its text looks."""
        styles = self._styled
        top = styles[-1] if styles else None
        parent = top.style if top is not None else PLAIN_STYLE
        key = (top.number if top is not None else 0, written)
        known = self._styles.get(key)
        if known is None:
            style = styled(parent, self._attributes[written], self._gone_classes)
            known = self._styles[key] = (style, self._numbers.setdefault(style, len(self._numbers)))
        style, number = known
        if style is parent or len(styles) == MAX_STYLED:
            return
        if top is not None and top.name == name and top.depth:
            top.depth -= 1  # this one has an entry of its own
        styles.append(_Open(name, style, number))
        self._styled_names.append(name)
        self._look(style)

    def _look(self, style: Style) -> None:
        hides = style.hides
        self._into = self._hidden if hides else self._seen
        if hides:
            self._notes[f"hidden:by-{hides}"] = None

    def _close(self, name: str) -> None:
        if name == "a":
            self._end_link()
        elif name == "form":
            self._end_form()
        for index in range(len(self._styled) - 1, -1, -1):
            element = self._styled[index]
            if element.name == name:
                if element.depth:
                    element.depth -= 1
                else:
                    self._leave(index)
                return

    def _leave(self, index: int) -> None:
        """End the styled element at `index`, and whatever was left open within it."""
        del self._styled[index:], self._styled_names[index:]
        self._look(self._styled[-1].style if self._styled else PLAIN_STYLE)

    def _follow(self, name: str, attributes: dict[str, str]) -> None:
        """Note where an element leads, or what it fetches."""
        target = attributes.get(_LEADS[name], "").strip()[:MAX_TARGET_CHARACTERS]
        if "&" in target:
            target = html.unescape(target)
        if name == "a":
            self._link = (target, len(self._seen)) if target else None
            return
        if name == "form":
            self._form = target
        elif name == "img":
            self._image(target, attributes)
        if target and len(self.page.sources) < MAX_SOURCES:
            self.page.sources.append(target)

    def _image(self, target: str, attributes: dict[str, str]) -> None:
        self._into.append(f" {attributes.get('alt', '')[:MAX_LINK_CHARACTERS]} ")
        if target.startswith(("http:", "https:", "//", "HTTP:")):
            self._notes["html:remote-images"] = None
            if {attributes.get("width", ""), attributes.get("height", "")} <= {"0", "1"}:
                self._notes["html:unseen-image"] = None

    def _end_link(self) -> None:
        if self._link is not None and len(self.page.links) < MAX_LINKS:
            target, start = self._link
            text = " ".join("".join(self._seen[start : start + 50])[:1_000].split())
            self.page.links.append(Link(html.unescape(text)[:MAX_LINK_CHARACTERS], target))
        self._link = None

    def _end_form(self) -> None:
        if self._form is not None and len(self.page.forms) < MAX_FORMS:
            self.page.forms.append(Form(self._form, self._asks))
        self._form, self._asks = None, False

    def finish(self, unseen: Iterable[str]) -> Page:
        """Return the page with its tokens."""
        if self._asks:
            self._notes["html:asks-for-secret"] = None
        self._end_link()
        self._end_form()
        page, names = self.page, dict.fromkeys(self._names)
        page.seen, page.hidden = _readable(self._seen), _readable(self._hidden)
        page.tokens += self._notes
        page.tokens += [f"tag:{name}" for name in names if name in _TELLING]
        if len(page.seen) < self._names.count("img") * FEW_CHARACTERS:
            page.tokens.append("html:images-for-text")
        if sum([name not in _KNOWN and ":" not in name for name in names]) > 1:
            page.tokens.append("html:unknown-tags")
        page.tokens += [f"tag:{name}" for name in unseen if name in _TELLING]
        return page


def _asks_for_secret(attributes: dict[str, str]) -> bool:
    return attributes.get("type", "").lower() == "password" or bool(_SECRETS.search(attributes.get("name", "")))


def _may_tell(lower: str) -> bool:
    """Tell whether attributes may change what is seen or be noted: most are widths and alignments."""
    for name in _TELLING_ATTRIBUTES:  # noqa: SIM110, not by any(): it takes three times as long
        if name in lower:
            return True
    return False


def _readable(pieces: list[str]) -> str:
    return html.unescape("".join(pieces)[:MAX_RAW_CHARACTERS])
