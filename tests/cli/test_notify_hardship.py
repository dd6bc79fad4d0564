"""The confined notifier where a homeserver has had enough for an hour, and where its disk is full: nothing is lost."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from fakes.confined_notifier import Scene
from fakes.homeserver import FakeHomeserver
from fakes.homeserver_keys import FakeDevice
from fakes.homeserver_refusal import refusal
from fakes.ordinary_user import as_ordinary_user
from fakes.served_homeserver import served_homeserver
from scop.matrix.api.client_server.room_send import SendMessage
from scop.matrix.json_values import JsonObject

HOUR_MILLISECONDS = 3_600_000
# A disk of its own, in which what is in a folder stands where it stood; then what is to be run.
SMALL_DISK = """
set -e
kept=$(mktemp -d)
cp -a "$1/." "$kept"
mount -t tmpfs -o size=2m none "$1"
cp -a "$kept/." "$1"
rm -r "$kept"
shift
exec "$@"
"""


class Limit:
    """A homeserver that takes no message while it is closed, and asks to be left alone for some time."""

    def __init__(self, server: FakeHomeserver) -> None:
        self.closed_for_milliseconds = 0
        self.refused = 0
        self._take = server.answers[SendMessage]
        server.answers[SendMessage] = self._answer

    def _answer(self, device: FakeDevice, request: SendMessage) -> JsonObject | bytes:
        if self.closed_for_milliseconds:
            self.refused += 1
            raise refusal(429, "M_LIMIT_EXCEEDED", retry_after_ms=self.closed_for_milliseconds)
        return self._take(device, request)


def run(pipeline: str, status: str) -> dict[str, str]:
    """Return what is said of a pipeline."""
    return {"project": pipeline, "pipeline": pipeline, "status": status}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Give a folder and a homeserver."""
    server = FakeHomeserver()
    server.register("bot")
    made = Scene(tmp_path, server)
    made.write()
    return made


def test_hour_of_rate_limit_is_waited_out_and_nothing_is_lost(scene: Scene) -> None:
    """Webhooks are taken meanwhile, the server is asked once an hour, each message comes once; after a restart, too."""
    limit = Limit(scene.server)
    with served_homeserver(scene.server) as url:
        scene.log_in(url)
        with scene.running(as_ordinary_user()) as service:
            service.post(run("a", "running"))
            service.wait_for("notice.posted")
            limit.closed_for_milliseconds = HOUR_MILLISECONDS
            assert "taken\n" == service.post(run("a", "passed"))
            service.wait_for("notice.waits")
            assert ["taken\n"] * 2 == [service.post(run(pipeline, "failed")) for pipeline in "bc"]
            service.post({}, **{"x-hour": "passes"})
            service.wait_for("notice.waits")
            assert 2 == limit.refused
            limit.closed_for_milliseconds = 0
            service.post({}, **{"x-hour": "passes"})
            for _ in "abc":
                service.wait_for("notice.posted")
            limit.closed_for_milliseconds = HOUR_MILLISECONDS
            service.post(run("d", "failed"))
            service.wait_for("notice.waits")
        limit.closed_for_milliseconds = 0
        with scene.running(as_ordinary_user()) as service:
            service.wait_for("notice.posted")
    ended = [f"❌ {pipeline} failed" for pipeline in "bcd"]
    assert ["🔵 a running", "* ✅ a passed", *ended] == scene.messages("#ci:example.org")


def on_a_small_disk(folder: Path) -> tuple[str, ...]:
    """Return what starts a program so that a folder has a disk of its own; skip aloud where that is impossible."""
    own = ("unshare", "--user", "--map-root-user", "--mount")
    if not shutil.which("unshare") or subprocess.run([*own, "true"], capture_output=True, check=False).returncode:
        pytest.skip("NOT TRIED: a full disk (no user namespaces here)")
    return (*own, "sh", "-c", SMALL_DISK, "sh", str(folder))


def test_full_disk_takes_nothing_that_it_cannot_keep_and_loses_nothing_that_it_took(scene: Scene) -> None:
    """A webhook is refused, to be sent again; what was kept before is posted once there is room, once."""
    limit = Limit(scene.server)
    with served_homeserver(scene.server) as url:
        scene.log_in(url)
        with scene.running(on_a_small_disk(scene.folder)) as service:
            service.post(run("a", "running"))
            service.wait_for("notice.posted")
            limit.closed_for_milliseconds = 1
            assert "taken\n" == service.post(run("a", "passed"))
            service.wait_for("notice.waits")
            assert "full\n" == service.post({}, **{"x-disk": "full"})
            limit.closed_for_milliseconds = 0
            service.wait_for("account.unkept")
            assert "not now\n" == service.post(run("b", "failed"))
            service.wait_for("mail.fault")
            assert "free\n" == service.post({}, **{"x-disk": "free"})
            assert "taken\n" == service.post(run("b", "failed"))
            for _ in "ab":
                service.wait_for("notice.posted")
    assert ["🔵 a running", "* ✅ a passed", "❌ b failed"] == scene.messages("#ci:example.org")
