"""A pipeline as people read it: the first message of its thread, and what is told inside the thread.

Each is content of `m.room.message`, with plain text for those who see no HTML. The first message is an `m.notice`,
which by the default push rules disturbs nobody; what calls people is an `m.text`, as a mention in a notice is silent.

Standards: Matrix v1.19 CS §m.room.message msgtypes (formatted_body), §User and room mentions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

import msgspec

from scop.matrix.ids import UserId
from scop.matrix.json_values import JsonObject
from scop.matrix.notifier.pipeline import Pipeline
from scop.matrix.notifier.report import Job
from scop.matrix.notifier.status import Status
from scop.matrix.notifier.turns import Turn
from scop.matrix.uris import MatrixUri

__all__ = ["EVERYBODY", "alarm", "duration", "headline", "overview"]

EVERYBODY = "@room"
MAX_ROWS = 25  # of a table: of more jobs, those that say most
# Matrix v1.19 CS §Size limits: 65,536 octets of a whole event. An edit holds its content twice, encryption makes four
# octets of three, and servers add hashes and signatures.
MAX_CONTENT_OCTETS = 22_000
_SHORT_COMMIT = 8

_SIGNS: Mapping[Status, str] = {
    Status.QUEUED: "⏳",
    Status.RUNNING: "🔵",
    Status.SKIPPED: "⚪",
    Status.PUBLISHED: "📦",
    Status.PASSED: "✅",
    Status.CANCELLED: "⚫",
    Status.FAILED: "❌",
}
# What people look for comes first where not all rows fit.
_URGENCY = (
    Status.FAILED, Status.RUNNING, Status.QUEUED, Status.CANCELLED, Status.PASSED, Status.PUBLISHED, Status.SKIPPED
)  # fmt: skip


def duration(seconds: float) -> str:
    """Return a time span as people say it."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes_of_hour = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_of_hour:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def headline(pipeline: Pipeline) -> str:
    """Return what it is, and how it is, on one line."""
    return f"{_SIGNS[pipeline.status]} {_what(pipeline)} {_how(pipeline)}"


def overview(pipeline: Pipeline) -> JsonObject:
    """Return the first message of the thread as it should read now."""
    return _fitting(lambda rows: _overview(pipeline, rows))


def alarm(pipeline: Pipeline, turn: Turn, mentions: Sequence[str]) -> JsonObject:
    """Return what is told in the thread when a pipeline has failed, or its branch is well again; calls `mentions`."""
    return _fitting(lambda rows: _alarm(pipeline, _said(pipeline, turn), mentions, rows))


def _fitting(shown: Callable[[int], JsonObject]) -> JsonObject:
    """Return what is shown with as many rows as an event can hold."""
    content = shown(MAX_ROWS)
    for rows in (MAX_ROWS // 2, MAX_ROWS // 5, 0):
        if len(msgspec.json.encode(content)) <= MAX_CONTENT_OCTETS:
            break
        content = shown(rows)
    return content


def _overview(pipeline: Pipeline, rows: int) -> JsonObject:
    jobs = _rows(pipeline, rows)
    plain = [headline(pipeline)]
    html = [_headline_html(pipeline)]
    if subject := _subject(pipeline):
        plain.append(subject)
        html.append(f"<br>{escape(subject)}")
    if pipeline.text("url"):
        plain.append(pipeline.text("url"))
    plain.extend(_plain_row(job) for job in jobs)
    if jobs:
        table = "".join(map(_html_row, jobs))
        html.append(f"<table><thead><tr><th></th><th>job</th><th>time</th></tr></thead><tbody>{table}</tbody></table>")
    if more := len(pipeline.jobs) - len(jobs):
        plain.append(f"  and {more} more")
        html.append(f"<i>and {more} more</i>")
    return _content("m.notice", "\n".join(plain), "".join(html), ())


def _said(pipeline: Pipeline, turn: Turn) -> str:
    what, branch = _what(pipeline), pipeline.text("ref") or pipeline.project
    if turn is Turn.BROKEN:
        return f"{branch} is broken"
    if turn is Turn.FIXED:
        return f"{branch} passes again"
    return f"{what} failed again" if pipeline.text("attempt") and turn is Turn.STILL_RED else f"{what} failed"


def _alarm(pipeline: Pipeline, said: str, mentions: Sequence[str], rows: int) -> JsonObject:
    sign = _SIGNS[pipeline.status]
    plain, html = [f"{sign} {said}"], [f"{sign} <b>{escape(said)}</b>"]
    failed = [job for job in _sorted(pipeline) if job.status is Status.FAILED]
    if failed and pipeline.status is Status.FAILED:
        plain.extend("  " + " ".join(filter(None, (job.name, job.note, job.url))) for job in failed[:rows])
        html.append("<ul>" + "".join(map(_item, failed[:rows])) + "</ul>")
        if (more := len(failed) - rows) > 0:
            plain.append(f"  and {more} more")
            html.append(f"<i>and {more} more</i>")
    if mentions:
        plain.append(" ".join(mentions))
        html.append("<p>" + " ".join(map(_pill, mentions)) + "</p>")
    return _content("m.text" if mentions else "m.notice", "\n".join(plain), "".join(html), mentions)


def _content(msgtype: str, body: str, html: str, mentions: Sequence[str]) -> JsonObject:
    called: JsonObject = {}
    if users := [each for each in mentions if each != EVERYBODY]:
        called["user_ids"] = users
    if EVERYBODY in mentions:
        called["room"] = True
    return {
        "msgtype": msgtype,
        "body": body,
        "format": "org.matrix.custom.html",
        "formatted_body": html,
        # CS §User and room mentions: present even when empty, so that words in the body call nobody.
        "m.mentions": called,
    }


def _what(pipeline: Pipeline) -> str:
    workflow, number = pipeline.text("workflow"), pipeline.text("number")
    words = [pipeline.project]
    if workflow and workflow != "release":
        words.append(workflow)
    if number:
        words.append(f"#{number}")
    if pipeline.text("ref"):
        words += ["·", pipeline.text("ref")]
    return " ".join(words)


def _how(pipeline: Pipeline) -> str:
    again = f" (attempt {pipeline.text('attempt')})" if pipeline.text("attempt") else ""
    took = f" in {duration(pipeline.seconds)}" if pipeline.seconds is not None else ""
    return f"{pipeline.status}{took}{again}"


def _headline_html(pipeline: Pipeline) -> str:
    what = _linked(_what(pipeline), pipeline.text("url"))
    return f"{_SIGNS[pipeline.status]} {what} <b>{escape(_how(pipeline))}</b>"


def _subject(pipeline: Pipeline) -> str:
    title, commit = pipeline.text("title"), pipeline.text("commit")[:_SHORT_COMMIT]
    if title in (pipeline.project, pipeline.text("ref")):  # the first line has it
        title = ""
    words = [title, f"({commit})" if title and commit else commit]
    if pipeline.text("author"):
        words.append(f"by {pipeline.text('author')}")
    return " ".join(filter(None, words))


def _sorted(pipeline: Pipeline) -> list[Job]:
    # Names stay where they are while statuses move: a table whose rows jump cannot be read.
    return sorted(pipeline.jobs.values(), key=lambda job: job.name)


def _rows(pipeline: Pipeline, most: int) -> list[Job]:
    jobs = _sorted(pipeline)
    if len(jobs) <= most:
        return jobs
    chosen = {job.name for job in sorted(jobs, key=lambda job: _URGENCY.index(job.status))[:most]}
    return [job for job in jobs if job.name in chosen]


def _plain_row(job: Job) -> str:
    return f"  {_SIGNS[job.status]} {job.name}{'  ' + duration(job.seconds) if job.seconds is not None else ''}"


def _html_row(job: Job) -> str:
    took = duration(job.seconds) if job.seconds is not None else job.status
    return f"<tr><td>{_SIGNS[job.status]}</td><td>{_linked(job.name, job.url)}</td><td>{took}</td></tr>"


def _item(job: Job) -> str:
    note = f": <code>{escape(job.note)}</code>" if job.note else ""
    return f"<li>{_linked(job.name, job.url)}{note}</li>"


def _linked(text: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>' if url else escape(text)


def _pill(mention: str) -> str:
    if mention == EVERYBODY:
        return EVERYBODY
    user = UserId.parse(mention, historical=True)
    return _linked(mention, MatrixUri(user).to_matrix_to())
