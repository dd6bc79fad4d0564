"""Coming into rooms and leaving them, and who else does."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.banning import Ban, Unban
from scop.matrix.api.client_server.create_room import CreateRoom, StateEvent
from scop.matrix.api.client_server.inviting import InviteUser
from scop.matrix.api.client_server.joining import JoinRoom
from scop.matrix.api.client_server.kicking import Kick
from scop.matrix.api.client_server.knocking import KnockRoom
from scop.matrix.api.client_server.leaving import ForgetRoom, LeaveRoom
from scop.matrix.api.client_server.list_joined_rooms import GetJoinedRooms
from scop.matrix.api.client_server.room_upgrades import UpgradeRoom
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.core import Core
from scop.matrix.client.shared_history import SharedHistory
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Steps, ask

__all__ = ["Joining", "NewRoom"]

_MEGOLM = "m.megolm.v1.aes-sha2"


@dataclass(frozen=True, slots=True)
class NewRoom:
    """What a room that is to be made is like; None is what the server would do."""

    name: str | None = None
    topic: str | None = None
    alias_localpart: str | None = None  # of `#localpart:server`
    invited: tuple[str, ...] = ()
    preset: Literal["private_chat", "public_chat", "trusted_private_chat"] | None = None
    is_published: bool = False  # in the directory of public rooms
    is_direct: bool = False
    is_encrypted: bool | None = None  # None: as our options want it, but never where everybody may come in
    is_space: bool = False
    version: str | None = None
    more_creators: tuple[str, ...] = ()  # from version 12 on
    only_we_speak: bool = False
    powers: JsonObject = field(default_factory=dict)  # content of m.room.power_levels, over what the server would do
    state: tuple[tuple[str, str, JsonObject], ...] = ()  # more of it: type, state key, content


class Joining:
    """Membership of rooms, ours and others'."""

    def __init__(self, core: Core, shared_history: SharedHistory) -> None:
        self._core = core
        self._shared_history = shared_history

    def create(self, new: NewRoom) -> Steps[str]:
        """Make a room; return its id."""
        creation: JsonObject = {"type": "m.space"} if new.is_space else {}
        if new.more_creators:
            creation["additional_creators"] = list(new.more_creators)
        powers: JsonObject = {"events_default": 50, **new.powers} if new.only_we_speak else new.powers
        made = yield from ask(
            CreateRoom(
                name=new.name,
                topic=new.topic,
                room_alias_name=new.alias_localpart,
                invite=new.invited or None,
                preset=new.preset,
                visibility="public" if new.is_published else None,
                is_direct=True if new.is_direct else None,
                room_version=new.version,
                creation_content=creation or None,
                power_level_content_override=powers or None,
                initial_state=self._initial_state(new) or None,
            )
        )
        return made.room_id

    def join(self, room: str, via: Sequence[str] = (), reason: str | None = None) -> Steps[str]:
        """Come into a room by its id or an alias, by way of the servers that may know it; return its id."""
        inviter = self._inviter(room)  # before a sync says that we are in
        answer = yield from ask(JoinRoom(room_id_or_alias=room, via=tuple(via) or None, reason=reason))
        yield from self._shared_history.accepted(answer.room_id, inviter or self._inviter(answer.room_id))
        return answer.room_id

    def _inviter(self, room_id: str) -> str | None:
        """Return who asked us into a room, and waits for our answer."""
        room = self._core.rooms.get(room_id)
        return None if room is None else room.inviter()

    def knock(self, room: str, via: Sequence[str] = (), reason: str | None = None) -> Steps[str]:
        """Ask to be let into a room; return its id."""
        answer = yield from ask(KnockRoom(room_id_or_alias=room, via=tuple(via) or None, reason=reason))
        return answer.room_id

    def leave(self, room_id: str, reason: str | None = None) -> Steps[None]:
        """Leave a room, or say no to an invite, or take a knock back."""
        yield from ask(LeaveRoom(room_id=room_id, reason=reason))

    def forget(self, room_id: str) -> Steps[None]:
        """Forget a room that we left: its history is no longer ours."""
        yield from ask(ForgetRoom(room_id=room_id))
        if room_id in self._core.rooms:
            self._core.later.add(self._core.rooms.forgotten(room_id))
            yield from self._core.keep_later()

    def invite(self, room_id: str, user_id: str, reason: str | None = None) -> Steps[None]:
        """Ask someone in; who comes into an encrypted room that shows its history gets the keys to it before."""
        # A server that takes no keys, or knows nobody's devices, is no reason to ask nobody in.
        with suppress(MatrixError, RemoteProtocolError):
            yield from self._shared_history.share(room_id, user_id)
        yield from ask(InviteUser(room_id=room_id, user_id=user_id, reason=reason))

    def kick(self, room_id: str, user_id: str, reason: str | None = None) -> Steps[None]:
        """Make someone leave, or take an invite back."""
        yield from ask(Kick(room_id=room_id, user_id=user_id, reason=reason))

    def ban(self, room_id: str, user_id: str, reason: str | None = None) -> Steps[None]:
        """Keep someone out."""
        yield from ask(Ban(room_id=room_id, user_id=user_id, reason=reason))

    def unban(self, room_id: str, user_id: str, reason: str | None = None) -> Steps[None]:
        """Keep someone out no longer."""
        yield from ask(Unban(room_id=room_id, user_id=user_id, reason=reason))

    def upgrade(self, room_id: str, version: str, more_creators: Sequence[str] = ()) -> Steps[str]:
        """Replace a room by one of another version; return the new one's id."""
        answer = yield from ask(
            UpgradeRoom(room_id=room_id, new_version=version, additional_creators=tuple(more_creators) or None)
        )
        return answer.replacement_room

    def joined(self) -> Steps[tuple[str, ...]]:
        """Return the ids of the rooms that the server says we are in."""
        return (yield from ask(GetJoinedRooms())).joined_rooms

    def _initial_state(self, new: NewRoom) -> tuple[StateEvent, ...]:
        state = [StateEvent(type=kind, state_key=key, content=content) for kind, key, content in new.state]
        is_open = new.preset == "public_chat" or new.is_published or new.is_space
        usual = self._core.options.is_encrypted_by_default and self._core.options.encrypts and not is_open
        if usual if new.is_encrypted is None else new.is_encrypted:
            state.append(StateEvent(type="m.room.encryption", state_key="", content={"algorithm": _MEGOLM}))
        return tuple(state)
