"""`scop matrix notify serve`, taken over by a webhook: `probed_notifier.py CONFIG`.

Everything is the real thing, but what webhooks with certain headers bring about. `x-attack: PORT`: what is forbidden is
tried where webhooks are read, and the answer says how each ended. `x-hour: passes`: whoever waits for an hour has
waited. `x-disk: full` fills the disk of the account with what is written there until no more is, `x-disk: free` takes
that away.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fakes.attempts import ATTEMPTS, attempts, connect_attempts
from scop.cli import main
from scop.matrix.notifier.hooks import Delivery, Hook, HookRefused, receive
from scop.net import webhooks

CONFIG = Path(sys.argv[1])
FILLER = next(CONFIG.parent.glob("accounts/*/store")).with_name("filler")
HOUR_SECONDS = 3600.0
_hour = asyncio.Event()
_sleep = asyncio.sleep


async def _sleep_or_hour(seconds: float) -> None:
    await (_hour.wait() if seconds == HOUR_SECONDS else _sleep(seconds))


asyncio.sleep = _sleep_or_hour  # type: ignore[assignment]  # before anybody takes it as what pauses


def _write_config() -> str:
    with CONFIG.open("a") as file:
        return f"opened {file.name}"


def _place_beside_config() -> str:
    path = CONFIG.with_name("placed")
    path.write_text("x")
    return f"wrote {path}"


OWN = attempts(
    {
        "change the configuration": _write_config,
        "put a file beside the configuration": _place_beside_config,
        "list the folder of the configuration": lambda: str(os.listdir(CONFIG.parent)),  # noqa: PTH208 - what is tried
        "read another account": lambda: CONFIG.with_name("other-account").read_text(),
    }
)


def _pass_hour() -> str:
    _hour.set()
    _hour.clear()
    return "passed"


def _fill_disk() -> str:
    with FILLER.open("ab", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as fault:
                if fault.errno != errno.ENOSPC:
                    raise
    return "full"


def _free_disk() -> str:
    FILLER.unlink()
    return "free"


_EVENTS = {("x-hour", "passes"): _pass_hour, ("x-disk", "full"): _fill_disk, ("x-disk", "free"): _free_disk}


def _taken_over(hook: Hook, headers: Mapping[str, str], body: bytes, now_unix: float) -> Delivery:
    for (name, value), act in _EVENTS.items():
        if headers.get(name) == value:
            raise HookRefused(418, "played", reply_hint=act())
    if "x-attack" not in headers:
        return receive(hook, headers, body, now_unix)
    tried = {**ATTEMPTS, **OWN, **connect_attempts(int(headers["x-attack"]))}
    ends = {name: attempt() for name, attempt in tried.items()}
    raise HookRefused(418, "attacked", reply_hint=json.dumps(ends))


if __name__ == "__main__":
    webhooks.receive = _taken_over  # type: ignore[attr-defined]  # where the service looks it up
    sys.argv = ["scop", "matrix", "notify", "serve", "--json", "-c", str(CONFIG)]
    main()
