"""From what is said of pipelines to what should stand in rooms: one thread a pipeline, kept in step.

Theory of operation. `fold` takes one report into what is known (`Known`: the pipeline, the verdicts of its branch) and
returns what is known then. `wanted` says from that what should stand in each room: the first message of the thread
(`FIRST`), and one message in it for each attempt that failed or mended its branch. Both say the same whatever
the order of reports was; who keeps what was posted (`scop.store.notices`) compares, and posts or edits what differs.
`message` then dresses content as a new message, a reply in the thread, or an edit.

Standards: Matrix v1.19 CS §Threading, §Event replacements, §User and room mentions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from scop.matrix.json_values import JsonObject
from scop.matrix.notifier.pipeline import Pipeline
from scop.matrix.notifier.report import Report
from scop.matrix.notifier.rooms import Room, mentioned
from scop.matrix.notifier.shown import alarm, overview
from scop.matrix.notifier.status import Status
from scop.matrix.notifier.turns import Turn, Verdict, judged, turn_of

__all__ = ["FIRST", "Audience", "Known", "Wanted", "fold", "message", "pipeline_after", "wanted"]

FIRST = "first"  # the place of the message that opens a thread
_TOLD_TURNS = (Turn.BROKEN, Turn.FIXED, Turn.STILL_RED, Turn.FIRST_RED)
MAX_TURNS = 10  # that are told in one thread; a pipeline that is tried more often is told by its first message


class Known(msgspec.Struct, frozen=True):
    """What is known of one pipeline, and what its attempts meant for its branch when they ended."""

    pipeline: Pipeline
    turns: Mapping[str, Turn] = {}  # by attempt; fixed once told, people were called or not


@dataclass(frozen=True, slots=True)
class Audience:
    """All rooms, and who people are."""

    rooms: Sequence[Room]
    people: Mapping[str, str]  # login or address at a forge → user id


@dataclass(frozen=True, slots=True)
class Wanted:
    """One message that should stand in a room."""

    room: str
    place: str  # FIRST, or the attempt it tells of
    content: JsonObject


def pipeline_after(known: Known | None, report: Report) -> Pipeline:
    """Return what is known of a pipeline after a report; its branch is known by then."""
    return known.pipeline.taking(report) if known else Pipeline.of(report)


def fold(known: Known | None, pipeline: Pipeline, verdicts: tuple[Verdict, ...]) -> tuple[Known, tuple[Verdict, ...]]:
    """Return what is known when a pipeline is so, and the verdicts of its branch."""
    turns = dict(known.turns) if known else {}
    attempt = str(pipeline.attempt)
    if attempt not in turns and len(turns) < MAX_TURNS:
        turn = turn_of(pipeline, verdicts)
        if turn in _TOLD_TURNS:
            turns[attempt] = turn
    return Known(pipeline, turns), judged(pipeline, verdicts)


def wanted(known: Known, audience: Audience, already: Collection[str]) -> tuple[Wanted, ...]:
    """Return what should stand where; `already` are the rooms in which the thread was opened."""
    pipeline = known.pipeline
    found: list[Wanted] = []
    for room in audience.rooms:
        if room.room not in already and not room.hears_of(pipeline):
            continue
        found.append(Wanted(room.room, FIRST, overview(pipeline)))
        for attempt, turn in known.turns.items():
            if attempt != str(pipeline.attempt) or not _still_holds(turn, pipeline.status):
                continue  # what was told of an earlier attempt stays as it was
            if not _says_more(turn, pipeline):
                continue
            called = mentioned(room, pipeline, audience.people) if turn is Turn.BROKEN else ()
            found.append(Wanted(room.room, attempt, alarm(pipeline, turn, called)))
    return tuple(found)


def _still_holds(turn: Turn, status: Status) -> bool:
    """Say whether what was told of an attempt is still true of it: jobs that report late may change that."""
    return status is (Status.PASSED if turn is Turn.FIXED else Status.FAILED)


def _says_more(turn: Turn, pipeline: Pipeline) -> bool:
    """Say whether a message in the thread tells more than the one that opens it."""
    is_news = turn in (Turn.BROKEN, Turn.FIXED) or pipeline.attempt > 1
    return is_news or any(job.status is Status.FAILED for job in pipeline.jobs.values())


def message(content: JsonObject, *, edits: str = "", thread: str = "") -> JsonObject:
    """Return content as it is sent: a new message, one in the thread of an event, or one that edits an event."""
    if edits:
        return {
            "msgtype": content["msgtype"],
            "body": f"* {content['body']}",
            "format": content["format"],
            "formatted_body": f"* {content['formatted_body']}",
            # CS §Event replacements: who was called by the first revision is not called again by this one.
            "m.mentions": {},
            "m.new_content": content,
            "m.relates_to": {"rel_type": "m.replace", "event_id": edits},
        }
    if thread:
        # CS §Threading, fallback for unthreaded clients.
        relation = {
            "rel_type": "m.thread",
            "event_id": thread,
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": thread},
        }
        return {**content, "m.relates_to": relation}
    return content
