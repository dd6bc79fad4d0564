"""A homeserver of two users, and where it is served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fakes.homeserver import FakeHomeserver
from fakes.served_homeserver import served_homeserver


@pytest.fixture
def homeserver() -> FakeHomeserver:
    """Return one with two users."""
    server = FakeHomeserver()
    server.register("alice")
    server.register("bob")
    return server


@pytest.fixture
def url(homeserver: FakeHomeserver) -> Iterator[str]:
    """Serve it."""
    with served_homeserver(homeserver) as place:
        yield place
