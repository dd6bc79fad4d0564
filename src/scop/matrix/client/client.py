"""The client: one account on one device, what it knows of its rooms, and all it can do there.

Everything it does is `Steps`: `AsyncClient` (scop.net.matrix) carries them, tests answer them from a dict. What it
can do stands on small faces:

    client.login       logging in and out, registering, tokens
    client.oauth       logging in where a browser, or another device, says yes
    client.rooms       what is known of our rooms: client.rooms["!sea:example.org"].name
    client.syncing     what is new, as happenings
    client.sending     messages: text, notice, emote, HTML, edits, reactions, replies, threads, redactions, mentions
    client.outbox      what is to be sent and is not yet; goes out once, by the transaction ids that are kept
    client.joining     create, join, invite, leave, forget, kick, ban, unban, knock, upgrade
    client.state       state of rooms: name, topic, power levels, any other
    client.directory   aliases, public rooms, spaces, users
    client.history     events before and around, relations, threads, search
    client.media       upload, download, thumbnails
    client.shared_history  keys of what was said before we came
    client.reading     receipts, read markers, typing
    client.loading     all members of a room
    client.presence    who is there
    client.notes       account data, tags, ignored users
    client.direct      talks with one person alone
    client.push        push rules, pushers, notifications
    client.profiles    names and faces
    client.devices     our devices
    client.account     password, contacts, capabilities, registration
    client.admin       whois, lock, suspend, reports
    client.encryption  the machine of end-to-end encryption, or None
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from scop.matrix.client.account import Account
from scop.matrix.client.admin import Admin
from scop.matrix.client.alerts import Alerts
from scop.matrix.client.contents import Message
from scop.matrix.client.core import Core
from scop.matrix.client.devices import Devices
from scop.matrix.client.direct import Direct
from scop.matrix.client.directory import Directory
from scop.matrix.client.discovery import find_homeserver
from scop.matrix.client.happenings import Happening
from scop.matrix.client.history import History
from scop.matrix.client.joining import Joining
from scop.matrix.client.loading import Loading
from scop.matrix.client.logging_in import LoggingIn
from scop.matrix.client.media import Media
from scop.matrix.client.notes import Notes
from scop.matrix.client.oauth_login import OAuthLogin
from scop.matrix.client.options import ClientOptions
from scop.matrix.client.outbox import Outbox
from scop.matrix.client.profiles import Profiles
from scop.matrix.client.reading import Presences, Reading
from scop.matrix.client.rooms import Rooms
from scop.matrix.client.sending import Sending
from scop.matrix.client.session import Session
from scop.matrix.client.shared_history import SharedHistory
from scop.matrix.client.states import States
from scop.matrix.client.syncing import Follower, Syncing
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Shelf, Steps, Surroundings

if TYPE_CHECKING:
    from scop.matrix.encryption import Machine

__all__ = ["Client"]

_USUAL = ClientOptions()
_News = TypeVar("_News")


class Client:
    """One account on one device; `entries` is what was kept, by shelf and key."""

    def __init__(
        self,
        session: Session | None,
        entries: Mapping[Shelf, Mapping[str, bytes]],
        surroundings: Surroundings,
        options: ClientOptions = _USUAL,
    ) -> None:
        self._core = core = Core(session, surroundings, options)
        self.options = options
        self.oauth = OAuthLogin(core)
        self.login = LoggingIn(core, self.oauth)
        self.outbox = Outbox(core)
        self.loading = Loading(core)
        self.sending = Sending(core, self.outbox, self.loading)
        self.syncing = Syncing(core, self.outbox, self.loading, self.sending)
        self.media = Media()
        self.shared_history = SharedHistory(core, self.loading, self.media)
        self.joining = Joining(core, self.shared_history)
        self.state = States(core)
        self.directory = Directory()
        self.history = History(core)
        self.reading = Reading(core)
        self.presence = Presences(core)
        self.notes = Notes(core)
        self.direct = Direct(core, self.notes, self.joining, self.loading)
        self.push = Alerts(core)
        self.profiles = Profiles(core)
        self.devices = Devices(core)
        self.account = Account(core)
        self.admin = Admin()
        core.parts += [self.outbox, self.loading, self.syncing]
        self.syncing.keep_first(core.start(entries))

    @property
    def session(self) -> Session | None:
        """Who is logged in where."""
        return self._core.session

    @property
    def rooms(self) -> Rooms:
        """What is known of our rooms."""
        return self._core.rooms

    @property
    def encryption(self) -> Machine | None:
        """The machine of end-to-end encryption; None where nobody is logged in, or our options want none."""
        return self._core.encryption

    def keeps(self, changes: tuple[Change, ...]) -> None:
        """Take in that a `Keep` is about to become durable: older states of its entries are written no more.

        Whoever drives calls it for every `Keep`, of ours or of an identity, right before it is written.
        """
        self._core.learnt.give_way(changes)

    def discover(self, server_name: str) -> Steps[str]:
        """Return the URL of the homeserver of a server name by its well-known, checked; raises `DiscoveryFailed`."""
        return (yield from find_homeserver(server_name)).base_url

    def login_with_password(self, homeserver_url: str, user: str, password: str) -> Steps[Session]:
        """Log in by a password; who was logged in before as this user keeps the device."""
        return self.login.with_password(homeserver_url, user, password)

    def login_with_token(self, homeserver_url: str, token: str, user: str | None = None) -> Steps[Session]:
        """Log in by a token of another login or of single sign-on; where `user` says so, as them and nobody else."""
        return self.login.with_token(homeserver_url, token, user)

    def login_as_service(self, homeserver_url: str, user: str, service_token: str) -> Steps[Session]:
        """Log in as a user of an application service, by the service's own token."""
        return self.login.as_service(homeserver_url, user, service_token)

    def renew(self, stale_token: str | None = None) -> Steps[bool]:
        """Take new tokens by the refresh token, unless `stale_token` is no longer in use; False where there is no way.

        Whoever drives calls it before the token ends (`session.is_due`) and after M_UNKNOWN_TOKEN, one at a time.
        """
        return self.login.renew(stale_token)

    def logout(self) -> Steps[None]:
        """End the session at the server, and keep nothing of it."""
        return self.login.logout()

    def sync(self, timeout_seconds: float = 0) -> Steps[tuple[Happening, ...]]:
        """Return what is new; what it changed and how far was read became durable together before."""
        return self.syncing.sync(timeout_seconds)

    def sync_with(self, follower: Follower[_News], timeout_seconds: float = 0) -> Steps[tuple[Happening | _News, ...]]:
        """Do the same, and let a follower (verification) make something of each happening before it is told."""
        return self.syncing.sync_with(follower, timeout_seconds)

    def send(self, room_id: str, event_type: str, content: JsonObject) -> Steps[str]:
        """Send an event, encrypted where the room is, once; return its id."""
        return self.sending.event(room_id, event_type, content)

    def queue(self, room_id: str, event_type: str, content: JsonObject) -> Steps[str]:
        """Encrypt an event where the room is, and keep it to be sent; return its transaction id."""
        return self.sending.queue(room_id, event_type, content)

    def deliver(self, transaction_id: str) -> Steps[str]:
        """Send what was queued, after what was queued for its room before; return the event's id."""
        return self.outbox.deliver(transaction_id)

    def resume(self) -> Steps[tuple[str, ...]]:
        """Send all that is queued still, in order, as after a restart (sync before); return the events' ids."""
        return self.outbox.resume()

    def send_text(self, room_id: str, body: str, html: str | None = None) -> Steps[str]:
        """Send a message; return its id."""
        return self.sending.text(room_id, body, html)

    def edit(self, room_id: str, event_id: str, body: str, html: str | None = None) -> Steps[str]:
        """Replace what a message of ours says; return the id of the edit."""
        return self.sending.edit(room_id, event_id, Message(body, html))

    def reply(self, room_id: str, event_id: str, body: str, html: str | None = None) -> Steps[str]:
        """Answer a message; return the id of the answer."""
        return self.sending.reply(room_id, event_id, Message(body, html))

    def react(self, room_id: str, event_id: str, key: str) -> Steps[str]:
        """Annotate an event by an emoji or a word; return the id of the reaction."""
        return self.sending.react(room_id, event_id, key)

    def redact(self, room_id: str, event_id: str, reason: str | None = None) -> Steps[str]:
        """Take the content of an event away; return the id of the redaction."""
        return self.sending.redact(room_id, event_id, reason)
