"""Finding rooms and people: aliases, public rooms, spaces, the directory of users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scop.matrix.api.client_server.directory import (
    DeleteRoomAlias,
    GetLocalAliases,
    GetRoomIdByAlias,
    SetRoomAlias,
)
from scop.matrix.api.client_server.list_public_rooms import (
    GetRoomVisibilityOnDirectory,
    PublicRoomsFilter,
    QueryPublicRooms,
    QueryPublicRoomsResponse,
    SetRoomVisibilityOnDirectory,
)
from scop.matrix.api.client_server.mutual_rooms import GetMutualRooms
from scop.matrix.api.client_server.room_summary import GetRoomSummary, GetRoomSummaryResponse
from scop.matrix.api.client_server.space_hierarchy import GetSpaceHierarchy, SpaceHierarchyRoomsChunk
from scop.matrix.api.client_server.users import SearchUserDirectory, SearchUserDirectoryResponse
from scop.matrix.api.errors import MatrixError
from scop.matrix.steps import Steps, ask

__all__ = ["Directory", "Hierarchy", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alias leads: a room, and servers that know it."""

    room_id: str
    servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """How far down a space is looked at."""

    is_suggested_only: bool = False
    max_depth: int | None = None
    page: int = 50


_WHOLE = Hierarchy()
_MAX_PAGES = 100  # of a space; who has more is not believed


class Directory:
    """Asks the directories of servers."""

    def resolve(self, alias: str) -> Steps[Place | None]:
        """Return where an alias leads; None where it leads nowhere."""
        try:
            answer = yield from ask(GetRoomIdByAlias(room_alias=alias))
        except MatrixError as refusal:
            if refusal.status == 404:
                return None
            raise
        return None if answer.room_id is None else Place(answer.room_id, answer.servers or ())

    def add_alias(self, alias: str, room_id: str) -> Steps[None]:
        """Let an alias lead to a room."""
        yield from ask(SetRoomAlias(room_alias=alias, room_id=room_id))

    def remove_alias(self, alias: str) -> Steps[None]:
        """Let an alias lead nowhere."""
        yield from ask(DeleteRoomAlias(room_alias=alias))

    def aliases_of(self, room_id: str) -> Steps[tuple[str, ...]]:
        """Return the aliases of our server that lead to a room."""
        return (yield from ask(GetLocalAliases(room_id=room_id))).aliases

    def public_rooms(
        self, words: str | None = None, server: str | None = None, since: str | None = None, limit: int = 50
    ) -> Steps[QueryPublicRoomsResponse]:
        """Return a page of the rooms that a server (ours) shows to everybody."""
        wanted = None if words is None else PublicRoomsFilter(generic_search_term=words)
        return (yield from ask(QueryPublicRooms(server=server, limit=limit, since=since, filter=wanted)))

    def is_published(self, room_id: str) -> Steps[bool]:
        """Tell whether our server shows a room to everybody."""
        return (yield from ask(GetRoomVisibilityOnDirectory(room_id=room_id))).visibility == "public"

    def publish(self, room_id: str) -> Steps[None]:
        """Show a room to everybody."""
        yield from ask(SetRoomVisibilityOnDirectory(room_id=room_id, visibility="public"))

    def unpublish(self, room_id: str) -> Steps[None]:
        """Show a room to nobody."""
        yield from ask(SetRoomVisibilityOnDirectory(room_id=room_id, visibility="private"))

    def summary(self, room: str, via: Sequence[str] = ()) -> Steps[GetRoomSummaryResponse]:
        """Return what a room shows to those who are not in it."""
        return (yield from ask(GetRoomSummary(room_id_or_alias=room, via=tuple(via) or None)))

    def space(self, room_id: str, wanted: Hierarchy = _WHOLE) -> Steps[tuple[SpaceHierarchyRoomsChunk, ...]]:
        """Return the rooms of a space, and those of the spaces in it, the space first."""
        found: list[SpaceHierarchyRoomsChunk] = []
        token: str | None = None
        for _ in range(_MAX_PAGES):
            page = yield from ask(
                GetSpaceHierarchy(
                    room_id=room_id,
                    suggested_only=wanted.is_suggested_only or None,
                    limit=wanted.page,
                    max_depth=wanted.max_depth,
                    from_=token,
                )
            )
            found += page.rooms
            token = page.next_batch
            if token is None:
                break
        return tuple(found)

    def users(self, words: str, limit: int = 10) -> Steps[SearchUserDirectoryResponse]:
        """Return users whose names match."""
        return (yield from ask(SearchUserDirectory(search_term=words, limit=limit)))

    def mutual_rooms(self, user_id: str) -> Steps[tuple[str, ...]]:
        """Return the rooms that we share with someone."""
        found: list[str] = []
        token: str | None = None
        for _ in range(_MAX_PAGES):
            page = yield from ask(GetMutualRooms(user_id=user_id, from_=token))
            found += page.joined
            token = page.next_batch
            if token is None:
                break
        return tuple(found)
