"""`scop matrix notify serve`, confined, in a process of its own beside a homeserver in memory."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from fakes.homeserver import FakeHomeserver
from scop.cli.matrix.accounts import Account
from scop.matrix.json_values import JsonObject
from scop.net.matrix import AsyncClient, NetworkOptions

__all__ = ["BOT", "ConfinedNotifier", "Scene"]

PROBED = Path(__file__).with_name("probed_notifier.py")
BOT = "@bot:example.org"


@dataclass
class Scene:
    """A folder with a configuration and an account that is logged in."""

    folder: Path
    server: FakeHomeserver

    def write(self, more: str = "") -> None:
        """Write the configuration."""
        (self.folder / "other-account").write_text("kept")
        (self.folder / "notifier.toml").write_text(
            f"""
            listen = "127.0.0.1:0"
            [account]
            store = "accounts"
            [hooks.build]
            forge = "generic"
            unsigned = true
            [rooms.ci]
            room = "#ci:example.org"
            {more}
            """
        )

    def log_in(self, url: str, network: NetworkOptions | None = None) -> None:
        """Log the bot in."""

        async def main() -> None:
            keeper = Account("", self.folder / "accounts").open(BOT)
            async with AsyncClient(keeper, network=network) as client:
                await client.login(BOT, "secret", url)

        asyncio.run(main())

    @contextmanager
    def running(self, way: Sequence[str]) -> Iterator[ConfinedNotifier]:
        """Run the service, started by `way`, until the block ends, and see that SIGTERM ends it well."""
        command = [*way, sys.executable, str(PROBED), str(self.folder / "notifier.toml")]
        environment = {**os.environ, "SSL_CERT_FILE": str(self.folder / "roots.pem"), "no_proxy": "*"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        try:
            running = ConfinedNotifier(process)
            running.begun = running.wait_for("notifier.confined")
            running.wait_for("ready", process.stdout)
            yield running
        finally:
            process.terminate()
            _, err = process.communicate(timeout=60)
        assert (0, "") == (process.returncode, "".join(line for line in err.splitlines() if '"error"' in line))

    def messages(self, alias: str) -> list[str]:
        """Return what was sent to a room, of what is encrypted that it was."""
        room = self.server.rooms.rooms[self.server.rooms.aliases[alias]]
        sent = [event for _, event in room.events if event["type"] in ("m.room.message", "m.room.encrypted")]
        return [str(cast("JsonObject", event["content"]).get("body", "encrypted")) for event in sent]


class ConfinedNotifier:
    """A service that runs; `begun` is what it said when it was confined."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.place = ""
        self.begun: dict[str, object] = {}

    def wait_for(self, event: str, lines: Iterable[str] | None = None) -> dict[str, object]:
        """Read what it says until it says this."""
        for line in lines or self._process.stderr or ():
            said: dict[str, object] = json.loads(line)
            if said["event"] == event:
                self.place = str(said.get("listen", self.place))
                return said
        raise AssertionError(f"it never said {event}")

    def post(self, body: object, **headers: str) -> str:
        """Post a webhook; return what is answered."""
        kind = {"content-type": "application/json", **headers}
        asked = urllib.request.Request(f"http://{self.place}/build", json.dumps(body).encode(), kind)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return str(answer.read(), "utf-8")
        except urllib.error.HTTPError as refused:
            return refused.read().decode()
