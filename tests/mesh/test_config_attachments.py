"""`[attachments]`: what may be said there."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from scop.cells import manifest_of
from scop.mesh.config import Config, Network
from scop.mesh.config.attachments import MAX_SECONDS, Attachments, Policy
from scop.mesh.rules import rules_of


@pytest.mark.parametrize(
    ("said", "clamd"),
    [("", None), ("127.0.0.1:3310", ("127.0.0.1", 3310)), ("[2001:db8::1]:3310", ("2001:db8::1", 3310))],
)
def test_scanner_is_an_address_and_a_port(said: str, clamd: tuple[str, int] | None) -> None:
    """The examiner, and nobody else, may dial that port."""
    attachments = Attachments(clamav=said)
    assert clamd == attachments.clamd
    config = Config("harbor.test", Network("127.0.0.1"), attachments=attachments)
    rules = rules_of(manifest_of("examiner"), config, Path("/state"), {}, None)
    assert ((3310,) if clamd else (), ()) == (rules.connect_ports, rules.bind_ports)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"clamav": "localhost:3310"}, "no IPv4 or IPv6 address"),
        ({"clamav": "127.0.0.1"}, "such as 127.0.0.1:3310"),
        ({"clamav": "::1:3310"}, r"such as .* or \[::1\]:3310"),
        ({"clamav": "[127.0.0.1:3310"}, "such as 127.0.0.1:3310"),
        ({"clamav": "127.0.0.1:0"}, "a port is a number"),
        ({"seconds": 0.0}, "a positive number"),
        ({"seconds": MAX_SECONDS + 1}, "at most"),
        ({"seconds": 0.01}, "at least"),
        ({"seconds": float("nan")}, "a positive number"),
    ],
)
def test_mistakes_are_named(wrong: dict[str, object], reason: str) -> None:
    """What cannot be is said at the start, not at the first mail."""
    with pytest.raises(msgspec.ValidationError, match=reason):
        msgspec.convert(wrong, Attachments)


def test_defaults_keep_what_is_dangerous_apart() -> None:
    """What is merely suspicious is told, and what could not be looked into is treated as the dangerous is."""
    usual = Attachments()
    expected = (Policy.TAG, Policy.QUARANTINE, Policy.QUARANTINE)
    assert expected == (usual.suspicious, usual.dangerous, usual.unscannable)
