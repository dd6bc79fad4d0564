"""Which way `scop matrix login` goes: what the homeserver offers, and what this terminal can do.

    --with WAY         that way, or none
    a secret in a file, or piped where passwords are taken: a password
    OAuth 2.0          in the browser of this desktop; where there is none, by a code that is entered on another device
    a password         typed
    single sign-on     in a browser, of this desktop or another

Standards: Matrix v1.19 CS §Login, §OAuth 2.0 aware clients.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import StrEnum

from scop.matrix.client.ways import Ways
from scop.net.faults import PermanentFailure

__all__ = ["Terminal", "Way", "chosen_way"]


class Way(StrEnum):
    """How one logs in; the words of --with."""

    PASSWORD = "password"  # noqa: S105 - a word
    TOKEN = "token"  # noqa: S105 - a word
    SERVICE = "service"
    SSO = "sso"
    OAUTH = "oauth"
    DEVICE = "device"

    @property
    def is_shown(self) -> bool:
        """Whether it is a secret that we show, and not a person who agrees elsewhere."""
        return self in (Way.PASSWORD, Way.TOKEN, Way.SERVICE)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a person sits."""

    is_typed: bool  # what is read is typed, and no file or pipe
    has_browser: bool  # a browser would open before their eyes

    @classmethod
    def here(cls) -> Terminal:
        """Return this one."""
        # A browser that is opened over SSH opens in front of nobody.
        has_desktop = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
        is_remote = any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY"))
        return cls(sys.stdin.isatty(), sys.stdin.isatty() and has_desktop and not is_remote)


def chosen_way(ways: Ways, terminal: Terminal) -> Way:
    """Return the way to go first; raises `PermanentFailure` where there is none that we know."""
    if ways.takes_passwords and not terminal.is_typed:
        return Way.PASSWORD  # a script
    # §OAuth 2.0 aware clients: only that flow is offered to the user where the server prefers it; and it may be the
    # way into the authorization server itself, which is asked directly then.
    if ways.server is not None and (ways.server.takes_redirects or ways.server.takes_devices):
        is_here = terminal.has_browser or not ways.server.takes_devices
        return Way.OAUTH if ways.server.takes_redirects and is_here else Way.DEVICE
    if ways.takes_sso and ways.prefers_sso:
        return Way.SSO
    if ways.takes_passwords:
        return Way.PASSWORD
    if ways.takes_sso:
        return Way.SSO
    raise PermanentFailure(f"the homeserver takes no login that is known here; it offers {ways.offered()}")
