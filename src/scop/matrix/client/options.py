"""What may be chosen about a client."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.matrix.json_values import JsonObject

__all__ = ["ClientOptions", "Presence"]


class Presence(StrEnum):
    """What others see of a user."""

    ONLINE = "online"
    UNAVAILABLE = "unavailable"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """How a client logs in, and how much it reads."""

    device_name: str = "SCoP"
    client_uri: str = "https://scop.example/"  # what an authorization server shows people of us, beside our name
    asks_refresh_token: bool = True
    presence: Presence | None = None  # what syncing tells of us; None is the server's default (online)
    timeline_limit: int = 50  # events of a room that one sync brings at most
    has_lazy_members: bool = True  # members of large rooms only when they say something, or are asked for
    wants_presence: bool = True
    wants_typing: bool = True
    fill_limit: int = 1000  # events of a gap that are fetched at most, for each room; beyond it is a TimelineGap
    fill_limit_of_sync: int = 10_000  # and of all rooms together, at one sync: after weeks away it is not held up
    fill_page: int = 100
    encrypts: bool = True  # end-to-end, where rooms are encrypted; without it those stay closed
    is_encrypted_by_default: bool = True  # rooms that are made private
    shares_history: bool = True  # whom we ask into a room that shows its history may read it, though it was encrypted
    sync_filter: JsonObject | None = None  # in place of the filter that the above make
