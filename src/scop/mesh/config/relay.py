"""`[relay]`: where outgoing mail goes and how long it is tried."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal

import msgspec

from scop.base import a_labels
from scop.mesh.config.checks import Port, check_address, check_port, check_positive

__all__ = ["Relay", "Smarthost"]


_PORTS_IN_THE_CLEAR = (25, 587)  # as long as nobody says STARTTLS
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


class Smarthost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A host that carries our mail on.

    `[relay.smarthosts."example.org"]` for that domain, `".example.org"` for all below it, `default` for all others.
    """

    host: str
    port: Port = 465
    tls: Literal["implicit", "starttls", "none"] = "implicit"  # `none` only without a login
    login: str = ""
    password_file: str = ""  # one line; relative to scop.toml

    def __post_init__(self) -> None:
        """Check the place and that no password would go in the clear."""
        _check_host(self.host)
        check_port("port", self.port)
        if self.tls == "implicit" and self.port in _PORTS_IN_THE_CLEAR:
            raise ValueError(f'tls: at port {self.port} TLS begins by "starttls", not "implicit"')
        if self.login and self.tls == "none":
            raise ValueError('tls: a login needs "implicit" or "starttls": no password goes in the clear')
        if bool(self.login) != bool(self.password_file):
            raise ValueError("password_file: login and password_file are named both or not at all")


class Relay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How mail leaves."""

    give_up_days: float = 5.0  # RFC 5321 §4.5.4.1: at least 4 to 5 days
    delay_notice_hours: float = 4.0  # after which a sender who asked for it, or did not say, hears of the delay
    # Of the disk: below it new mail is refused for now, so that what is in the queue can still be settled.
    reserve_octets: int = 67_108_864
    smarthosts: dict[str, Smarthost] = {}
    # Whether mail is held that would not pass SPF at its receiver, or whose account may no longer send with its sender.
    check_departures: bool = True
    # From where the world sees our mail come, where NAT gives it an address that is neither [network] address nor in
    # [publish] addresses.
    seen_as: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that each time is positive."""
        check_positive("give_up_days", self.give_up_days)
        check_positive("delay_notice_hours", self.delay_notice_hours)
        if self.reserve_octets < 0:
            raise ValueError("reserve_octets: less than nothing cannot stay free")
        for address in self.seen_as:
            check_address("seen_as", address)
        for pattern in self.smarthosts:
            _check_pattern(pattern)


def _check_host(host: str) -> None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not all(map(_LABEL.fullmatch, a_labels(host).removesuffix(".").split("."))):
            raise ValueError(f"host: {host!r} is no host's name or address (the port is a key of its own)") from None


def _check_pattern(pattern: str) -> None:
    labels = a_labels(pattern).removeprefix(".").split(".")
    if pattern != "default" and (len(labels) < 2 or not all(map(_LABEL.fullmatch, labels))):
        raise ValueError(f'smarthosts: {pattern!r} is not a domain, one with a dot before it, or "default"')
