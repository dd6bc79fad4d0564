"""Waiting until a server that was just started takes connections."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

__all__ = ["PATIENCE_SECONDS", "await_listener"]

PATIENCE_SECONDS = 20.0


def await_listener(
    address: str, port: int, still_runs: Callable[[], bool] = lambda: True, patience: float = PATIENCE_SECONDS
) -> None:
    """Return once somebody accepts at `address`:`port`; raises `OSError` when that takes too long or it has ended."""
    give_up = time.monotonic() + patience
    while True:
        try:
            with socket.create_connection((address, port), timeout=5):
                return
        except OSError:
            if time.monotonic() > give_up or not still_runs():
                raise
        time.sleep(0.05)
