"""What stands in rooms, whatever the order in which webhooks come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.matrix.json_values import JsonObject
from scop.matrix.notifier import (
    Audience,
    Job,
    Known,
    Pipeline,
    Report,
    Room,
    Stamp,
    Status,
    fold,
    message,
    pipeline_after,
    wanted,
)
from scop.matrix.notifier.kept import content_to_octets, known_of, known_to_octets
from scop.matrix.notifier.shown import alarm, duration, overview
from scop.matrix.notifier.threads import FIRST
from scop.matrix.notifier.turns import Turn, Verdict

CI = Room(room="#ci:example.org", mention=("author", "@ops:example.org"))
PEOPLE = {"alice@acme.example": "@alice:example.org"}


def report(status: Status | None = None, at: float = 0.0, pipeline: int = 10, **said: object) -> Report:
    """Return what a forge says of a pipeline on main."""
    attempt = said.pop("attempt", 1)
    assert isinstance(attempt, int)
    texts = {"ref": "main", "title": "Fix it", "author": "Alice", "author_ids": ("alice@acme.example",)}
    values: dict[str, object] = {**texts, **said}
    return Report(
        source="github",
        project="acme/shop",
        pipeline=str(pipeline),
        status=status,
        stamp=Stamp(attempt, at),
        **values,  # type: ignore[arg-type]  # of each its own
    )


@dataclass
class World:
    """All that is known, and what stands in rooms: place by room and pipeline."""

    rooms: Sequence[Room] = (CI,)
    people: Mapping[str, str] = field(default_factory=lambda: PEOPLE)
    known: dict[str, Known] = field(default_factory=dict)
    lines: dict[str, tuple[Verdict, ...]] = field(default_factory=dict)
    stands: dict[tuple[str, str, str], JsonObject] = field(default_factory=dict)
    called: list[object] = field(default_factory=list)

    def hear(self, *reports: Report) -> World:
        """Take reports in, as a store does."""
        for each in reports:
            before = self.known.get(each.key)
            pipeline = pipeline_after(before, each)
            known, self.lines[pipeline.line] = fold(before, pipeline, self.lines.get(pipeline.line, ()))
            self.known[each.key] = known
            already = {room for room, thread, _ in self.stands if thread == each.key}
            for want in wanted(known, Audience(self.rooms, self.people), already):
                where = (want.room, each.key, want.place)
                if where not in self.stands and (mentions := want.content["m.mentions"]):
                    self.called.append(mentions)
                self.stands[where] = want.content
        return self

    def first(self, pipeline: int = 10, room: str = "#ci:example.org") -> str:
        """Return what the first message of a thread says."""
        return str(self.stands[room, f"github\nacme/shop\n{pipeline}", FIRST]["body"])


GREEN = report(Status.PASSED, 1.0, pipeline=9)

STATUSES = st.sampled_from([Status.QUEUED, Status.RUNNING, Status.PASSED, Status.FAILED, Status.CANCELLED])
JOBS = st.builds(
    Job,
    name=st.sampled_from(["lint", "test", "build"]),
    status=STATUSES,
    stamp=st.builds(Stamp, st.integers(1, 2), st.integers(0, 5).map(float)),
    seconds=st.none() | st.just(3.0),
)
REPORTS = st.lists(
    st.builds(
        report,
        st.none() | STATUSES,
        st.integers(0, 5).map(float),
        attempt=st.integers(1, 2),
        title=st.sampled_from(["", "Fix it", "Break it"]),
        url=st.sampled_from(["", "https://ci.example/10"]),
        jobs=st.lists(JOBS, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=6,
)


@given(reports=REPORTS, data=st.data())
def test_threads_end_the_same_in_any_order_however_often_told(reports: list[Report], data: st.DataObject) -> None:
    """Any order and repetition of reports ends with the same first message."""
    shuffled = data.draw(st.permutations(reports + data.draw(st.lists(st.sampled_from(reports), max_size=3))))
    in_order, as_drawn = World().hear(GREEN, *reports), World().hear(GREEN, *shuffled)
    assert in_order.first() == as_drawn.first()
    assert in_order.known[reports[0].key].pipeline == as_drawn.known[reports[0].key].pipeline


@given(reports=REPORTS)
def test_known_survives_being_kept(reports: list[Report]) -> None:
    """What is kept as octets is what is read."""
    for known in World().hear(*reports).known.values():
        assert known == known_of(known_to_octets(known))


@given(reports=REPORTS)
def test_thread_never_goes_back(reports: list[Report]) -> None:
    """Once an attempt has ended, only a later attempt runs again."""
    pipeline: Pipeline | None = None
    for each in reports:
        after = pipeline.taking(each) if pipeline else Pipeline.of(each)
        if pipeline and pipeline.told and pipeline.told.status.is_finished and after.told:
            assert after.told.status.is_finished or after.attempt > pipeline.attempt
        pipeline = after


def test_first_message_moves_with_its_pipeline() -> None:
    """Running, then passed, in one message with a table."""
    world = World().hear(report(Status.RUNNING, 1.0, jobs=(Job("test", Status.RUNNING, Stamp(1, 1.0)),)))
    assert "🔵 acme/shop · main running" == world.first().splitlines()[0]
    world.hear(report(Status.PASSED, 9.0, seconds=192.0, jobs=(Job("test", Status.PASSED, Stamp(1, 9.0), 62.0),)))
    assert [
        "✅ acme/shop · main passed in 3 min 12 s",
        "Fix it by Alice",
        "  ✅ test  1 min 02 s",
    ] == world.first().splitlines()
    assert 1 == len(world.stands)


def test_mentions_call_on_the_change_from_green_to_red_alone() -> None:
    """The first red after a green calls; the next red ones, and a first red of all, do not."""
    world = World().hear(report(Status.FAILED, 1.0, pipeline=1))
    assert [] == world.called
    world.hear(report(Status.PASSED, 2.0, pipeline=2), report(Status.FAILED, 3.0, pipeline=3))
    assert [{"user_ids": ["@alice:example.org", "@ops:example.org"]}] == world.called
    world.hear(report(Status.FAILED, 4.0, pipeline=4), report(Status.FAILED, 5.0, pipeline=4, attempt=2))
    assert 1 == len(world.called)
    world.hear(report(Status.PASSED, 6.0, pipeline=5), report(Status.FAILED, 7.0, pipeline=6))
    assert 2 == len(world.called)


def test_mentions_are_of_the_branch_itself() -> None:
    """Another branch that was green does not make this one's first red a change."""
    world = World().hear(GREEN, report(Status.FAILED, 2.0, ref="feature"))
    assert [] == world.called


def test_mentions_do_not_call_for_what_the_branch_is_beyond() -> None:
    """An older pipeline that fails after a newer one passed has not broken the branch."""
    world = World().hear(GREEN, report(Status.PASSED, 5.0, pipeline=12), report(Status.FAILED, 6.0, pipeline=11))
    assert [] == world.called


def test_mentions_are_not_made_by_edits() -> None:
    """A late job changes what the alarm says and calls nobody again."""
    failed = Job("test", Status.FAILED, Stamp(1, 2.0))
    world = World().hear(GREEN, report(Status.FAILED, 2.0), report(None, 2.0, jobs=(failed,)))
    told = world.stands["#ci:example.org", "github\nacme/shop\n10", "1"]
    assert "test" in str(told["body"])
    edit = message(told, edits="$e")
    assert ({}, told) == (edit["m.mentions"], edit["m.new_content"])
    assert 1 == len(world.called)


def test_alarm_links_to_whom_it_calls() -> None:
    """Also to users of old servers, whose names are not made for addresses."""
    told = alarm(Pipeline.of(report(Status.FAILED)), Turn.BROKEN, ["@a/b?c:example.org", "@room"])
    pill = '<a href="https://matrix.to/#/@a%2Fb%3Fc:example.org">@a/b?c:example.org</a> @room'
    assert pill in str(told["formatted_body"])


def test_alarm_disturbs_only_whom_it_calls() -> None:
    """By the default push rules a notice is silent, so what calls is a text."""
    world = World().hear(GREEN, report(Status.FAILED, 2.0), report(Status.PASSED, 3.0, pipeline=11))
    types = {place: content["msgtype"] for (_, _, place), content in world.stands.items()}
    assert {FIRST: "m.notice", "1": "m.notice"} == types  # the last alarm: fixed
    alarm = world.stands["#ci:example.org", "github\nacme/shop\n10", "1"]
    assert ("m.text", True) == (alarm["msgtype"], "main is broken" in str(alarm["body"]))
    fixed = world.stands["#ci:example.org", "github\nacme/shop\n11", "1"]
    assert "main passes again" in str(fixed["body"])


def test_alarm_that_says_no_more_than_the_first_message_is_not_told() -> None:
    """A red that calls nobody is told in the thread once it is known which jobs failed, or when it is tried again."""
    world = World().hear(report(Status.FAILED, 1.0))
    assert [FIRST] == [place for _, _, place in world.stands]
    world.hear(report(None, 1.0, jobs=(Job("test", Status.FAILED, Stamp(1, 1.0)),)))
    assert [FIRST, "1"] == [place for _, _, place in world.stands]
    world = World().hear(report(Status.FAILED, 1.0), report(Status.FAILED, 2.0, attempt=2))
    assert [FIRST, "2"] == [place for _, _, place in world.stands]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"title": "Fix it", "commit": "0123456789"}, "Fix it (01234567) by Alice"),
        ({"title": "", "commit": "0123456789"}, "01234567 by Alice"),
        ({"title": "acme/shop"}, "by Alice"),
        ({"title": "main"}, "by Alice"),
        ({"title": "", "author": ""}, ""),
    ],
)
def test_overview_says_nothing_twice(said: dict[str, Any], expected: str) -> None:
    """What stands in the first line, as the tag of a release does, does not stand in the next."""
    lines = str(overview(Pipeline.of(report(Status.PASSED, **said)))["body"]).splitlines()
    assert expected == "".join(lines[1:])


def test_cancelled_pipelines_judge_nothing() -> None:
    """Between green and red a cancelled one changes nothing."""
    world = World().hear(GREEN, report(Status.CANCELLED, 2.0), report(Status.FAILED, 3.0, pipeline=11))
    assert 1 == len(world.called)


@pytest.mark.parametrize(
    ("filters", "is_heard"),
    [
        ({}, True),
        ({"projects": ("acme/*",)}, True),
        ({"projects": ("other/*",)}, False),
        ({"branches": ("main", "release/*")}, True),
        ({"branches": ("!main",)}, False),
        ({"branches": ("[m]ain",)}, False),  # brackets are what they are in names
        ({"branches": ("MAIN",)}, False),
        ({"branches": ("!dependabot/*",)}, True),
        ({"sources": ("gitlab",)}, False),
        ({"statuses": (Status.FAILED,)}, False),
        ({"statuses": (Status.RUNNING, Status.PASSED)}, True),
    ],
)
def test_room_hears_of_what_its_filters_let_through(filters: dict[str, tuple[str, ...]], is_heard: bool) -> None:
    """Patterns of projects and branches, sources, statuses; ! before one that is not wanted."""
    room = Room(room="#r:example.org", **filters)  # type: ignore[arg-type]  # of each its own
    assert is_heard == room.hears_of(Pipeline.of(report(Status.PASSED)))


def test_room_that_was_told_is_kept_in_step() -> None:
    """A room that hears of failures alone sees how the pipeline it heard of goes on."""
    room = Room(room="#red:example.org", statuses=(Status.FAILED,))
    world = World((room,)).hear(report(Status.RUNNING, 1.0))
    assert {} == world.stands
    world.hear(report(Status.FAILED, 2.0), report(Status.PASSED, 3.0, attempt=2))
    assert world.first(room="#red:example.org").startswith("✅")


def test_overview_escapes_what_strangers_write() -> None:
    """Titles, names and addresses of pipelines are text, in HTML, too."""
    pipeline = Pipeline.of(report(Status.PASSED, title="<script>", author="A&B", url='https://x/"><b>'))
    html = str(overview(pipeline)["formatted_body"])
    assert "<script>" not in html
    assert ("A&amp;B" in html, '"><b>' in html.replace("</a> <b>", "")) == (True, False)


def test_overview_of_many_jobs_shows_those_that_say_most() -> None:
    """Of a hundred jobs the failed ones are seen, and how many are not."""
    jobs = [Job(f"job-{number:03d}", Status.PASSED) for number in range(99)] + [Job("zz", Status.FAILED)]
    body = str(overview(Pipeline.of(report(Status.FAILED, jobs=tuple(jobs))))["body"])
    assert ("❌ zz" in body, "and 75 more" in body) == (True, True)


def test_messages_fit_into_an_event_even_edited_and_encrypted() -> None:
    """The longest names and addresses of many jobs are shown as far as an event holds them."""
    url, name = "https://x/" + "&" * 990, "<" * 297
    jobs = tuple(Job(f"{number:03d}{name}", Status.FAILED, url=url, note="&" * 300) for number in range(99))
    said: dict[str, Any] = {**dict.fromkeys(("ref", "workflow", "number", "title", "author"), "&" * 300), "url": url}
    pipeline = Pipeline.of(report(Status.FAILED, jobs=jobs, **said))
    for content in (overview(pipeline), alarm(pipeline, Turn.BROKEN, ["@alice:example.org"])):
        edit = message(content, edits="$" + "e" * 43)
        assert len(content_to_octets(edit)) * 4 / 3 < 60_000
        assert "more" in str(content["body"])


def test_pipeline_known_by_jobs_alone_stands_as_they_do() -> None:
    """Where no forge speaks of the whole, its jobs do; one that may fail does not count."""
    jobs = (Job("a", Status.PASSED), Job("b", Status.FAILED, is_optional=True))
    assert Status.PASSED == Pipeline.of(report(jobs=jobs)).status
    assert Status.RUNNING == Pipeline.of(report(jobs=(*jobs, Job("c", Status.QUEUED)))).status
    assert Status.FAILED == Pipeline.of(report(jobs=(*jobs, Job("c", Status.FAILED)))).status


def test_message_in_a_thread_falls_back_to_a_reply() -> None:
    """Clients without threads see a reply to the first message."""
    content = message({"body": "x"}, thread="$first")
    assert {
        "rel_type": "m.thread",
        "event_id": "$first",
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": "$first"},
    } == content["m.relates_to"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (3599.6, "1 h 00 min"), (7325, "2 h 02 min")],
)
def test_duration_is_said_as_people_say_it(seconds: float, expected: str) -> None:
    """Seconds, minutes, hours."""
    assert expected == duration(seconds)
