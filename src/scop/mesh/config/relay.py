"""`[relay]`: where outgoing mail goes and how long it is tried."""

from __future__ import annotations

from typing import Literal

import msgspec

from scop.mesh.config.checks import Port, check_port, check_positive

__all__ = ["Relay", "Smarthost"]


class Smarthost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A host that carries our mail on: `[relay.smarthosts."example.org"]`, or `.default` for all other domains."""

    host: str
    port: Port = 465
    tls: Literal["implicit", "starttls", "none"] = "implicit"  # `none` only without a login
    login: str = ""
    password_file: str = ""  # one line; relative to scop.toml

    def __post_init__(self) -> None:
        """Check the port and that no password would go in the clear."""
        check_port("port", self.port)
        if self.login and self.tls == "none":
            raise ValueError('tls: a login needs "implicit" or "starttls": no password goes in the clear')
        if bool(self.login) != bool(self.password_file):
            raise ValueError("password_file: login and password_file are named both or not at all")


class Relay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How mail leaves."""

    give_up_days: float = 5.0  # RFC 5321 §4.5.4.1: at least 4 to 5 days
    delay_notice_hours: float = 4.0  # after which a sender who asked for it, or did not say, hears of the delay
    smarthosts: dict[str, Smarthost] = {}

    def __post_init__(self) -> None:
        """Check that each time is positive."""
        check_positive("give_up_days", self.give_up_days)
        check_positive("delay_notice_hours", self.delay_notice_hours)
