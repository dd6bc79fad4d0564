"""What strangers write into titles, names and addresses: shown as text, calls nobody, leads nowhere but to the web."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from scop.matrix.notifier import Audience, Forge, Hook, Room, Status, fold, pipeline_after, receive, wanted
from scop.matrix.notifier.threads import FIRST
from scop.matrix.notifier.turns import Verdict

TAGS = {"a", "b", "br", "code", "i", "li", "p", "table", "tbody", "td", "th", "thead", "tr", "ul"}
CI = Room(room="#ci:example.org", mention=("author", "@ops:example.org"))
WRITTEN = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "javascript:alert(1)",
            'https://x/"onmouseover="alert(1)',
            "https://x/ onclick=alert(1)",
            "data:text/html,<b>",
            "@room",
            "@alice:example.org",
            "<a href='https://matrix.to/#/@alice:example.org'>Alice</a>",
            "\u202eevil\r\n",
            "</table>",
        ]
    ),
)


class Seen(HTMLParser):
    """What a client makes of a message: its tags and where they lead."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.places: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag."""
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.places.extend(value or "" for name, value in attrs if name == "href")

    def handle_data(self, data: str) -> None:
        """Take words."""
        self.words += data


@given(texts=st.lists(WRITTEN, min_size=10, max_size=10))
def test_what_strangers_write_is_text_and_calls_nobody(texts: list[str]) -> None:
    """HTML of ours alone, links to the web alone, mentions of the configuration alone."""
    title, author, ref, workflow, number, url, job, note, job_url, commit = texts
    said = {
        "project": "acme/shop", "pipeline": "2", "status": "failed", "title": title, "author": author, "ref": ref,
        "workflow": workflow, "number": number, "url": url, "commit": commit,
        "jobs": [{"name": "x" + job, "status": "failed", "note": note, "url": job_url}],
    }  # fmt: skip
    report = receive(Hook("/h", Forge.GENERIC, ()), {}, msgspec.json.encode(said), 0.0).report
    assert report is not None
    green = Verdict("generic\nacme/shop\n1", (1, 0.0, "1"), 1, Status.PASSED)
    known, _ = fold(None, pipeline_after(None, report), (green,))
    told = {want.place: want.content for want in wanted(known, Audience((CI,), {}), ())}
    assert ({}, {"user_ids": ["@ops:example.org"]}) == (told[FIRST]["m.mentions"], told["1"]["m.mentions"])
    for content in told.values():
        seen = Seen(str(content["formatted_body"]))
        assert (set(), set()) == (seen.tags - TAGS, seen.attributes - {"href"})
        assert all(place.startswith(("https://", "http://")) for place in seen.places)
        assert all(line.isprintable() for line in str(content["body"]).split("\n"))
