"""Links in both forms."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.matrix.ids import EventId, RoomAlias, RoomId, ServerName, UserId
from scop.matrix.uris import MatrixUri

_ROOM = RoomId.parse("!somewhere:example.org")
_ALIAS = RoomAlias.parse("#somewhere:example.org")
_ALICE = UserId.parse("@alice:example.org")
_EVENT = EventId.parse("$event:example.org")
_LINKS = [
    (MatrixUri(_ALIAS), "matrix:r/somewhere:example.org", "https://matrix.to/#/%23somewhere:example.org"),
    (
        MatrixUri(_ROOM, via=("elsewhere.ca",)),
        "matrix:roomid/somewhere:example.org?via=elsewhere.ca",
        "https://matrix.to/#/!somewhere:example.org?via=elsewhere.ca",
    ),
    (
        MatrixUri(_ROOM, _EVENT, ("elsewhere.ca",)),
        "matrix:roomid/somewhere:example.org/e/event:example.org?via=elsewhere.ca",
        "https://matrix.to/#/!somewhere:example.org/$event:example.org?via=elsewhere.ca",
    ),
    (MatrixUri(_ALICE), "matrix:u/alice:example.org", "https://matrix.to/#/@alice:example.org"),
    (
        MatrixUri(RoomAlias.parse("#a/b c?%:x.test"), via=("[::1]:80", "b.test")),
        "matrix:r/a%2Fb%20c%3F%25:x.test?via=[::1]:80&via=b.test",
        "https://matrix.to/#/%23a%2Fb%20c%3F%25:x.test?via=[::1]:80&via=b.test",
    ),
]


@pytest.mark.parametrize(("link", "uri", "matrix_to"), _LINKS)
def test_links_are_written_and_read_in_both_forms(link: MatrixUri, uri: str, matrix_to: str) -> None:
    """Matrix v1.19 appendices §URIs: its examples."""
    assert (uri, matrix_to) == (link.to_uri(), link.to_matrix_to())
    assert link == MatrixUri.parse(uri) == MatrixUri.parse(matrix_to)


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://matrix.to/#/%21somewhere%3Aexample.org/%24event%3Aexample.org", MatrixUri(_ROOM, _EVENT)),
        ("https://matrix.to/#/#somewhere:example.org", MatrixUri(_ALIAS)),
        ("https://matrix.to/#/%40alice%3Aexample.org/", MatrixUri(_ALICE)),
        ("https://matrix.to/#/!somewhere:example.org/$a/b+c", MatrixUri(_ROOM, EventId.parse("$a/b+c"))),
        ("matrix:user/alice:example.org", MatrixUri(_ALICE)),
        ("MATRIX:room/somewhere:example.org", MatrixUri(_ALIAS)),
        ("matrix:roomid/somewhere:example.org/event/event:example.org", MatrixUri(_ROOM, _EVENT)),
        ("matrix://authority/r/somewhere:example.org?com.example.x=1#fragment", MatrixUri(_ALIAS)),
        ("matrix:u/alice:example.org?action=chat", MatrixUri(_ALICE, action="chat")),
        ("matrix:u/alice:example.org?action=join", MatrixUri(_ALICE)),
        ("matrix:r/somewhere:example.org?action=join&via=a.test", MatrixUri(_ALIAS, via=("a.test",), action="join")),
        ("matrix:r/somewhere:example.org?action=dance", MatrixUri(_ALIAS)),
    ],
)
def test_links_are_read_with_their_leniencies(text: str, link: MatrixUri) -> None:
    """Appendices §URIs: encoded or not, words of the draft, and what has no meaning yet."""
    assert link == MatrixUri.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.org",
        "matrix:",
        "matrix:x/a:b",
        "matrix:u/alice",
        "matrix:r/a:b/e",
        "matrix:r/a:b/x/y",
        "matrix:u/alice:b/e/x",
        "matrix:r/%ff:b",
        "https://matrix.to/#/",
        "https://matrix.to/#/+group:a.test",
        "matrix:r/a:b?via=not%20a%20server",
        "matrix:r/a/b:c",
    ],
)
def test_links_are_nothing_else(text: str) -> None:
    """Neither types nobody knows nor entities that are none."""
    with pytest.raises(RemoteProtocolError):
        MatrixUri.parse(text)


_LOCALPARTS = st.text(st.characters(exclude_characters=":\0"), max_size=20)


@given(
    _LOCALPARTS, st.booleans(), st.text("ab/+?#%", min_size=1, max_size=5), st.lists(st.just("via.test"), max_size=3)
)
def test_links_come_back(localpart: str, is_user: bool, event: str, via: list[str]) -> None:
    """What was written in either form is read as it was."""
    server = ServerName.parse("a.test")
    entity = UserId(localpart, server) if is_user else RoomAlias(localpart, server)
    link = MatrixUri(entity, None if is_user else EventId(event), tuple(via))
    assert link == MatrixUri.parse(link.to_uri()) == MatrixUri.parse(link.to_matrix_to())


@given(st.text() | st.text("matrix:/ur@!#%e?via=", max_size=30).map("matrix:u/".__add__))
def test_links_raise_nothing_else(text: str) -> None:
    """Any text is a link or a `RemoteProtocolError`."""
    with suppress(RemoteProtocolError):
        MatrixUri.parse(text)
