"""What `scop matrix listen --all` shows besides messages."""

from __future__ import annotations

import datetime

import pytest
from rich.text import Text

from scop.cli.matrix.news_shown import Reader, time_of
from scop.matrix.client.event import Event
from scop.matrix.client.happenings import (
    AccountDataChanged,
    MembershipChanged,
    PresenceChanged,
    Receipt,
    ReceiptsMoved,
    Redacted,
    RoomEvent,
    StateChanged,
    TypingChanged,
    UnreadChanged,
)
from scop.matrix.client.rooms import Rooms
from scop.matrix.verification import VerificationAsked
from scop.net.matrix.whole_sync import News

SEA, BOB, EVE = "!sea:example.org", "@bob:example.org", "@eve:example.org"
TOPIC = Event("$1", "m.room.topic", BOB, {"topic": "Tides"}, origin_server_ts=7000, state_key="")


@pytest.mark.parametrize(
    ("news", "line"),
    [
        (TypingChanged(SEA, (BOB,)), f"{SEA}   {BOB} types"),
        (TypingChanged(SEA, (BOB, EVE)), f"{SEA}   {BOB}, {EVE} type"),
        (ReceiptsMoved(SEA, (Receipt(BOB, "$1", "m.read"),)), f"{SEA}   {BOB} has read $1"),
        (UnreadChanged(SEA, 3, 1), f"{SEA}   3 unread, 1 for us"),
        (UnreadChanged(SEA, 3, 0), f"{SEA}   3 unread"),
        (PresenceChanged(BOB, "online", "[bold]at sea[/]\x1b"), f"{BOB} is online: [bold]at sea[/]\\x1b"),
        (AccountDataChanged(None, "m.direct"), "account data: m.direct"),
        (AccountDataChanged(SEA, "m.tag"), f"{SEA}   account data: m.tag"),
    ],
)
def test_matrix_asides_are_lines(news: News, line: str) -> None:
    """Who wants all sees receipts, typing, presence and account data, too; nothing in them is markup."""
    shown = Reader(Rooms(BOB, {})).line(news)
    assert shown is not None
    assert line == Text.from_markup(shown).plain


def test_matrix_asides_tell_nothing_when_nobody_types() -> None:
    """That someone stopped is no news."""
    assert Reader(Rooms(BOB, {})).line(TypingChanged(SEA, ())) is None


def test_matrix_asides_say_how_to_verify_whom_another_command_heard() -> None:
    """Who asked before `verify --wait` ran asks again: it hears nothing of what came to another process."""
    asked = VerificationAsked("flow", BOB, "B", ("m.sas.v1",))
    shown = Reader(Rooms(BOB, {})).line(asked)
    assert f"[green]{BOB} wants to verify: run scop matrix verify --wait '{BOB}', and have them ask again[/]" == shown


@pytest.mark.parametrize(
    "news",
    [
        StateChanged(SEA, TOPIC),
        MembershipChanged(SEA, BOB, "join", None, TOPIC),
        Redacted(SEA, "$1", TOPIC),
        RoomEvent(SEA, TOPIC),
    ],
)
def test_matrix_asides_stand_at_the_time_at_which_they_came_about(news: News) -> None:
    """What another command took in is told later: it shows when it happened, and not when it is told."""
    assert datetime.datetime.fromtimestamp(7).strftime("%Y-%m-%d %H:%M:%S") == time_of(news)
