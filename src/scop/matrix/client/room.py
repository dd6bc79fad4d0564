"""A room as far as a client knows it: its state, its members, what is unread, and how it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from scop.matrix.client.event import Event, text_of
from scop.matrix.client.happenings import Receipt
from scop.matrix.client.members import Members, membership_of
from scop.matrix.client.powers import Powers, read_powers, rules_of
from scop.matrix.client.room_names import RoomSummary, room_name
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import RoomVersion

__all__ = ["Room", "RoomHead"]

_KNOWN_EVENTS = 64  # ids of the newest events of a timeline that are remembered, to end the filling of gaps


class RoomHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that is known of a room but its state and account data."""

    membership: str = "leave"  # ours: join, invite, knock, leave, ban
    summary: RoomSummary = RoomSummary()
    has_all_members: bool = False
    is_stripped: bool = False  # the state is what is shown to those who are not in the room
    prev_batch: str | None = None  # from where older events than the first known are asked for
    recent: tuple[str, ...] = ()  # ids of the newest events, in order
    notification_count: int = 0
    highlight_count: int = 0


class Room:
    """A room that we are in, were in, or are asked into; changed by syncing alone."""

    def __init__(self, room_id: str, own_user_id: str, head: RoomHead, state: Iterable[Event] = ()) -> None:
        self.room_id = room_id
        self.own_user_id = own_user_id
        self.head = head
        self.typing: tuple[str, ...] = ()
        self.receipts: dict[tuple[str, str | None], Receipt] = {}  # by user and thread; the newest that came
        self.unread_threads: tuple[tuple[str, int, int], ...] = ()
        self.account_data: dict[str, JsonObject] = {}
        self._state: dict[str, dict[str, Event]] = {"m.room.member": {}}
        for event in state:
            self._state.setdefault(event.type, {})[event.state_key or ""] = event
        self.members = Members(self._state["m.room.member"])

    @property
    def membership(self) -> str:
        """Whether we are in it: `join`, `invite`, `knock`, `leave` or `ban`."""
        return self.head.membership

    @property
    def name(self) -> str:
        """What to call it."""
        return room_name(self)

    @property
    def topic(self) -> str | None:
        """What it is about, as plain text."""
        return self._text("m.room.topic", "topic")

    @property
    def avatar_url(self) -> str | None:
        """Its picture, an mxc: URI."""
        return self._text("m.room.avatar", "url")

    @property
    def canonical_alias(self) -> str | None:
        """Its main alias."""
        return self._text("m.room.canonical_alias", "alias") or None

    @property
    def aliases(self) -> tuple[str, ...]:
        """The aliases that it goes by, the main one first."""
        event = self.state("m.room.canonical_alias")
        others = event.content.get("alt_aliases") if event else None
        found = [self.canonical_alias, *(others if isinstance(others, list) else ())]
        return tuple(dict.fromkeys(alias for alias in found if isinstance(alias, str)))

    @property
    def version(self) -> str:
        """Its room version."""
        return self._text("m.room.create", "room_version") or "1"

    @property
    def rules(self) -> RoomVersion:
        """The rules of its version."""
        return rules_of(self.state("m.room.create"))

    @property
    def is_space(self) -> bool:
        """Whether it is there to hold other rooms."""
        return self._text("m.room.create", "type") == "m.space"

    @property
    def children(self) -> tuple[str, ...]:
        """The rooms of a space, in order."""
        # Matrix v1.19 CS §Ordering of children within a space; a child without `via` is none.
        held = [event for event in self.states("m.space.child").values() if event.content.get("via")]
        return tuple(event.state_key or "" for event in sorted(held, key=_child_order))

    @property
    def parents(self) -> tuple[str, ...]:
        """The spaces that it says to be in."""
        said = self.states("m.space.parent")
        return tuple(room_id for room_id, event in said.items() if event.content.get("via"))

    @property
    def successor(self) -> str | None:
        """The room that replaced it."""
        return self._text("m.room.tombstone", "replacement_room")

    @property
    def predecessor(self) -> str | None:
        """The room that it replaced."""
        create = self.state("m.room.create")
        before = create.content.get("predecessor") if create else None
        return text_of(before, "room_id") if isinstance(before, dict) else None

    @property
    def encryption(self) -> JsonObject | None:
        """The settings of m.room.encryption; None where it is not encrypted."""
        event = self.state("m.room.encryption")
        return None if event is None else event.content

    @property
    def is_encrypted(self) -> bool:
        """Whether what is said in it is encrypted."""
        return self.encryption is not None

    @property
    def history_visibility(self) -> str:
        """Who may read what was said before they came."""
        # Matrix v1.19 CS §Room history visibility: `shared` where nothing is said.
        return self._text("m.room.history_visibility", "history_visibility") or "shared"

    @property
    def shows_history(self) -> bool:
        """Whether those who come may read what was said before."""
        return self.history_visibility in ("shared", "world_readable")

    @property
    def join_rule(self) -> str:
        """Who may come in."""
        return self._text("m.room.join_rules", "join_rule") or "invite"

    @property
    def powers(self) -> Powers:
        """Who may do what."""
        return read_powers(self.state("m.room.power_levels"), self.state("m.room.create"))

    @property
    def tags(self) -> Mapping[str, JsonObject]:
        """Our tags: `m.favourite`, `m.lowpriority`, `u.…`, each with its order."""
        tags = self.account_data.get("m.tag", {}).get("tags")
        return tags if isinstance(tags, dict) else {}

    @property
    def fully_read(self) -> str | None:
        """The event up to which we have read all."""
        return text_of(self.account_data.get("m.fully_read", {}), "event_id")

    @property
    def joined_count(self) -> int:
        """How many are in it."""
        counted = self.head.summary.joined_count
        return len(self.members.of("join")) if counted is None else counted

    @property
    def invited_count(self) -> int:
        """How many are asked into it."""
        counted = self.head.summary.invited_count
        return len(self.members.of("invite")) if counted is None else counted

    def state(self, event_type: str, state_key: str = "") -> Event | None:
        """Return a piece of its state."""
        return self._state.get(event_type, {}).get(state_key)

    def states(self, event_type: str) -> Mapping[str, Event]:
        """Return all pieces of its state of one type, by state key."""
        return self._state.get(event_type, {})

    def all_state(self) -> tuple[Event, ...]:
        """Return all of its state that is known."""
        return tuple(event for events in self._state.values() for event in events.values())

    def put(self, event: Event) -> Event | None:
        """Make an event part of the state, and return what it takes the place of."""
        state_key = event.state_key or ""
        events = self._state.setdefault(event.type, {})
        before = events.get(state_key)
        events[state_key] = event
        if event.type == "m.room.member":
            self.members.changed(before, event)
        return before

    def empty(self) -> None:
        """Forget the state: what comes next is all of it."""
        for events in self._state.values():
            events.clear()
        self.members.forget_names()

    def take_receipts(self, receipts: Iterable[Receipt]) -> None:
        """Take in how far users have read."""
        for receipt in receipts:
            self.receipts[receipt.user_id, receipt.thread_id] = receipt

    def remember(self, event_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the ids of the newest events, these being newer than what was known."""
        return (*self.head.recent, *event_ids)[-_KNOWN_EVENTS:]

    def inviter(self) -> str | None:
        """Return who asked us in."""
        ours = self.state("m.room.member", self.own_user_id)
        return ours.sender if ours is not None and membership_of(ours) == "invite" else None

    def _text(self, event_type: str, key: str) -> str | None:
        event = self.state(event_type)
        return None if event is None else text_of(event.content, key)


def _child_order(event: Event) -> tuple[bool, str, int, str]:
    """Return by what a child of a space stands before another: its order if it has a valid one, its age, its id."""
    order = text_of(event.content, "order")
    is_valid = order is not None and len(order) <= 50 and all(" " <= letter <= "~" for letter in order)
    return (not is_valid, order if is_valid and order else "", event.origin_server_ts, event.state_key or "")
