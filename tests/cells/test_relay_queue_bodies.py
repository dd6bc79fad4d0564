"""Large bodies of the queue, each a file that mails share."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.watched_log import WatchedLog
from scop.cells.relay.letters import Held, Letter, Load, Settled
from scop.cells.relay.queue import FILE_OCTETS, Queue
from scop.cells.relay.queue_bodies import Bodies, BodyLost
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath

NOW = 1_800_000_000.0
BOB = Recipient(ForwardPath.parse("<bob@harbor.test>"))
LARGE = b"High water at nine.\r\n" * 1000


@pytest.fixture
def log() -> WatchedLog:
    """Return the log of the queue."""
    return WatchedLog()


@pytest.fixture
async def queue(tmp_path: Path, log: WatchedLog) -> AsyncIterator[Queue]:
    """Return an empty queue."""
    opened = Queue(tmp_path, log.log("relay"))
    yield opened
    await opened.close()


def letter(number: int, body: bytes = LARGE) -> Letter:
    """Return a mail with a header of its own."""
    header = b"Subject: %d\r\n\r\n" % number
    return Letter(str(number), Mail(ReversePath(None)), (("harbor.test", BOB),), header + body, str(number))


def files(state: Path) -> list[Path]:
    """Return the files of bodies."""
    return sorted((state / "bodies").iterdir())


async def begun(queue: Queue) -> dict[str, tuple[Load, bytes]]:
    """Begin with all that waits; return each by its trace."""
    found = {}
    for load in await queue.due(NOW, 1000, Held()):
        one = await queue.begin(load, NOW)
        assert one is not None
        found[load.trace] = one
    return found


async def deliver(queue: Queue, load: Load) -> None:
    """Settle all of a load as delivered."""
    await queue.settle(load, [Settled(each.id, "250 Ok") for each in load.recipients], (), NOW)


async def test_queue_body_is_one_file_for_many_mails(queue: Queue, tmp_path: Path) -> None:
    """Named by its hash, whatever headers come with it; it goes with the last mail that has it."""
    for number in range(3):
        await queue.add(letter(number), NOW)
    (file,) = files(tmp_path)
    assert (hashlib.sha256(LARGE).hexdigest(), LARGE) == (file.name, file.read_bytes())
    loads = await begun(queue)
    assert [letter(number).octets for number in range(3)] == [octets for _, octets in loads.values()]
    for left, (load, _) in zip((1, 1, 0), loads.values(), strict=True):
        await deliver(queue, load)
        assert left == len(files(tmp_path))


@pytest.mark.parametrize(("octets", "count"), [(FILE_OCTETS, 0), (FILE_OCTETS + 1, 1)])
async def test_queue_body_is_a_file_above_16_kib(queue: Queue, tmp_path: Path, octets: int, count: int) -> None:
    """A small one lies in the database with its header."""
    await queue.add(letter(1, b"x" * octets), NOW)
    assert count == len(files(tmp_path))
    assert {"1": letter(1, b"x" * octets).octets} == {name: found for name, (_, found) in (await begun(queue)).items()}


async def test_queue_body_of_a_mail_without_an_end_of_its_header_is_all_of_it(queue: Queue, tmp_path: Path) -> None:
    """What has no empty line soon is kept as it is."""
    octets = b"Subject: x\r\n" * 10_000
    await queue.add(Letter("1", Mail(ReversePath(None)), (("harbor.test", BOB),), octets, "1"), NOW)
    assert [octets] == [file.read_bytes() for file in files(tmp_path)]
    assert octets == (await begun(queue))["1"][1]


async def test_queue_body_stays_for_whoever_comes_while_the_last_goes(queue: Queue, tmp_path: Path) -> None:
    """However a new mail and the end of an old one fall together, the new one has its body."""
    await queue.add(letter(0), NOW)
    for number in range(1, 60):
        (load, _), *more = (await begun(queue)).values()
        assert [] == more
        await asyncio.gather(deliver(queue, load), queue.add(letter(number), NOW))
    assert letter(59).octets == (await begun(queue))["59"][1]
    assert 1 == len(files(tmp_path))


async def test_queue_body_goes_when_its_mail_was_there_already(queue: Queue, tmp_path: Path) -> None:
    """A retry of what has passed leaves no file behind, and takes none away from another mail."""
    await queue.add(letter(1), NOW)
    await deliver(queue, (await begun(queue))["1"][0])
    assert (0, []) == (await queue.add(letter(1), NOW), files(tmp_path))
    await queue.add(letter(2), NOW)
    assert (0, 1) == (await queue.add(letter(1), NOW), len(files(tmp_path)))


@pytest.mark.parametrize("left", [None, b"half"])
async def test_queue_body_that_the_disk_has_lost_holds_its_mail(
    queue: Queue, tmp_path: Path, log: WatchedLog, left: bytes | None
) -> None:
    """The operator is told, nothing is sent, and no other mail is stopped."""
    await queue.add(letter(1), NOW)
    (file,) = files(tmp_path)
    file.unlink()
    if left is not None:
        file.write_bytes(left)
    (load,) = await queue.due(NOW, 10, Held())
    assert None is await queue.begin(load, NOW)
    assert ((), None, frozenset()) == (
        await queue.due(NOW, 10, Held()),
        await queue.next_due(Held()),
        queue.underway,
    )
    (line,) = log.of("mail.held")
    assert "1" == line["trace"]


async def test_queue_bodies_that_were_cut_off_are_gone_at_the_next_start(tmp_path: Path) -> None:
    """What a killed process was writing has no name yet."""
    (tmp_path / "bodies").mkdir()
    (tmp_path / "bodies" / ("ab" * 32 + ".new")).write_bytes(b"half")
    bodies = Bodies(tmp_path / "bodies")
    assert ([], []) == (files(tmp_path), list(bodies.keys()))
    await bodies.close()


@pytest.mark.parametrize("call", ["rename", "fsync"])
async def test_queue_bodies_that_get_no_name_take_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Where the folder cannot take the names of a group none of its files stays, whole or not."""
    bodies = Bodies(tmp_path / "bodies")
    really = getattr(os, call)
    calls: list[object] = []

    def fail_once(*arguments: object, **named: object) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, "full")
        really(*arguments, **named)

    monkeypatch.setattr(os, call, fail_once)
    octets = [memoryview(b"%d" % number * 20_000) for number in range(3)]
    found = await asyncio.gather(*map(bodies.hold, octets), return_exceptions=True)
    assert [OSError] * 3 == [type(each) for each in found]
    assert [] == list((tmp_path / "bodies").iterdir())
    await bodies.close()


async def test_queue_bodies_hold_and_release(tmp_path: Path) -> None:
    """A body that is held stays though no row refers to it; a stranger's key is lost."""
    bodies = Bodies(tmp_path / "bodies")
    keys = await asyncio.gather(*(bodies.hold(memoryview(LARGE)) for _ in range(2)))
    assert 1 == len(set(keys))
    for _ in range(2):
        bodies.remove(keys[0], lambda _key: False)
        assert LARGE == bodies.read(keys[0], len(LARGE))
        bodies.release(keys[0])
    bodies.remove(keys[0], lambda _key: True)
    assert LARGE == bodies.read(keys[0], len(LARGE))
    bodies.remove(keys[0], lambda _key: False)
    with pytest.raises(BodyLost):
        bodies.read(keys[0], len(LARGE))
    await bodies.close()
