"""Webhooks over HTTP: durable before 2xx, bounded, private about why."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import pytest

from fakes.forge_webhooks import SECRET, Sent, github, github_run
from fakes.loops import PATIENCE_SECONDS
from scop.matrix.notifier import Delivery, Forge, Hook
from scop.net.log import Log
from scop.net.webhooks import WebhooksOptions, serve_webhooks

HOOKS = (Hook("/github", Forge.GITHUB, (SECRET,)), Hook("/generic", Forge.GENERIC, ()))
MOST = 4096


@dataclass
class Desk:
    """Keeps what comes, and the log; fails while it is told to."""

    port: int = 0
    kept: list[Delivery] = field(default_factory=list)
    lines: list[dict[str, object]] = field(default_factory=list)
    fault: OSError | None = None

    async def keep(self, delivery: Delivery) -> bool:
        """Keep a delivery; say whether it is new."""
        if self.fault:
            raise self.fault
        is_new = delivery.id not in [each.id for each in self.kept]
        self.kept.append(delivery)
        return is_new

    def note(self, line: bytes) -> None:
        """Take a line of the log."""
        self.lines.append(msgspec.json.decode(line))

    async def say(self, octets: bytes) -> tuple[int, str]:
        """Send octets, return the status and all that was answered."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(octets)
        answer = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
        return int(answer.split()[1]), answer

    async def until(self, wanted: int, sent: Sent) -> tuple[int, str]:
        """Post a webhook until it has a status: what others have sent comes when it comes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                status, answer = await self.post("/github", sent)
                if status == wanted:
                    return status, answer

    async def post(self, path: str, sent: Sent) -> tuple[int, str]:
        """Post a webhook as a forge does."""
        return await self.say(request(path, sent))


def request(path: str, sent: Sent) -> bytes:
    """Return a webhook on the wire."""
    headers = {**sent.headers, "host": "ci.example.org", "content-length": str(len(sent.body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + sent.body


@asynccontextmanager
async def serving(body_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[Desk]:
    """Serve on loopback until the block ends."""
    desk, stop, ready = Desk(), asyncio.Event(), asyncio.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    desk.port = listener.getsockname()[1]
    log = Log("notifier", desk.note)
    options = WebhooksOptions(
        HOOKS, desk.keep, log, max_body_octets=MOST, max_held_octets=2 * MOST, body_seconds=body_seconds
    )
    task = asyncio.create_task(serve_webhooks(options, (listener,), stop, ready.set))
    await ready.wait()
    try:
        yield desk
    finally:
        stop.set()
        await task
        listener.close()


async def test_webhooks_are_kept_and_then_answered() -> None:
    """A signed webhook is kept before it is told to be taken; told again it is known."""
    async with serving() as desk:
        sent = github("workflow_run", github_run())
        first, again = await desk.post("/github", sent), await desk.post("/github", sent)
    assert (200, 200) == (first[0], again[0])
    assert (True, True) == (first[1].endswith("taken\n"), again[1].endswith("taken before\n"))
    assert ["taken", "again"] == [line["told"] for line in desk.lines]


async def test_webhooks_refuse_a_wrong_signature_and_say_why_to_the_log_alone() -> None:
    """The sender reads one word; the log has the reason and who it was."""
    async with serving() as desk:
        sent = github("workflow_run", github_run())
        wrong = Sent({**sent.headers, "x-hub-signature-256": "sha256=" + "0" * 64}, sent.body)
        status, answer = await desk.post("/github", wrong)
    assert (401, "refused\n", []) == (status, answer.partition("\r\n\r\n")[2], desk.kept)
    assert ("webhook.refused", "127.0.0.1") == (desk.lines[0]["event"], desk.lines[0]["client"])
    assert "x-hub-signature-256" in str(desk.lines[0]["reason"])


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", 404),
        (b"GET /github HTTP/1.1\r\nhost: x\r\n\r\n", 405),
        (b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n", 200),
        (b"POST /generic HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}", 400),
        (b"POST /generic HTTP/1.1\r\nhost: x\r\ncontent-length: 99999\r\n\r\n", 413),
        (b"POST /generic HTTP/1.1\r\nhost: x\r\ncontent-length: nine\r\n\r\n", 400),
        (b"no HTTP at all\r\n\r\n", 400),
    ],
)
async def test_webhooks_answer_each_mistake_in_its_own_way(octets: bytes, status: int) -> None:
    """Unknown paths, methods, forms and lengths each have their status."""
    async with serving() as desk:
        assert status == (await desk.say(octets))[0]
    assert [] == desk.kept


async def test_webhooks_bound_a_body_that_announces_no_length() -> None:
    """One octet more than the bound is too many, the bound itself is read."""
    async with serving() as desk:
        for octets, status in ((MOST, 400), (MOST + 1, 413)):
            head = b"POST /generic HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
            body = f"{octets:x}\r\n".encode() + b"x" * octets + b"\r\n0\r\n\r\n"
            assert status == (await desk.say(head + body))[0]


async def test_webhooks_give_up_a_body_that_does_not_come() -> None:
    """A client that stops in its body is answered and let go."""
    async with serving(body_seconds=0.05) as desk:
        status, _ = await desk.say(b"POST /generic HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{")
    assert 408 == status


async def test_webhooks_bound_what_unproved_senders_hold_in_memory() -> None:
    """Bodies of all senders together have a bound; beyond it a sender is told to come again, and later it can."""
    part = f"POST /generic HTTP/1.1\r\nhost: x\r\ncontent-length: {MOST}\r\n\r\n".encode() + b"x" * (MOST - 1)
    async with serving() as desk:
        writers = [(await asyncio.open_connection("127.0.0.1", desk.port))[1] for _ in range(2)]
        for writer in writers:
            writer.write(part)
        sent = github("workflow_run", github_run())
        status, answer = await desk.until(503, sent)
        assert (503, True) == (status, "retry-after: 30" in answer)
        for writer in writers:
            writer.close()
        assert 200 == (await desk.until(200, sent))[0]


async def test_webhooks_are_not_taken_while_they_cannot_be_kept() -> None:
    """A full disk is 503 with a time to come again; then the same webhook is taken."""
    async with serving() as desk:
        sent = github("workflow_run", github_run())
        desk.fault = OSError(28, "No space left on device")
        status, answer = await desk.post("/github", sent)
        desk.fault = None
        later, _ = await desk.post("/github", sent)
    assert (503, True, 200) == (status, "retry-after: 30" in answer, later)
    assert "No space" not in answer


async def test_webhooks_come_in_many_at_once() -> None:
    """A hundred senders at one time are all taken."""
    async with serving() as desk:
        sent = [github("workflow_run", github_run(id=number), str(number)) for number in range(100)]
        answers = await asyncio.gather(*(desk.post("/github", each) for each in sent))
    assert {200} == {status for status, _ in answers}
    assert {str(number) for number in range(100)} == {delivery.id for delivery in desk.kept}


async def test_webhooks_serve_one_request_a_connection() -> None:
    """What comes behind the first is not served: no client holds a connection."""
    async with serving() as desk:
        sent = github("workflow_run", github_run())
        _, answer = await desk.say(request("/github", sent) * 2)
    assert (1, True) == (answer.count("HTTP/1.1 "), "connection: close" in answer)
