"""What every login ends with: a session is begun, or goes on; and what every renewal ends with.

Standards: Matrix v1.19 CS §Soft logout, §Refreshing access tokens.
"""

from __future__ import annotations

from scop.base import RemoteProtocolError, printable
from scop.matrix.client.core import Core
from scop.matrix.client.session import Session
from scop.matrix.steps import Forget, Steps, keep

__all__ = ["begin", "check_who", "expiry", "go_on", "kept_device_id"]


def begin(core: Core, session: Session) -> Steps[Session]:
    """Be logged in; what was kept of another device is not ours."""
    before = core.session
    core.session = session
    if before is None or (before.user_id, before.device_id) != (session.user_id, session.device_id):
        yield Forget()
        changes = core.start({})
        yield from keep(core.session_kept(session), *changes)
    else:
        if core.encryption is not None:
            yield from core.encryption.publish_again()  # the server may have ended the device meanwhile
        yield from keep(core.session_kept(session))
    return session


def go_on(core: Core, stale: Session, renewed: Session) -> Steps[bool]:
    """Take new tokens in place of old ones; False where the session ended meanwhile.

    §Refreshing access tokens: the old refresh token counts until a new token is used. So nobody sees the new ones
    before they are durable, and a process that is killed anywhere can renew again.
    """
    if core.session is stale:
        yield from keep(core.session_kept(renewed))
    if core.session is stale:
        core.session = renewed
    return core.session is not None


def expiry(core: Core, seconds: float | None) -> float | None:
    """Return when a token ends that counts for so long; None where nobody said."""
    return None if seconds is None else core.surroundings.clock.unix() + seconds


def check_who(wanted: str | None, user_id: str) -> None:
    """Raise where a server logs somebody else in: what is kept of us would be thrown away for it."""
    if wanted is not None and wanted.startswith("@") and wanted.lower() != user_id.lower():
        raise RemoteProtocolError(f"{printable(wanted)} was to be logged in, and {printable(user_id)} was")


def kept_device_id(core: Core, homeserver_url: str, user: str | None) -> str | None:
    """Return the device of who logs in, where it is, as far as one can know before, the one whose session this is."""
    session = core.session
    if session is None:
        return None
    if user == session.user_id:
        return session.device_id  # wherever their homeserver has moved to
    localpart = session.user_id[1:].partition(":")[0]
    is_same = session.homeserver_url == homeserver_url and user in (None, localpart)
    return session.device_id if is_same else None
