"""The notifier beside a real Synapse that limits its rate: all is posted, once, in order, whatever is killed."""

from __future__ import annotations

import asyncio
import json
import random
import re
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fakes.forge_webhooks import SECRET, Sent, github, github_job, github_run
from fakes.ordinary_user import as_ordinary_user
from fakes.synapse import PASSWORD, Synapse, running_again, running_synapse
from scop.cli.matrix.accounts import Account
from scop.matrix.client.event import Event
from scop.matrix.client.happenings import RoomEvent, Undecryptable
from scop.net.faults import PermanentFailure
from scop.net.matrix import AsyncClient
from scop.store.notices import Notices

pytestmark = pytest.mark.interop

Payload = dict[str, Any]  # of each its own
PIPELINES = 200
FAILING = 5  # each fifth
FEW = 30  # pipelines, while both ends are down
PATIENCE_SECONDS = 300.0  # for all of it, which takes 40 s where nobody else works; a clock that proves nothing
PER_SECOND, BURST = 15, 30
LIMITS = {"rc_message": {"per_second": PER_SECOND, "burst_count": BURST}}  # Synapse's own default is 0.2
SPARE_SECONDS = 30.0  # for three restarts and a slow machine, beside what others took of it; it is printed


@pytest.fixture(scope="module")
def synapse() -> Iterator[Synapse]:
    """Run a homeserver that limits its rate."""
    with running_synapse(LIMITS) as server:
        yield server


@dataclass
class Scene:
    """A notifier in a folder: its configuration, its account, its process."""

    folder: Path
    server: Synapse
    bot: str
    alice: str
    process: asyncio.subprocess.Process | None = None
    port: int = 0
    kept_waiting_seconds: float = 0.0
    taken: int = 0
    half: asyncio.Event = field(default_factory=asyncio.Event)  # of a wave is taken
    half_at: int = 0

    @property
    def account(self) -> Account:
        """The account that posts."""
        return Account("", self.folder / "accounts")

    def write(self) -> None:
        """Write the configuration."""
        (self.folder / "secret").write_text(SECRET)
        (self.folder / "notifier.toml").write_text(
            f"""
            listen = "127.0.0.1:{self.port}"
            [account]
            store = "accounts"
            [hooks.github]
            forge = "github"
            secret_file = "secret"
            [rooms.all]
            room = "#ci:{self.server.server_name}"
            name = "CI"
            topic = "What builds say"
            invite = ["{self.alice}"]
            mention = ["author"]
            [rooms.red]
            room = "#red:{self.server.server_name}"
            encrypted = true
            invite = ["{self.alice}"]
            statuses = ["failed"]
            [people]
            "alice@acme.example" = "{self.alice}"
            """
        )

    async def start(self) -> None:
        """Start the service, and wait until it listens."""
        command = (*as_ordinary_user(), sys.executable, "-m", "scop.cli", "matrix", "notify", "serve", "--json", "-c")
        with (self.folder / "log.jsonl").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command, str(self.folder / "notifier.toml"), stdout=asyncio.subprocess.PIPE, stderr=log
            )
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        self.port = int(json.loads(line)["listen"].rpartition(":")[2])
        self.write()  # the port that was free stays ours

    async def kill(self) -> None:
        """End it as a machine without power does."""
        assert self.process is not None
        if self.process.returncode is None:
            self.kept_waiting_seconds += _kept_waiting_seconds(self.process.pid)
            self.process.kill()
            await self.process.wait()

    async def post(self, sent: Sent) -> int:
        """Send a webhook, again while nobody listens; return the status."""
        headers = {**sent.headers, "host": "ci", "content-length": str(len(sent.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.write(f"POST /github HTTP/1.1\r\n{lines}\r\n".encode() + sent.body)
                    answer = await reader.read()
                    writer.close()
                except OSError:
                    answer = b""
                if answer:
                    self.taken += 1
                    if self.taken >= self.half_at:
                        self.half.set()
                    return int(answer.split()[1])
                await asyncio.sleep(0.05)


@asynccontextmanager
async def scene(folder: Path, server: Synapse) -> AsyncIterator[Scene]:
    """Give a notifier that is logged in and runs."""
    made = Scene(folder, server, server.new_user("bot"), server.new_user("alice"))
    async with AsyncClient(made.account.open(made.bot)) as client:
        await client.login(made.bot, PASSWORD, server.url)
    made.write()
    await made.start()
    try:
        yield made
    finally:
        await made.kill()


def waves() -> list[list[Sent]]:
    """Return what GitHub sends of all pipelines: that they begin, their jobs, their ends; shuffled, and some twice."""
    chance = random.Random(8)
    begun, jobs, ended = [], [], []
    for number in range(PIPELINES):
        end = "failure" if number % FAILING == 0 else "success"
        said: Payload = {"id": 1_000 + number, "run_number": number, "head_branch": f"branch-{number}"}
        begin: Payload = {"status": "in_progress", "conclusion": None, "updated_at": "2026-11-29T12:00:02Z"}
        begun.append(github("workflow_run", github_run("in_progress", **said, **begin), f"begin-{number}"))
        for name in ("build", "lint", "test"):
            conclusion = end if name == "test" else "success"
            job = github_job(name, run_id=1_000 + number, head_branch=f"branch-{number}", conclusion=conclusion)
            jobs.append(github("workflow_job", job, f"{name}-{number}"))
        ended.append(github("workflow_run", github_run(conclusion=end, **said), f"end-{number}"))
    found = []
    for wave in (begun, jobs, ended):
        twice = wave + chance.sample(wave, len(wave) // 10)
        found.append(twice if wave is begun else chance.sample(twice, len(twice)))
    return found


@dataclass
class Read:
    """What a person sees in a room: each message with its edits, in order."""

    messages: dict[str, list[str]] = field(default_factory=dict)
    threads: dict[str, str] = field(default_factory=dict)
    moments: list[float] = field(default_factory=list)  # of all events, by the server's clock
    dark: int = 0

    def take(self, event: Event) -> None:
        """Take one event."""
        self.moments.append((event.origin_server_ts or 0) / 1000)
        relation = event.content.get("m.relates_to")
        relates = relation if isinstance(relation, dict) else {}
        new = event.content.get("m.new_content")
        if relates.get("rel_type") == "m.replace" and isinstance(new, dict):
            self.messages[str(relates["event_id"])].append(str(new["body"]))
            return
        if relates.get("rel_type") == "m.thread":
            self.threads[event.event_id] = str(relates["event_id"])
        self.messages[event.event_id] = [str(event.content.get("body"))]

    @property
    def openings(self) -> list[str]:
        """The first messages of all threads, in order."""
        return [event_id for event_id in self.messages if event_id not in self.threads]

    @property
    def first(self) -> list[str]:
        """What the first messages of all threads say now."""
        return [self.messages[event_id][-1] for event_id in self.openings]


async def read(client: AsyncClient, ids: dict[str, str], wanted: dict[str, int]) -> dict[str, Read]:
    """Read until each room has as many finished threads as it should."""
    found = {alias: Read() for alias in wanted}

    def is_whole(alias: str) -> bool:
        done = [said for said in found[alias].first if "passed" in said or "failed" in said]
        return len(done) >= wanted[alias]

    async with asyncio.timeout(PATIENCE_SECONDS):
        async for happening in client.listen():
            if isinstance(happening, RoomEvent) and happening.event.type == "m.room.message":
                found[ids[happening.room_id]].take(happening.event)
            elif isinstance(happening, Undecryptable):
                found[ids[happening.room_id]].dark += 1
            if all(map(is_whole, wanted)):
                return found
    raise AssertionError("unreachable")


async def _in_rooms(client: AsyncClient, server: Synapse) -> dict[str, str]:
    """Join both rooms, and look: who does so later sees only the last of what was said, and has no keys to it."""
    ids = {await _join(client, f"#{alias}:{server.server_name}"): alias for alias in ("ci", "red")}
    await client.sync()
    return ids


async def _join(client: AsyncClient, alias: str) -> str:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await client.do(client.core.joining.join, alias)
            except PermanentFailure:  # the notifier has not made it yet
                await asyncio.sleep(0.1)


def _openings_kept(folder: Path, room: str) -> list[str]:
    """Return the first messages of threads in the order in which their pipelines were first heard of."""
    with closing(sqlite3.connect(folder / "notices.db")) as sql:
        query = "SELECT event_id FROM post WHERE room = ? AND place = 'first' ORDER BY number"
        return [event_id for (event_id,) in sql.execute(query, (room,))]


def _kept_waiting_seconds(pid: int) -> float:
    """Return how long threads of a process could have gone on while others had the processors; 0 where it is quiet."""
    stats = [place.read_text() for place in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(each.split()[1]) for each in stats) / 1e9


def _went_back(said: list[str]) -> bool:
    """Say whether a message ran again after it had ended."""
    ended = [any(word in each for word in ("passed", "failed")) for each in said]
    return ended != sorted(ended)


async def test_notifier_posts_all_pipelines_once_through_limits_and_kills(synapse: Synapse, tmp_path: Path) -> None:
    """200 pipelines at once, three kills: each is one thread with its right end, in order, as fast as the server lets.

    A reader decrypts the sealed room.
    """
    async with scene(tmp_path, synapse) as made, AsyncClient() as reader:
        await reader.login(made.alice, PASSWORD, synapse.url)
        failed = PIPELINES // FAILING
        ids = await _in_rooms(reader, synapse)
        before = _kept_waiting_seconds(synapse.process.pid)
        reading = asyncio.create_task(read(reader, ids, {"ci": PIPELINES, "red": failed}))
        for wave in waves():
            made.half.clear()
            made.half_at = made.taken + len(wave) // 2
            posting = asyncio.gather(*(made.post(sent) for sent in wave))
            await made.half.wait()
            await made.kill()
            await made.start()
            assert {200} == set(await posting)
        found = await reading
        told = [re.findall(r"#(\d+) · \S+ (\w+)", said)[0] for said in found["ci"].first]
        expected = [(str(each), "passed" if each % FAILING else "failed") for each in range(PIPELINES)]
        assert sorted(expected) == sorted(told)  # none twice, none lost
        assert (failed, 0) == (len(found["red"].first), found["red"].dark)
        assert [] == [said for said in found["ci"].messages.values() if _went_back(said)]
        await made.kill()
        for alias in ids.values():
            in_order = _openings_kept(tmp_path, f"#{alias}:{synapse.server_name}")
            assert in_order == found[alias].openings
        moments = [moment for each in found.values() for moment in each.moments]
        took, allowed = max(moments) - min(moments), (len(moments) - BURST) / PER_SECOND
        waited = made.kept_waiting_seconds + _kept_waiting_seconds(synapse.process.pid) - before
        limit = f"the limit alone lets them in {allowed:.1f} s"
        said = f"{len(moments)} messages in {took:.1f} s; {limit}, and others had the processors for {waited:.1f} s"
        print(f"the notifier posts {said}")
        assert took <= allowed + waited + SPARE_SECONDS, said


def _of_few(wave: list[Sent]) -> list[Sent]:
    return [sent for sent in wave if int(sent.headers["x-github-delivery"].rpartition("-")[2]) < FEW]


async def test_notifier_posts_all_once_though_both_ends_were_down(tmp_path: Path) -> None:
    """Synapse is killed in the middle, and the notifier twice while it is away: each pipeline is told once, rightly."""
    with running_synapse(LIMITS) as server:
        async with scene(tmp_path, server) as made, AsyncClient() as reader:
            await reader.login(made.alice, PASSWORD, server.url)
            ids = await _in_rooms(reader, server)
            reading = asyncio.create_task(read(reader, ids, {"ci": FEW, "red": FEW // FAILING}))
            begun, jobs, ended = map(_of_few, waves())
            await asyncio.gather(*map(made.post, begun))
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not any(_openings_kept(tmp_path, f"#ci:{server.server_name}")):  # noqa: ASYNC110 - in another process
                    await asyncio.sleep(0.01)
            server.process.kill()  # something is posted, and not all
            await asyncio.to_thread(server.process.wait)
            for wave in (jobs, ended):
                assert {200} == set(await asyncio.gather(*map(made.post, wave)))
                await made.kill()
                await made.start()
            with running_again(server):
                found = await reading
                await made.kill()
    told = [re.findall(r"#(\d+) · \S+ (\w+)", said)[0] for said in found["ci"].first]
    expected = [(str(each), "passed" if each % FAILING else "failed") for each in range(FEW)]
    assert sorted(expected) == sorted(told)  # none twice, none lost
    assert (FEW // FAILING, 0) == (len(found["red"].first), found["red"].dark)


async def test_notifier_refuses_a_wrong_signature_and_tells_the_log_alone(synapse: Synapse, tmp_path: Path) -> None:
    """401, and the queue knows nothing of it."""
    async with scene(tmp_path, synapse) as made:
        sent = github("workflow_run", github_run())
        forged = Sent({**sent.headers, "x-hub-signature-256": "sha256=" + "0" * 64}, sent.body)
        assert 401 == await made.post(forged)
        await made.kill()
        notices = Notices.open(tmp_path / "notices.db")
        assert {} == await notices.waiting()
        await notices.close()
        refused = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
        assert "webhook.refused" in [line["event"] for line in refused]
