"""`scop matrix notify serve`, taken over by a webhook: `probed_notifier.py CONFIG`.

Everything is the real thing, but whoever posts a webhook with the header x-attack has every forbidden thing tried where
webhooks are read, and reads in the answer how each ended.
"""

from __future__ import annotations

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


def _taken_over(hook: Hook, headers: Mapping[str, str], body: bytes, now_unix: float) -> Delivery:
    if "x-attack" not in headers:
        return receive(hook, headers, body, now_unix)
    tried = {**ATTEMPTS, **OWN, **connect_attempts(int(headers["x-attack"]))}
    ends = {name: attempt() for name, attempt in tried.items()}
    raise HookRefused(418, "attacked", reply_hint=json.dumps(ends))


if __name__ == "__main__":
    webhooks.receive = _taken_over  # type: ignore[attr-defined]  # where the service looks it up
    sys.argv = ["scop", "matrix", "notify", "serve", "--json", "-c", str(CONFIG)]
    main()
