"""The notifier's queue: durable, in order, nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from scop.matrix.json_values import JsonObject
from scop.matrix.notifier import Audience, Report, Room, Stamp, Status
from scop.store import StoreError
from scop.store.notices import Notices, Outgoing

ROOM = "#ci:example.org"
AUDIENCE = Audience((Room(room=ROOM),), {})
NOW = 1_700_000_000.0
DAY = 86_400.0


def report(status: Status, pipeline: int = 1, at: float = 0.0) -> Report:
    """Return what a forge says."""
    return Report(
        source="github", project="acme/shop", pipeline=str(pipeline), status=status, ref="main", stamp=Stamp(1, at)
    )


@dataclass
class FakeServer:
    """A homeserver: one event a transaction id, in the order in which it came."""

    events: dict[str, JsonObject] = field(default_factory=dict)  # by transaction id

    def put(self, outgoing: Outgoing) -> str:
        """Take a message once; return the id of its event."""
        before = self.events.setdefault(outgoing.transaction_id, outgoing.content)
        assert before == outgoing.content
        return f"$of-{outgoing.transaction_id}"

    def shown(self) -> dict[str, str]:
        """Return what people see: each message with its last edit, in order."""
        shown: dict[str, str] = {}
        for transaction_id, content in self.events.items():
            relation = content.get("m.relates_to", {})
            assert isinstance(relation, dict)
            if relation.get("rel_type") == "m.replace":
                assert relation["event_id"] in shown
                new = content["m.new_content"]
                assert isinstance(new, dict)
                shown[relation["event_id"]] = new["body"]
            else:
                assert relation.get("event_id", None) is None or relation["event_id"] in shown
                shown[f"$of-{transaction_id}"] = str(content["body"])
        return shown


async def post_all(notices: Notices, server: FakeServer) -> None:
    """Bring the room in step."""
    outgoing = await notices.next(ROOM)
    while outgoing is not None:
        outgoing = await notices.posted(outgoing, server.put(outgoing))


@pytest.fixture
async def notices(tmp_path: Path) -> AsyncIterator[Notices]:
    """Give an empty queue."""
    opened = Notices.open(tmp_path / "notices.db")
    yield opened
    await opened.close()


async def test_notices_take_a_delivery_once(notices: Notices) -> None:
    """A delivery that is sent again is told to have been there, and changes nothing."""
    one = await notices.take(("/github", "1"), report(Status.RUNNING), AUDIENCE, NOW)
    again = await notices.take(("/github", "1"), report(Status.PASSED), AUDIENCE, NOW)
    elsewhere = await notices.take(("/gitlab", "1"), None, AUDIENCE, NOW)
    assert (True, 1, False, True) == (one.is_new, one.posts, again.is_new, elsewhere.is_new)


async def test_notices_go_out_in_the_order_of_their_pipelines(notices: Notices) -> None:
    """Threads open in the order in which pipelines were first heard of."""
    for number in range(20):
        await notices.take(None, report(Status.RUNNING, number), AUDIENCE, NOW)
    server = FakeServer()
    await post_all(notices, server)
    assert [f"scop-{number}" for number in range(1, 21)] == [
        f"scop-{transaction.split('-')[2]}" for transaction in server.events
    ]
    assert {} == await notices.waiting()


async def test_notices_make_one_edit_of_what_changed_while_nobody_posted(notices: Notices) -> None:
    """Ten changes are one message; later ones are one edit of it."""
    server = FakeServer()
    for at in range(10):
        await notices.take(None, report(Status.RUNNING, at=at), AUDIENCE, NOW)
    await post_all(notices, server)
    await notices.take(None, report(Status.PASSED, at=11), AUDIENCE, NOW)
    await post_all(notices, server)
    assert 2 == len(server.events)
    assert ["✅ acme/shop · main passed"] == list(server.shown().values())


async def test_notices_do_nothing_where_all_is_as_it_was(notices: Notices) -> None:
    """A report that changes no word posts nothing."""
    server = FakeServer()
    await notices.take(None, report(Status.PASSED), AUDIENCE, NOW)
    await post_all(notices, server)
    taken = await notices.take(None, report(Status.PASSED), AUDIENCE, NOW)
    assert (0, None) == (taken.posts, await notices.next(ROOM))


async def test_notices_fix_what_is_sent_until_it_has_arrived(notices: Notices) -> None:
    """What changes while a message is on its way is an edit of it, and not another message."""
    await notices.take(None, report(Status.RUNNING), AUDIENCE, NOW)
    going = await notices.next(ROOM)
    assert going is not None
    await notices.take(None, report(Status.PASSED, at=2), AUDIENCE, NOW)
    assert going == await notices.next(ROOM)
    edit = await notices.posted(going, "$event")
    assert edit is not None
    assert edit.content["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$event"}
    assert going.transaction_id != edit.transaction_id


async def test_notices_that_are_never_taken_let_others_pass(notices: Notices) -> None:
    """A message that a server refuses for good is left behind."""
    await notices.take(None, report(Status.RUNNING, 1), AUDIENCE, NOW)
    await notices.take(None, report(Status.RUNNING, 2), AUDIENCE, NOW)
    first = await notices.next(ROOM)
    assert first is not None
    second = await notices.dropped(first)
    assert second is not None
    assert second.number != first.number
    assert await notices.posted(second, "$2") is None


async def test_notices_are_of_one_process(notices: Notices, tmp_path: Path) -> None:
    """Two that post from one queue would post twice: the second is told so."""
    with pytest.raises(StoreError, match="another process posts"):
        Notices.open(tmp_path / "notices.db")


async def test_notices_are_kept_beside_who_posts(notices: Notices, tmp_path: Path) -> None:
    """What another process keeps meanwhile is posted by who posts next, in its place."""
    await notices.take(None, report(Status.RUNNING, 1), AUDIENCE, NOW)
    beside = Notices.open_to_keep(tmp_path / "notices.db")
    await beside.take(None, report(Status.RUNNING, 2), AUDIENCE, NOW)
    with pytest.raises(AssertionError, match="twice"):
        await beside.next(ROOM)
    await beside.close()
    await notices.take(None, report(Status.RUNNING, 3), AUDIENCE, NOW)
    server = FakeServer()
    await post_all(notices, server)
    assert ["1", "2", "3"] == [transaction.split("-")[2] for transaction in server.events]


async def test_notices_that_many_keep_at_once_are_all_kept(tmp_path: Path) -> None:
    """The first of them makes the tables, whoever that is."""
    path = tmp_path / "notices.db"
    code = f"""import asyncio, sys
from pathlib import Path
from scop.store.notices import Notices
async def main():
    notices = Notices.open_to_keep(Path({str(path)!r}))
    await notices.say(sys.argv[1], "#ci:example.org", {{"body": "x"}}, 0.0)
    await notices.close()
asyncio.run(main())"""
    keeping = [await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(number)) for number in range(4)]
    assert [0] * 4 == [await each.wait() for each in keeping]
    notices = Notices.open(path)
    assert {ROOM: 4} == await notices.waiting()
    await notices.close()


async def test_notices_know_how_rooms_that_wait_should_be(notices: Notices) -> None:
    """Who comes later makes a room as it was wished, and leaves alone those of which no wish is known."""
    sealed = Room(room=ROOM, encrypted=True)
    await notices.keep_room(Room(room=ROOM))
    await notices.keep_room(sealed)
    await notices.keep_room(Room(room="#idle:example.org"))
    await notices.say("a", "#other:example.org", {"body": "x"}, NOW)
    assert () == await notices.rooms_left()
    await notices.say("a", ROOM, {"body": "x"}, NOW)
    assert (sealed,) == await notices.rooms_left()


async def test_notices_of_a_room_can_be_given_up(notices: Notices) -> None:
    """New ones are gone, what stands there stays as it is, other rooms know nothing of it."""
    server = FakeServer()
    await notices.take(None, report(Status.RUNNING, 1), AUDIENCE, NOW)
    await post_all(notices, server)
    await notices.take(None, report(Status.PASSED, 1, at=1), AUDIENCE, NOW)
    await notices.take(None, report(Status.RUNNING, 2), AUDIENCE, NOW)
    await notices.say("a", "#other:example.org", {"body": "x"}, NOW)
    await notices.next(ROOM)
    assert (2, None, {"#other:example.org": 1}) == (
        await notices.forget(ROOM), await notices.next(ROOM), await notices.waiting()
    )  # fmt: skip
    await notices.take(None, report(Status.FAILED, 1, at=2), AUDIENCE, NOW)
    await post_all(notices, server)
    assert ["❌ acme/shop · main failed"] == list(server.shown().values())


async def test_notices_forget_what_is_long_ago_and_keep_what_waits(notices: Notices) -> None:
    """Deliveries for a week, pipelines for two months, and what is not posted for good."""
    await notices.take(("/h", "1"), report(Status.PASSED, 1), AUDIENCE, NOW)
    await notices.prune(NOW + 100 * DAY)
    assert {ROOM: 1} == await notices.waiting()
    assert (await notices.take(("/h", "1"), None, AUDIENCE, NOW)).is_new
    await post_all(notices, FakeServer())
    await notices.prune(NOW + 100 * DAY)
    assert 1 == (await notices.take(None, report(Status.PASSED, 1), AUDIENCE, NOW)).posts


async def test_notices_remember_what_was_seen(notices: Notices) -> None:
    """What a list was noted to have is there, of that list alone."""
    await notices.note_seen("pypi numpy", "2.4.0", "2.4.1")
    await notices.note_seen("pypi numpy", "2.4.0")
    assert (frozenset({"2.4.0", "2.4.1"}), frozenset()) == (
        await notices.seen("pypi numpy"),
        await notices.seen("pypi scipy"),
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from([Status.RUNNING, Status.PASSED, Status.FAILED]), st.integers(1, 3), st.integers(0, 9)
        ),
        st.sampled_from(["post", "answer is lost", "killed before it is sent", "killed after it is sent"]),
    ),
    min_size=1,
    max_size=14,
)


@drawn(15)
@given(steps=STEPS)
def test_notices_post_all_once_whatever_breaks(
    steps: list[str | tuple[Status, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Lost answers and kills at any step: nothing twice, nothing lost, edits after what they edit."""
    asyncio.run(_broken(steps, tmp_path_factory.mktemp("queue") / "notices.db"))


async def _broken(steps: list[str | tuple[Status, int, int]], path: Path) -> None:
    server, notices = FakeServer(), Notices.open(path)
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            status, pipeline, at = step
            await notices.take(("/h", str(number)), report(status, pipeline, at), AUDIENCE, NOW)
            continue
        outgoing = await notices.next(ROOM)
        if outgoing is None:
            continue
        if step != "killed before it is sent":
            event_id = server.put(outgoing)
            if step == "post":
                await notices.posted(outgoing, event_id)
        if step.startswith("killed"):
            await notices.close()
            notices = Notices.open(path)
    await post_all(notices, server)
    told = [step for step in steps if isinstance(step, tuple)]
    clean = Notices.open(path.with_name("clean.db"))
    for status, pipeline, at in told:
        await clean.take(None, report(status, pipeline, at), AUDIENCE, NOW)
    undisturbed = FakeServer()
    await post_all(clean, undisturbed)
    assert sorted(undisturbed.shown().values()) == sorted(server.shown().values())
    await notices.close()
    await clean.close()


KILLED = """
import asyncio, sys
from pathlib import Path
from scop.matrix.notifier import Audience, Report, Room, Status
from scop.store.notices import Notices

async def main():
    notices = Notices.open(Path(sys.argv[1]))
    said = Report(source="github", project="acme/shop", pipeline="1", status=Status.RUNNING)
    await notices.take(("/h", "1"), said, Audience((Room(room="#ci:example.org"),), {}), 0.0)
    outgoing = await notices.next("#ci:example.org")
    print(outgoing.transaction_id, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_notices_go_on_with_the_same_transaction_after_a_kill(tmp_path: Path) -> None:
    """What was taken survives SIGKILL, and what was on its way goes again by the same transaction id."""
    path = tmp_path / "notices.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    transaction_id = (await process.stdout.readline()).decode().strip()
    process.kill()
    assert -signal.SIGKILL == await process.wait()
    notices = Notices.open(path)
    outgoing = await notices.next(ROOM)
    assert outgoing is not None
    assert transaction_id == outgoing.transaction_id
    assert not (await notices.take(("/h", "1"), None, AUDIENCE, NOW)).is_new
    await notices.close()
