"""Printers and sensors that cannot log in: each is known by where it is and by the senders that it may use.

Standards: RFC 6409 §4.3 (authorisation by address and network).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scop.mesh.config import Device
    from scop.smtp import Mailbox

__all__ = ["Devices", "KnownDevice"]


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """One device of the configuration."""

    name: str
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    senders: frozenset[str]  # lower-case

    def owns(self, addresses: Iterable[str]) -> bool:
        """Say whether it may use all of these addresses as sender."""
        return all(address.lower() in self.senders for address in addresses)


class Devices:
    """All devices."""

    def __init__(self, configured: Mapping[str, Device]) -> None:
        self._devices = tuple(
            KnownDevice(
                name,
                tuple(ipaddress.ip_network(network) for network in device.addresses),
                frozenset(sender.lower() for sender in device.senders),
            )
            for name, device in configured.items()
        )

    def at(self, address: str) -> tuple[KnownDevice, ...]:
        """Return the devices that may be at an address; several may share one."""
        try:
            host = ipaddress.ip_address(address)
        except ValueError:
            return ()
        return tuple(each for each in self._devices if any(host in network for network in each.networks))

    def find(self, address: str, sender: Mailbox | None) -> KnownDevice | None:
        """Return the device at an address that may use this reverse path; the null one is nobody's."""
        if sender is None:
            return None
        return next((each for each in self.at(address) if each.owns((str(sender),))), None)
