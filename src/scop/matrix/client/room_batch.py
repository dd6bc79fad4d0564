"""What one sync says of one room: state, timeline, who types, who has read.

Standards: Matrix v1.19 CS §Syncing, §/sync, §Stripped state.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from scop.matrix.api.client_server.events import ClientEventWithoutRoomId
from scop.matrix.api.client_server.events import Event as SmallEvent
from scop.matrix.api.client_server.sync import (
    InvitedRoom,
    JoinedRoom,
    KnockedRoom,
    LeftRoom,
    RoomSummary,
    TimelineBatch,
)
from scop.matrix.client.core import Core
from scop.matrix.client.event import Event, read_event, stripped_event, text_of
from scop.matrix.client.happenings import (
    Happening,
    InvitedTo,
    KnockedOn,
    MembershipChanged,
    Receipt,
    ReceiptsMoved,
    Redacted,
    RoomEvent,
    StateChanged,
    TimelineGap,
    TypingChanged,
    UnreadChanged,
)
from scop.matrix.client.happenings import JoinedRoom as JoinedRoomHappening
from scop.matrix.client.happenings import LeftRoom as LeftRoomHappening
from scop.matrix.client.loading import Filling
from scop.matrix.client.members import membership_of
from scop.matrix.client.room import Room
from scop.matrix.client.unsealing import Opened, closed, revealed
from scop.matrix.encryption.values import Decrypted
from scop.matrix.events.redaction import redact

__all__ = ["RoomBatch"]


class RoomBatch:
    """The news of one room; what was said before is not said again."""

    def __init__(self, core: Core, room: Room, opened: Opened, *, is_first: bool) -> None:
        self._core = core
        self._opened = opened
        self._is_first = is_first
        self._known = set(room.head.recent)
        self._changed: dict[tuple[str, str], Event] = {}
        self.room = room
        self.happenings: list[Happening] = []
        self.timeline: list[Event] = []  # new events, decrypted
        self.is_whole = False  # the state was replaced
        self.has_leaver = False

    def changed(self) -> tuple[Event, ...]:
        """Return the pieces of state that are others now."""
        return tuple(self._changed.values())

    @property
    def changed_types(self) -> frozenset[str]:
        """Which types of state changed."""
        return frozenset(event_type for event_type, _ in self._changed)

    def take_joined(self, news: JoinedRoom, gap: Filling) -> None:
        """Take in a room that we are in."""
        is_new = self.room.membership != "join"
        if is_new:
            # §Stripped state: it is discarded; and what was known of a room that we left is old.
            self._begin_anew("join")
            self.happenings.append(JoinedRoomHappening(self.room.room_id))
        self._take_summary(news.summary)
        self._take_gap(gap)
        before = news.state_after if news.state_after is not None else news.state
        self._take_state(before.events if before is not None else (), news.timeline, is_told=not is_new)
        self._take_timeline(news.timeline, is_state=news.state_after is None)
        self._take_ephemeral((news.ephemeral.events or ()) if news.ephemeral is not None else ())
        self._take_unread(news)

    def take_asked(self, news: InvitedRoom | KnockedRoom) -> None:
        """Take in a room that we are asked into, or ask to be let into."""
        is_invite = isinstance(news, InvitedRoom)
        shown = news.invite_state if isinstance(news, InvitedRoom) else news.knock_state
        was = self.room.membership if self.room.head.is_stripped else None
        # §Stripped state: it takes precedence over what was known of a room that we left.
        self._begin_anew("invite" if is_invite else "knock", is_stripped=True)
        for event in (shown.events or ()) if shown is not None else ():
            self._put(stripped_event(event))
        if was == self.room.membership:
            return
        if not is_invite:
            self.happenings.append(KnockedOn(self.room.room_id))
            return
        ours = self.room.state("m.room.member", self._core.user_id)
        is_direct = ours is not None and ours.content.get("is_direct") is True
        self.happenings.append(InvitedTo(self.room.room_id, self.room.inviter(), is_direct))

    def take_left(self, news: LeftRoom) -> None:
        """Take in a room that we are no longer in."""
        was_in = self.room.membership == "join"
        if self.room.head.is_stripped:
            self._begin_anew("leave")
        before = news.state_after if news.state_after is not None else news.state
        self._take_state(before.events if before is not None else (), news.timeline, is_told=was_in)
        self._take_timeline(news.timeline, is_state=news.state_after is None)
        ours = self.room.state("m.room.member", self._core.user_id)
        membership = "leave" if ours is None or membership_of(ours) not in ("leave", "ban") else membership_of(ours)
        is_change = self.room.membership != membership or self.is_whole
        self._set_head(membership=membership)
        if is_change and not self._is_first:
            reason = None if ours is None else text_of(ours.content, "reason")
            by = None if ours is None else ours.sender
            self.happenings.append(LeftRoomHappening(self.room.room_id, by, reason, membership == "ban"))

    def _begin_anew(self, membership: str, *, is_stripped: bool = False) -> None:
        self.room.empty()
        self.is_whole = True
        self._changed.clear()
        self.room.head = msgspec.structs.replace(
            self.room.head,
            membership=membership,
            is_stripped=is_stripped,
            has_all_members=not self._core.has_lazy_members and not is_stripped,
            prev_batch=None,
        )

    def _set_head(self, **fields: object) -> None:
        self.room.head = msgspec.structs.replace(self.room.head, **fields)

    def _take_summary(self, news: RoomSummary | None) -> None:
        if news is None:
            return
        # §/sync: what is left out has not changed.
        before = self.room.head.summary
        summary = msgspec.structs.replace(
            before,
            heroes=before.heroes if news.heroes is None else news.heroes,
            joined_count=before.joined_count if news.joined_member_count is None else news.joined_member_count,
            invited_count=before.invited_count if news.invited_member_count is None else news.invited_member_count,
        )
        self._set_head(summary=summary)

    def _take_gap(self, gap: Filling) -> None:
        if gap.has_rest:
            self.happenings.append(TimelineGap(self.room.room_id, gap.rest_from))
        for event in gap.events:
            self._take_event(event, is_state=False)

    def _take_state(
        self, events: Iterable[ClientEventWithoutRoomId] | None, timeline: TimelineBatch | None, *, is_told: bool
    ) -> None:
        """Take in a block of state; with lazy members, those of old senders are no news."""
        said = {event.event_id for event in timeline.events} if timeline is not None else set()
        for one in events or ():
            event = read_event(one)
            is_lazy = (
                event.type == "m.room.member" and event.event_id not in said and not self.room.head.has_all_members
            )
            before = self._put(event)
            if is_told and not self._is_first and not (is_lazy and before is None):
                self._tell_state(event, before)

    def _take_timeline(self, news: TimelineBatch | None, *, is_state: bool) -> None:
        if news is None:
            return
        for event in news.events:
            self._take_event(read_event(event), is_state=is_state)
        if self.room.head.prev_batch is None:
            self._set_head(prev_batch=news.prev_batch)
        self._set_head(recent=self.room.remember(event.event_id for event in self.timeline))

    def _take_event(self, event: Event, *, is_state: bool) -> None:
        """Take in one event of the timeline."""
        before = self._put(event) if is_state and event.state_key is not None else None
        if event.event_id in self._known:
            return
        self._known.add(event.event_id)
        if event.state_key is not None:
            if is_state and not self._is_first:
                self._tell_state(event, before)
            self.timeline.append(event)
            self._tell_event(event)
            return
        opened = self._opened.events.get((self.room.room_id, event.event_id))
        if opened is not None and not isinstance(opened, Decrypted):
            self.timeline.append(event)
            if not self._core.is_ignored(event):
                self.happenings.append(closed(self.room.room_id, event, opened))
            return
        if opened is not None:
            event = revealed(event, opened)
        self.timeline.append(event)
        self._tell_event(event, opened)

    def _tell_event(self, event: Event, opened: Decrypted | None = None) -> None:
        redacted = event.redacts_in(self.room.rules)
        if redacted is not None:
            self._redact_state(redacted)  # whoever did: the state is what it is
        if self._core.is_ignored(event):
            return
        room_id = self.room.room_id
        push = () if self._is_first else self._core.push.evaluate(self.room, event)
        self.happenings.append(RoomEvent(room_id, event, opened is not None, push, encryption=opened))
        if redacted is not None:
            self.happenings.append(Redacted(room_id, redacted, event))

    def _redact_state(self, event_id: str) -> None:
        """Take away what a redaction takes of the state that is known."""
        for event in self.room.all_state():
            if event.event_id == event_id:
                left = redact({"type": event.type, "content": event.content}, self.room.rules)
                content = left.get("content")
                self._put(msgspec.structs.replace(event, content=content if isinstance(content, dict) else {}))

    def _put(self, event: Event) -> Event | None:
        before = self.room.put(event)
        if before is None or before.event_id != event.event_id or before.content != event.content:
            self._changed[event.type, event.state_key or ""] = event
        return before

    def _tell_state(self, event: Event, before: Event | None) -> None:
        if before is not None and before.event_id == event.event_id:
            return
        room_id, state_key = self.room.room_id, event.state_key or ""
        if event.type != "m.room.member":
            self.happenings.append(StateChanged(room_id, event, before))
            return
        membership = membership_of(event)
        self.has_leaver |= membership not in ("join", "invite")
        was = None if before is None else membership_of(before)
        self.happenings.append(MembershipChanged(room_id, state_key, membership, was, event))

    def _take_ephemeral(self, events: Iterable[SmallEvent]) -> None:
        for event in events:
            if event.type == "m.typing":
                users = event.content.get("user_ids")
                self.room.typing = (
                    tuple(one for one in users if isinstance(one, str)) if isinstance(users, list) else ()
                )
                self.happenings.append(TypingChanged(self.room.room_id, self.room.typing))
            elif event.type == "m.receipt" and (receipts := tuple(_receipts(event))):
                self.room.take_receipts(receipts)
                self.happenings.append(ReceiptsMoved(self.room.room_id, receipts))

    def _take_unread(self, news: JoinedRoom) -> None:
        counts = news.unread_notifications
        if counts is None and news.unread_thread_notifications is None:
            return
        notifications = (counts.notification_count if counts else None) or 0
        highlights = (counts.highlight_count if counts else None) or 0
        threads = tuple(
            (thread_id, one.notification_count or 0, one.highlight_count or 0)
            for thread_id, one in (news.unread_thread_notifications or {}).items()
        )
        head = self.room.head
        is_same = (head.notification_count, head.highlight_count) == (notifications, highlights)
        if is_same and threads == self.room.unread_threads:
            return
        self.room.unread_threads = threads
        self._set_head(notification_count=notifications, highlight_count=highlights)
        self.happenings.append(UnreadChanged(self.room.room_id, notifications, highlights, threads))


def _receipts(event: SmallEvent) -> Iterable[Receipt]:
    """Return what an m.receipt says: by event, kind and user."""
    for event_id, kinds in event.content.items():
        for kind, users in kinds.items() if isinstance(kinds, dict) else ():
            for user_id, said in users.items() if isinstance(users, dict) else ():
                about = said if isinstance(said, dict) else {}
                sent = about.get("ts")
                yield Receipt(
                    user_id, event_id, kind, text_of(about, "thread_id"), sent if isinstance(sent, int) else None
                )
