"""The members of a room and what they are called, so that nobody passes for another.

Standards: Matrix v1.19 CS §Calculating the display name for a user.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scop.matrix.client.event import Event, text_of

__all__ = ["Member", "Members"]

_THERE = ("join", "invite")


@dataclass(frozen=True, slots=True)
class Member:
    """Someone who is, was, or may come to be in a room."""

    user_id: str
    membership: str
    display_name: str | None
    avatar_url: str | None
    event: Event


class Members:
    """A view of the m.room.member events of a room; with lazy members, of those that are known."""

    def __init__(self, events: Mapping[str, Event]) -> None:
        self._events = events
        self._by_name: dict[str, set[str]] | None = None  # of those who are there; made when first asked for

    def __getitem__(self, user_id: str) -> Member:
        event = self._events[user_id]
        content = event.content
        return Member(
            user_id, membership_of(event), text_of(content, "displayname"), text_of(content, "avatar_url"), event
        )

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._events

    def __iter__(self) -> Iterator[str]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    def get(self, user_id: str) -> Member | None:
        """Return a member that is known."""
        return self[user_id] if user_id in self._events else None

    def of(self, *memberships: str) -> tuple[str, ...]:
        """Return the users of these memberships (`join`, `invite`, `leave`, `ban`, `knock`)."""
        return tuple(user_id for user_id, event in self._events.items() if membership_of(event) in memberships)

    def shown_name(self, user_id: str) -> str:
        """Return what to call someone, with the id where another has the same name."""
        # Matrix v1.19 CS §Calculating the display name for a user, steps 1 to 4.
        event = self._events.get(user_id)
        name = text_of(event.content, "displayname") if event is not None else None
        if name is None or not name.strip():
            return user_id
        namesakes = self._names().get(name, set())
        return name if namesakes <= {user_id} else f"{name} ({user_id})"

    def changed(self, before: Event | None, event: Event) -> None:
        """Take in that a member's event is another."""
        if self._by_name is None or event.state_key is None:
            return
        if before is not None and (name := _name_there(before)):
            self._by_name.get(name, set()).discard(event.state_key)
        if name := _name_there(event):
            self._by_name.setdefault(name, set()).add(event.state_key)

    def forget_names(self) -> None:
        """Make the table of names anew when it is next asked for."""
        self._by_name = None

    def _names(self) -> dict[str, set[str]]:
        if self._by_name is None:
            self._by_name = {}
            for user_id, event in self._events.items():
                if name := _name_there(event):
                    self._by_name.setdefault(name, set()).add(user_id)
        return self._by_name


def membership_of(event: Event) -> str:
    """Return what an m.room.member says; what says nothing is of no member."""
    return text_of(event.content, "membership") or "leave"


def _name_there(event: Event) -> str | None:
    return text_of(event.content, "displayname") if membership_of(event) in _THERE else None
