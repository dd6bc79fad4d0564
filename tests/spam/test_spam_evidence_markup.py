"""HTML: what is seen, what is there unseen, where it leads, how it is built."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from scop.spam.evidence import Evidence, Form, Link, Scope, evidence_of
from scop.spam.evidence.markup import read_page


def html(body: str, scope: Scope = Scope.FULL) -> Evidence:
    """Return the evidence of an HTML mail."""
    return evidence_of(f"Content-Type: text/html; charset=utf-8\r\n\r\n{body}".encode(), scope=scope)


def seen(evidence: Evidence) -> tuple[str, ...]:
    """Return the words that a reader sees, each once."""
    return tuple(token for token in evidence.tokens if ":" not in token)


def hidden(evidence: Evidence) -> set[str]:
    """Return the words that nobody sees."""
    return {
        token[7:] for token in evidence.tokens if token.startswith("hidden:") and not token.startswith("hidden:by-")
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("vi<!-- hidden -->agra", ("viagra",)),
        ("vi<b></b>agra", ("viagra",)),
        ("<style>p { colour: red }</style>seen", ("seen",)),
        ("<script>evil()</script>seen", ("seen",)),
        ("<SCRIPT>never closed", ()),
        ("&#118;iagra &amp; co", ("viagra", "co")),
        ("<p>one</p><p>two</p>", ("one", "two")),
        ("<td>one<td>two", ("one", "two")),
        ("5 < seven", ("seven",)),
        ('<img src=x alt="big sale">now', ("big", "sale", "now")),
        ('<a title="a > b" href="http://x.test">here</a>', ("here",)),
    ],
)
@pytest.mark.parametrize("scope", Scope)
def test_words_of_html_are_what_is_seen(body: str, words: tuple[str, ...], scope: Scope) -> None:
    """Comments, styles and scripts vanish, references are read, blocks part words and inline tags do not."""
    if "alt=" in body and scope is Scope.PLAIN:
        words = words[2:]  # the cheap scope reads no attributes
    assert words == seen(html(body, scope))


@pytest.mark.parametrize(
    ("body", "unseen"),
    [
        ('<div style="display:none">good words</div>', {"good", "words"}),
        ('<div style="DISPLAY : NONE"><div>good</div>words</div>', {"good", "words"}),
        ("<div hidden>good</div>", {"good"}),
        ('<span style="font-size:0px">good</span>', {"good"}),
        ('<span style="font-size:1px">good</span>', {"good"}),
        ('<span style="font-size:0">good<b style="font-size:12px">words</b></span>', {"good"}),
        ('<font color="#FFFFFF">good</font>', {"good"}),
        ("<font color=white>good<font color=red>words</font></font>", {"good"}),
        ('<body bgcolor="black"><font color="#000011">good</font></body>', {"good"}),
        ('<td style="background:#123456;color:rgb(18, 52, 90)">good</td>', {"good"}),
        ("<style>.x{display:none} @media print{.y{display:none}}</style><p class=x>good<p class=y>words", {"good"}),
        ('<p style="display:none">good<p>words', {"good"}),
        ('<div style="opacity:0">good</div>', {"good"}),
        ('<div style="opacity:0.8;font-size:1em;max-height:400px;color:#999">words</div>', set()),
        ('<font color="#000000" size=1>words</font>', set()),
        ('<td background="sea.jpg"><font color=white>words</font>', set()),
        ('<td style="background:url(sea.jpg) #fff;color:white">words', set()),
        ("<td bgcolor=white background=sea.jpg><td bgcolor=white><font color=white>good</font>", {"good"}),
    ],
)
def test_hidden_text_is_told_apart(body: str, unseen: set[str]) -> None:
    """Text that is not displayed, tiny or of the colour of its ground is `hidden:`; what follows is seen again."""
    evidence = html(f"{body}<div>seen</div>")
    assert unseen == hidden(evidence)
    assert "seen" in seen(evidence)
    assert unseen.isdisjoint(seen(evidence))


def test_links_are_values_with_what_is_seen_of_them() -> None:
    """Text and target stand beside each other; a link that names another place is a clue."""
    evidence = html('<a href="http://evil.test/?a=1&amp;b=2">www.<b>bank</b>.test</a> <a href=#top>up</a>')
    assert (Link("www.bank.test", "http://evil.test/?a=1&b=2"), Link("up", "#top")) == evidence.links
    assert {"url:evil.test", "url:shown-elsewhere", "url:?"} <= set(evidence.tokens)
    assert "url:shown-elsewhere" not in html('<a href="http://a.bank.test/">www.bank.test</a>').tokens


def test_forms_are_values_and_say_whether_they_ask_for_secrets() -> None:
    """A field of type password or with a telling name is one."""
    forms = html(
        "<form action=http://evil.test/x><input type=PASSWORD></form><form action=/find><input name=q></form>"
        "<form><input name=CardNumber>"
    ).forms
    assert (Form("http://evil.test/x", True), Form("/find", False), Form("", True)) == forms


def test_structure_is_told() -> None:
    """What letters seldom have is a token; made-up tags are one, by no name, and ordinary tags are none."""
    tokens = html(
        '<img src="http://t.test/p.gif" width=1 height=1><meta http-equiv=refresh content="0; url=x"><p onclick=x()>'
        "<zzxq><qqzx><font color=#FF0000>x</font><iframe src=http://f.test></iframe>a<!-- x -->b"
    ).tokens
    told = {token for token in tokens if token.startswith(("html:", "tag:"))}
    expected = {"html:remote-images", "html:unseen-image", "html:refresh", "html:event", "html:unknown-tags"}
    assert expected | {"html:images-for-text", "tag:iframe"} == told
    assert {"url:f.test", "trick:comment-in-word"} <= set(tokens)


@given(st.text(alphabet="<>/a\"'= !-&#;stylecorfndip:w0", max_size=120))
@drawn(60)
def test_any_text_is_a_page(source: str) -> None:
    """Nothing is raised, and no text that stands outside of tags is lost from both seen and hidden."""
    page = read_page(f"{source}<p>\u2713</p>")
    is_swallowed = any(sign in source for sign in ("<!--", "<script", "<style", "<", "'", '"'))
    assert is_swallowed or "\u2713" in page.seen + page.hidden
