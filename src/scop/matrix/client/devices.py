"""Our own devices: seeing them, naming them, ending them."""

from __future__ import annotations

from collections.abc import Sequence

from scop.matrix.api.client_server.device_management import (
    DeleteDevice,
    DeleteDevices,
    Device,
    GetDevice,
    GetDeviceResponse,
    GetDevices,
    UpdateDevice,
)
from scop.matrix.client.core import Core
from scop.matrix.confirming import Credentials, confirmed
from scop.matrix.steps import Steps, ask

__all__ = ["Devices"]

_NOTHING = Credentials()


class Devices:
    """The devices that our account is logged in on."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def all(self) -> Steps[tuple[Device, ...]]:
        """Return all of them."""
        return (yield from ask(GetDevices())).devices or ()

    def get(self, device_id: str) -> Steps[GetDeviceResponse]:
        """Return one of them."""
        return (yield from ask(GetDevice(device_id=device_id)))

    def rename(self, device_id: str, name: str) -> Steps[None]:
        """Give one another name."""
        yield from ask(UpdateDevice(device_id=device_id, display_name=name))

    def end(self, device_id: str, shown: Credentials = _NOTHING) -> Steps[None]:
        """Log one out; the server wants to know again who we are."""
        yield from confirmed(lambda auth: DeleteDevice(device_id=device_id, auth=auth), shown)

    def end_all(self, device_ids: Sequence[str], shown: Credentials = _NOTHING) -> Steps[None]:
        """Log several out."""
        yield from confirmed(lambda auth: DeleteDevices(devices=tuple(device_ids), auth=auth), shown)
