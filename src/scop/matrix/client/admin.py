"""What those who run a homeserver may ask of it, and reporting to them.

Standards: Matrix v1.19 CS §Server Administration, §Reporting Content.
"""

from __future__ import annotations

from scop.matrix.api.client_server.admin import (
    GetAdminLockUser,
    GetAdminSuspendUser,
    GetWhoIs,
    GetWhoIsResponse,
    SetAdminLockUser,
    SetAdminSuspendUser,
)
from scop.matrix.api.client_server.report_content import ReportEvent, ReportRoom, ReportUser
from scop.matrix.steps import Steps, ask

__all__ = ["Admin"]


class Admin:
    """Calls for administrators; `report_…` is for everybody."""

    def whois(self, user_id: str) -> Steps[GetWhoIsResponse]:
        """Return from where a user is connected."""
        return (yield from ask(GetWhoIs(user_id=user_id)))

    def is_locked(self, user_id: str) -> Steps[bool]:
        """Tell whether an account is locked: nobody can use it."""
        return (yield from ask(GetAdminLockUser(user_id=user_id))).locked

    def lock(self, user_id: str) -> Steps[None]:
        """Lock an account."""
        yield from ask(SetAdminLockUser(user_id=user_id, locked=True))

    def unlock(self, user_id: str) -> Steps[None]:
        """Lock an account no longer."""
        yield from ask(SetAdminLockUser(user_id=user_id, locked=False))

    def is_suspended(self, user_id: str) -> Steps[bool]:
        """Tell whether an account is suspended: it can read, and leave."""
        return (yield from ask(GetAdminSuspendUser(user_id=user_id))).suspended

    def suspend(self, user_id: str) -> Steps[None]:
        """Suspend an account."""
        yield from ask(SetAdminSuspendUser(user_id=user_id, suspended=True))

    def resume(self, user_id: str) -> Steps[None]:
        """Suspend an account no longer."""
        yield from ask(SetAdminSuspendUser(user_id=user_id, suspended=False))

    def report_event(self, room_id: str, event_id: str, reason: str | None = None) -> Steps[None]:
        """Tell the administrators of an event."""
        yield from ask(ReportEvent(room_id=room_id, event_id=event_id, reason=reason))

    def report_room(self, room_id: str, reason: str) -> Steps[None]:
        """Tell the administrators of a room."""
        yield from ask(ReportRoom(room_id=room_id, reason=reason))

    def report_user(self, user_id: str, reason: str) -> Steps[None]:
        """Tell the administrators of a user."""
        yield from ask(ReportUser(user_id=user_id, reason=reason))
