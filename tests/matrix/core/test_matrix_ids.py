"""Identifiers by their grammar."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.matrix.ids import (
    EventId,
    RoomAlias,
    RoomId,
    ServerName,
    UserId,
    is_namespaced_id,
    is_opaque_id,
    localpart_of_name,
    server_name_of,
)
from scop.matrix.room_versions import room_version

_HASH = "Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg"
_TEXT = st.text() | st.text("@!#$:.[]ab0/=-", max_size=20)


@pytest.mark.parametrize(
    ("text", "host", "port", "is_address"),
    [
        ("matrix.org", "matrix.org", None, False),
        ("matrix.org:8888", "matrix.org", 8888, False),
        ("1.2.3.4", "1.2.3.4", None, True),
        ("1.2.3.4:1234", "1.2.3.4", 1234, True),
        ("[1234:5678::abcd]", "[1234:5678::abcd]", None, True),
        ("[1234:5678::abcd]:5678", "[1234:5678::abcd]", 5678, True),
        ("[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", None, True),
        ("MATRIX.org:00080", "MATRIX.org", 80, False),
        ("localhost", "localhost", None, False),
        ("1.2.3", "1.2.3", None, False),
    ],
)
def test_server_name_is_a_host_and_perhaps_a_port(text: str, host: str, port: int | None, is_address: bool) -> None:
    """Matrix v1.19 appendices §Server Name: its examples, and text that stays as it was written."""
    name = ServerName.parse(text)
    assert (host, port, is_address, text) == (name.host, name.port, name.is_address, str(name))


def test_server_name_is_equal_to_another_by_its_writing() -> None:
    """Ibid.: names are compared as text, whether they were read or put together."""
    assert ServerName("sea.test", 80) == ServerName.parse("sea.test:80")
    assert ServerName("sea.test") == ServerName.parse("sea.test")
    assert ServerName.parse("sea.test:080") != ServerName.parse("sea.test:80")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        "a:",
        "a:b",
        "a:123456",
        "a:65536",
        "a:-1",
        "a b",
        "a_b",
        "é",
        "256.1.1.1",
        "[::1",
        "[]",
        "[zz]",
        "[::1]x",
        "[::1%1]",
        "[1.2.3.4]",
        "a\n",
        "a:80\n",
        "a" * 256,
        "::1",
        "a/b",
        "a:٣",
    ],
)
def test_server_name_is_nothing_else(text: str) -> None:
    """Ibid.: four numbers are an address, brackets hold IPv6, ports are ports."""
    with pytest.raises(RemoteProtocolError):
        ServerName.parse(text)


@pytest.mark.parametrize("text", ["@alice:example.org", "@a.b_c=d-e/f+0:example.org:8448", "@a:[::1]:80"])
def test_user_id_has_a_localpart_and_a_server(text: str) -> None:
    """Matrix v1.19 appendices §User Identifiers."""
    user = UserId.parse(text)
    assert text == str(user)
    assert text == f"@{user.localpart}:{user.server_name}"
    assert server_name_of(text) == str(user.server_name)
    assert user.is_compliant


@pytest.mark.parametrize(
    ("text", "is_compliant"),
    [
        ("@Alice:a.test", True),
        ("@a!b~:a.test", True),
        ("@:a.test", False),
        ("@a b:a.test", False),
        ("@é\x01:a.test", False),
    ],
)
def test_user_id_of_old_is_taken_where_asked(text: str, is_compliant: bool) -> None:
    """Appendices §Historical User IDs: any code point but NUL and colon, even none; clients see printable ASCII."""
    with pytest.raises(RemoteProtocolError):
        UserId.parse(text)
    assert (text, is_compliant) == (str(found := UserId.parse(text, historical=True)), found.is_compliant)


@pytest.mark.parametrize(
    "text", ["", "@", "@a", "a:b.test", "#a:b.test", "@a\0:b.test", "@\ud800:b.test", "@a:", "@a::b"]
)
def test_user_id_is_nothing_else(text: str) -> None:
    """Not even of old."""
    with pytest.raises(RemoteProtocolError):
        UserId.parse(text, historical=True)


@pytest.mark.parametrize(
    ("sigil", "parse"), [("@", UserId.parse), ("#", RoomAlias.parse), ("!", RoomId.parse), ("$", EventId.parse)]
)
def test_ids_have_255_octets_at_most(sigil: str, parse: Callable[[str], object]) -> None:
    """Appendices: users, rooms, aliases and events, with their sigil and domain."""
    assert 255 == len(str(parse(sigil + "a" * 249 + ":b.cd")))
    with pytest.raises(RemoteProtocolError, match="255 octets"):
        parse(sigil + "a" * 250 + ":b.cd")
    if sigil != "@":
        with pytest.raises(RemoteProtocolError, match="255 octets"):
            parse(sigil + "é" * 125 + ":b.cd")


def test_room_alias_has_any_localpart() -> None:
    """Appendices §Room Aliases: any code point but NUL and colon."""
    alias = RoomAlias.parse("#CI 🚀/:example.org")
    assert ("CI 🚀/", "example.org") == (alias.localpart, str(alias.server_name))
    for text in ("#a", "!a:b", "#\0:b", "#a:b c"):
        with pytest.raises(RemoteProtocolError):
            RoomAlias.parse(text)


def test_room_id_is_of_its_version() -> None:
    """Appendices §Room IDs: with a domain up to version 11, afterwards the hash of the create event."""
    old, new = "!abc:example.org", "!" + _HASH
    assert (old, new) == (str(RoomId.parse(old)), str(RoomId.parse(new)))
    for version, right, wrong in (("1", old, new), ("11", old, new), ("12", new, old)):
        assert right == str(RoomId.parse_in(room_version(version), right))
        with pytest.raises(RemoteProtocolError):
            RoomId.parse_in(room_version(version), wrong)
    for text in ("!abc", "!", "#a:b", "!" + _HASH[1:], "!" + _HASH[1:] + "+"):
        with pytest.raises(RemoteProtocolError):
            RoomId.parse(text)


def test_event_id_is_of_its_version() -> None:
    """Room versions 1, 3 and 4 §Event IDs: made up, standard base64, URL-safe base64."""
    made, standard, safe = "$abc:example.org", "$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJk", "$" + _HASH
    right = {"1": made, "2": made, "3": standard, **{str(version): safe for version in range(4, 13)}}
    for version, text in right.items():
        rules = room_version(version)
        assert text == str(EventId.parse_in(rules, text)) == str(EventId.parse(text))
        for wrong in {made, standard, safe, "$", "$a", safe[:-1], safe + "A", "!" + _HASH} - {text}:
            with pytest.raises(RemoteProtocolError):
                EventId.parse_in(rules, wrong)


def test_opaque_and_namespaced_ids_have_their_grammars() -> None:
    """Appendices §Opaque Identifiers, §Common Namespaced Identifier Grammar."""
    assert is_opaque_id("aZ09-._~")
    assert is_opaque_id("a" * 255)
    assert not any(map(is_opaque_id, ("", "a" * 256, "a b", "é", "a\n", "a/")))
    assert is_namespaced_id("m.room-1_x")
    assert is_namespaced_id("a" * 255)
    assert not any(map(is_namespaced_id, ("", "a" * 256, "1a", ".a", "A", "a b", "a\n")))


def test_localpart_of_a_name_is_the_suggested_one() -> None:
    """Appendices §Mapping from other character sets: its examples."""
    assert "=23=c3=a1" == localpart_of_name("#á")
    assert "alice=3d" == localpart_of_name("Alice=")
    assert "_a__b" == localpart_of_name("A_b", escapes_case=True)
    assert "a.test" == str(UserId.parse(f"@{localpart_of_name('日本 語')}:a.test").server_name)


@given(_TEXT)
def test_ids_raise_nothing_else_and_write_what_they_read(text: str) -> None:
    """Any text is an identifier, which is written again as it was, or a `RemoteProtocolError`."""
    for parse in (ServerName.parse, UserId.parse, RoomAlias.parse, RoomId.parse, EventId.parse):
        with suppress(RemoteProtocolError):
            assert text == str(parse(text))
    with suppress(RemoteProtocolError):
        assert text == str(UserId.parse(text, historical=True))
