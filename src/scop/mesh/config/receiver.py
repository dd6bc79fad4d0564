"""`[receiver]`: what one address, and one network, of the Internet may ask of us."""

from __future__ import annotations

import msgspec

from scop.mesh.config.checks import check_limit

__all__ = ["PerAddress", "PerNetwork", "Receiver"]


class PerAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of one address (IPv6: one /64), 0 for none; how many connections it may have at once is in `[limits]`.

    The defaults lie far above what one host of a big sender brings to an organisation of some hundred people.
    """

    mails_per_minute: int = 600
    octets_per_second: int = 8_000_000
    broken_commands_per_hour: int = 60  # three connections that each end after 20
    # More than one whole transaction of RFC 5321 §4.5.3.1.8 to people who left long ago, as an old mailing
    # list may bring it; who tries names needs thousands.
    refused_recipients_per_hour: int = 150

    def __post_init__(self) -> None:
        """Check that none is negative."""
        for name in self.__struct_fields__:
            check_limit(name, getattr(self, name))


class PerNetwork(PerAddress, frozen=True, forbid_unknown_fields=True):
    """Limits of one network, IPv4 /24 or IPv6 /48: all of its addresses together; 0 for none."""

    mails_per_minute: int = 2400
    octets_per_second: int = 32_000_000
    broken_commands_per_hour: int = 240
    refused_recipients_per_hour: int = 600
    connections: int = 150  # at once


class Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits at port 25; own networks are exempt."""

    per_address: PerAddress = PerAddress()
    per_network: PerNetwork = PerNetwork()
    # How long a suspicious client waits for our first word, 0 for not at all. RFC 5321 §4.5.3.2.1 has clients wait
    # 5 minutes; who is in a hurry to send millions does not wait at all.
    greeting_delay_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Check the delay."""
        if not 0 <= self.greeting_delay_seconds <= 60:
            raise ValueError("greeting_delay_seconds: a client waits 0 to 60 seconds for its greeting")
