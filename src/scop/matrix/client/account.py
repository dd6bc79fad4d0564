"""Our account: password, contacts, what the server can do, tokens for others."""

from __future__ import annotations

from typing import Literal

from scop.matrix.api.client_server.account_deactivation import DeactivateAccount
from scop.matrix.api.client_server.administrative_contact import (
    Delete3pidFromAccount,
    GetAccount3PIDs,
    GetAccount3PIDsResponse,
)
from scop.matrix.api.client_server.capabilities import Capabilities, GetCapabilities
from scop.matrix.api.client_server.openid import RequestOpenIdToken, RequestOpenIdTokenResponse
from scop.matrix.api.client_server.password_management import ChangePassword
from scop.matrix.api.client_server.versions import GetVersions, GetVersionsResponse
from scop.matrix.api.client_server.voip import GetTurnServer, GetTurnServerResponse
from scop.matrix.client.core import Core
from scop.matrix.confirming import Credentials, confirmed
from scop.matrix.steps import Forget, Steps, ask

__all__ = ["Account"]


class Account:
    """What is about the account and no device."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def versions(self) -> Steps[GetVersionsResponse]:
        """Return which versions of the specification the server speaks."""
        return (yield from ask(GetVersions()))

    def capabilities(self) -> Steps[Capabilities]:
        """Return what the server lets us do."""
        return (yield from ask(GetCapabilities())).capabilities

    def change_password(self, old: str, new: str, *, ends_other_devices: bool = False) -> Steps[None]:
        """Take another password."""
        shown = Credentials(self._core.user_id, old)
        yield from confirmed(
            lambda auth: ChangePassword(new_password=new, logout_devices=ends_other_devices, auth=auth), shown
        )

    def deactivate(self, password: str, *, erases: bool = False) -> Steps[None]:
        """End the account for good, and keep nothing of it; with `erases` its messages go too, as far as they can."""
        shown = Credentials(self._core.user_id, password)
        yield from confirmed(lambda auth: DeactivateAccount(erase=erases or None, auth=auth), shown)
        self._core.session = None
        self._core.start({})
        yield Forget()

    def contacts(self) -> Steps[GetAccount3PIDsResponse]:
        """Return the addresses and numbers of the account."""
        return (yield from ask(GetAccount3PIDs()))

    def delete_contact(self, medium: Literal["email", "msisdn"], address: str) -> Steps[None]:
        """Take an address (`email`) or a number (`msisdn`) away."""
        yield from ask(Delete3pidFromAccount(medium=medium, address=address))

    def openid_token(self) -> Steps[RequestOpenIdTokenResponse]:
        """Return a token that proves to others who we are."""
        return (yield from ask(RequestOpenIdToken(user_id=self._core.user_id)))

    def turn_server(self) -> Steps[GetTurnServerResponse]:
        """Return what calls go through."""
        return (yield from ask(GetTurnServer()))
