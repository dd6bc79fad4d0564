"""Names and faces of people, ours too.

Standards: Matrix v1.19 CS §Profiles.
"""

from __future__ import annotations

from scop.matrix.api.client_server.profile import (
    DeleteProfileField,
    GetProfileField,
    GetUserProfile,
    GetUserProfileResponse,
    SetProfileField,
)
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.core import Core
from scop.matrix.steps import Steps, ask

__all__ = ["Profiles"]


class Profiles:
    """Reads profiles and changes our own."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def get(self, user_id: str) -> Steps[GetUserProfileResponse]:
        """Return the whole profile of someone."""
        return (yield from ask(GetUserProfile(user_id=user_id)))

    def field(self, user_id: str, key: str) -> Steps[object]:
        """Return one field of a profile; None where it is not there."""
        try:
            answer = yield from ask(GetProfileField(user_id=user_id, key_name=key))
        except MatrixError as refusal:
            if refusal.status == 404:
                return None
            raise
        return answer.content.get(key)

    def set_field(self, key: str, value: object) -> Steps[None]:
        """Set one field of our profile."""
        yield from ask(SetProfileField(user_id=self._core.user_id, key_name=key, content={key: value}))

    def delete_field(self, key: str) -> Steps[None]:
        """Take one field out of our profile."""
        yield from ask(DeleteProfileField(user_id=self._core.user_id, key_name=key))

    def set_display_name(self, name: str) -> Steps[None]:
        """Say what we want to be called."""
        return self.set_field("displayname", name)

    def set_avatar(self, uri: str) -> Steps[None]:
        """Show a face: the mxc: URI of a picture."""
        return self.set_field("avatar_url", uri)
