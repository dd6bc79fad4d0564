"""What all faces of a client share: who is logged in, what is known, what chance and time there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.client.event import Event
from scop.matrix.client.happenings import PresenceChanged
from scop.matrix.client.options import ClientOptions
from scop.matrix.client.pushing import Pushing
from scop.matrix.client.put_off import PutOff
from scop.matrix.client.rooms import Rooms
from scop.matrix.client.session import Session
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Shelf, Steps, Surroundings

if TYPE_CHECKING:
    from scop.matrix.encryption import Machine

__all__ = ["Core", "Entries", "Part"]

Entries = Mapping[Shelf, Mapping[str, bytes]]
_ENTRY = "session"


class Part(Protocol):
    """What keeps something of its own beside the core."""

    def load(self, entries: Entries) -> None:
        """Take what was kept for what is known."""


class Core:
    """The state of a client; its faces hold this one."""

    def __init__(self, session: Session | None, surroundings: Surroundings, options: ClientOptions) -> None:
        self.session = session
        self.surroundings = surroundings
        self.options = options
        self.encryption: Machine | None = None
        self.parts: list[Part] = []
        self.learnt = PutOff()  # what steps within a sync keep, and is durable before anything is asked for
        self.later = PutOff()  # what becomes durable with the next sync, for its pages are in one order
        self.is_syncing = False  # something is taken in that is not durable yet
        self.rooms = Rooms("", {})
        self.account_data: dict[str, JsonObject] = {}
        self.presence: dict[str, PresenceChanged] = {}
        self.push = Pushing()

    def start(self, entries: Entries) -> tuple[Change, ...]:
        """Know what was kept and nothing else; return what is to be kept of it before anything is done."""
        kept = entries.get(Shelf.SESSION, {}).get(_ENTRY)
        if self.session is None and kept is not None:
            self.session = Session.from_octets(kept)
        self.rooms = Rooms(self.session.user_id if self.session is not None else "", entries)
        self.account_data = {
            key[1:]: _json(octets) for key, octets in entries.get(Shelf.ACCOUNT_DATA, {}).items() if key[:1] == " "
        }
        self.presence = {}
        self.learnt.clear()
        self.later.clear()
        self.is_syncing = False
        self.push.load(self.account_data.get("m.push_rules"))
        for part in self.parts:
            part.load(entries)
        return self._start_encryption(entries)

    def _start_encryption(self, entries: Entries) -> tuple[Change, ...]:
        self.encryption = None
        session = self.session
        if session is None or not self.options.encrypts:
            return ()
        from scop.matrix.encryption import Machine

        if entries.get(Shelf.ACCOUNT):
            self.encryption = Machine.load(session.user_id, session.device_id, entries, self.surroundings)
            return ()
        self.encryption, changes = Machine.create(session.user_id, session.device_id, self.surroundings)
        return changes

    @property
    def user_id(self) -> str:
        """Who we are; raises `LocalProtocolError` where nobody is logged in."""
        return self.logged_in().user_id

    def logged_in(self) -> Session:
        """Return the session; raises `LocalProtocolError` where there is none."""
        if self.session is None:
            raise LocalProtocolError("nobody is logged in")
        return self.session

    def session_kept(self, session: Session) -> Change:
        """Return what is to be kept of a session of ours."""
        return Change(Shelf.SESSION, _ENTRY, session.to_octets())

    def new_transaction_id(self) -> str:
        """Return an id that no request of ours had before."""
        return self.surroundings.chance(16).hex()

    def keep_later(self) -> Steps[None]:
        """Go on when what may wait is durable, or leave it to the sync that is being taken in."""
        if not self.is_syncing:
            yield from self.later.keep()

    def is_ignored(self, event: Event) -> bool:
        """Tell whether we do not want to see an event."""
        # Matrix v1.19 CS §Ignoring users: what they say is not shown; state stays what it is.
        return event.state_key is None and event.sender in self.ignored_users

    @property
    def ignored_users(self) -> Mapping[str, object]:
        """Whose words we do not want to see."""
        users = self.account_data.get("m.ignored_user_list", {}).get("ignored_users")
        return users if isinstance(users, dict) else {}

    @property
    def has_lazy_members(self) -> bool:
        """Whether syncs leave members out."""
        wanted = self.options.sync_filter
        if wanted is None:
            return self.options.has_lazy_members
        room = wanted.get("room")
        state = room.get("state") if isinstance(room, dict) else None
        return isinstance(state, dict) and state.get("lazy_load_members") is True


def _json(octets: bytes) -> JsonObject:
    try:
        return msgspec.json.decode(octets, type=JsonObject)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteProtocolError("what is kept of account data cannot be read") from error
