"""Files of room keys, against one that another client wrote."""

from __future__ import annotations

import base64
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.identity_homes import seeded
from scop.base import RemoteProtocolError
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Needed, Steps, run
from scop.matrix.verification.key_file import parse_key_file, write_key_file

# Made by matrix-nio 0.26 (nio.crypto.key_export) with 10 rounds.
_FILE = """-----BEGIN MEGOLM SESSION DATA-----
Acn60BO8yMCp+PcZJUn95j2pGOyXKnE7lkKqiAnS/ZxjAAAACuXvEHAi1rnNtf/bfqT4QutxcRF0z5cFUXpOttNYokmH51gwukeI1eMdNIB6
+ce5n/jPFAkmietX9oS9Slh4IlNJHP41f6KjB9XBlQXuEuaglszgzSnelwIxry3FmMUViXR8HXAynJGGhTZHAlAabe478IOaAIUDqqOydQ
-----END MEGOLM SESSION DATA-----
"""
_SESSIONS: list[JsonObject] = [
    {"algorithm": "m.megolm.v1.aes-sha2", "room_id": "!sea:example.org", "session_id": "abc"}
]
# Of the tests of matrix-js-sdk: passphrase "password", plain text "plain", 2,600 rounds.
_PLAIN = """-----BEGIN MEGOLM SESSION DATA-----
AXNhbHRzYWx0c2FsdHNhbHSIiIiIiIiIiIiIiIiIiIiIAAAACmIRUW2OjZ3L2l6j9h0lHlV3M2dx
cissyYBxjsfsAndErh065A8=
-----END MEGOLM SESSION DATA-----
"""
_Outcome = TypeVar("_Outcome")


def _done(steps: Steps[_Outcome]) -> _Outcome:
    """Take steps that ask for nothing but keys of passphrases."""

    def nothing(needed: Needed) -> object:
        raise AssertionError(needed)

    return run(steps, nothing)


def _parsed(text: str, passphrase: str) -> list[JsonObject]:
    return _done(parse_key_file(text, passphrase))


def _written(sessions: list[JsonObject], passphrase: str) -> str:
    return _done(write_key_file(sessions, passphrase, seeded("file"), rounds=3))


def test_key_files_of_others_are_read() -> None:
    """Matrix v1.19 CS §Key exports: PBKDF2, AES-CTR, HMAC; lines of any length."""
    assert _parsed(_FILE, "tide") == _SESSIONS
    assert _parsed("Dear all,\r\n" + _FILE.replace("\n", "\r\n") + "Bye", "tide") == _SESSIONS


def test_key_files_that_hold_no_sessions_are_refused() -> None:
    """A vector of another client's tests opens, and is no JSON."""
    with pytest.raises(RemoteProtocolError, match="no sessions"):
        _parsed(_PLAIN, "password")


@drawn(20)
@given(st.lists(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 9))), st.text())
def test_key_files_come_back(sessions: list[JsonObject], passphrase: str) -> None:
    """What is written is read by the same passphrase, and by no other."""
    passphrase = passphrase.encode(errors="replace").decode()
    text = _written(sessions, passphrase)
    assert _parsed(text, passphrase) == sessions
    with pytest.raises(RemoteProtocolError):
        _parsed(text, passphrase + "x")


def test_key_files_leave_bit_63_of_the_counter_unset() -> None:
    """Matrix v1.19 CS §Key exports 3: implementations differ where it overflows."""
    text = _done(write_key_file([], "tide", lambda octets: b"\xff" * octets, rounds=1))
    octets = base64.b64decode("".join(text.splitlines()[1:-1]))
    assert octets[17:33] == b"\xff" * 8 + b"\x7f" + b"\xff" * 7


@given(st.text(max_size=200))
def test_key_files_raise_nothing_but_protocol_errors(text: str) -> None:
    """Whatever stands in a file is sessions or a RemoteProtocolError."""
    for file in (text, _FILE.replace("Acn6", text)):
        try:
            _parsed(file, "tide")
        except RemoteProtocolError:
            continue


@pytest.mark.parametrize("change", [("Acn6", "Acn7"), ("qqOydQ", "qqOydA"), ("ce5n", "ce5m"), ("Acn6", "Agn6")])
def test_key_files_that_were_changed_are_refused(change: tuple[str, str]) -> None:
    """The MAC covers all of it, version, salt, counter and rounds too."""
    with pytest.raises(RemoteProtocolError):
        _parsed(_FILE.replace(*change), "tide")


@pytest.mark.parametrize("rounds", [0, 10_000_001, 2**32 - 1])
def test_key_files_of_too_many_rounds_are_refused(rounds: int) -> None:
    """A hostile file does not keep a client busy for hours."""
    octets = bytearray(base64.b64decode("".join(_FILE.splitlines()[1:-1]) + "=="))
    octets[33:37] = rounds.to_bytes(4, "big")
    lines = _FILE.splitlines()
    with pytest.raises(RemoteProtocolError, match="rounds"):
        _parsed("\n".join([lines[0], base64.b64encode(octets).decode(), lines[-1]]), "tide")
