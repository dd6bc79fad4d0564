"""Whom a room talks to."""

from __future__ import annotations

import pytest

from scop.matrix.json_values import JsonObject
from scop.matrix.server_acl import ServerAcl


@pytest.mark.parametrize(
    ("content", "server", "is_allowed"),
    [
        ({"allow": ["*"]}, "sea.test", True),
        ({"allow": ["*"]}, "1.2.3.4", True),
        ({"allow": ["*"], "allow_ip_literals": False}, "1.2.3.4:80", False),
        ({"allow": ["*"], "allow_ip_literals": False}, "[::1]", False),
        ({"allow": ["*"], "allow_ip_literals": False}, "sea.test:80", True),
        ({"allow": ["*"], "allow_ip_literals": "no"}, "1.2.3.4", True),
        ({"allow": ["*"], "deny": ["*.evil.test", "evil.test"]}, "EVIL.test:8448", False),
        ({"allow": ["*"], "deny": ["*.evil.test", "evil.test"]}, "deep.evil.test", False),
        ({"allow": ["*"], "deny": ["*.evil.test"]}, "evil.test", True),
        ({"allow": ["sea.test"], "deny": ["sea.test"]}, "sea.test", False),
        ({"allow": ["s?a.test"]}, "sea.test", True),
        ({"allow": ["s?a.test"]}, "seaxtest", False),
        ({"allow": ["sea.test:80"]}, "sea.test:80", False),
        ({"allow": ["[::1]"]}, "[::1]:80", True),
        ({"allow": []}, "sea.test", False),
        ({}, "sea.test", False),
        ({"allow": "*"}, "sea.test", False),
        ({"allow": [1, None, "*"], "deny": {"sea.test": 1}}, "sea.test", True),
        ({"allow": ["*"]}, "no server", False),
    ],
)
def test_server_acl_decides_by_its_steps(content: JsonObject, server: str, is_allowed: bool) -> None:
    """Matrix v1.19 CS §m.room.server_acl, steps 2 to 5: addresses, deny, allow, deny; never by the port."""
    assert is_allowed is ServerAcl.parse(content).allows(server)
