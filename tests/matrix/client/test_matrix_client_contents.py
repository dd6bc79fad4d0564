"""What messages say, as the specification writes it."""

from __future__ import annotations

import pytest

from scop.matrix.client.contents import (
    Attachment,
    Kind,
    Mentions,
    Message,
    as_edit,
    as_reply,
    file_content,
    in_thread,
    message_content,
    reaction_content,
)
from scop.matrix.client.event import Event
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS


def test_message_always_says_whom_it_mentions() -> None:
    """`m.mentions` is there also when it is empty (§User and room mentions)."""
    assert {"msgtype": "m.text", "body": "hi", "m.mentions": {}} == message_content("hi")
    message = Message("hi", "<b>hi</b>", Kind.NOTICE, Mentions(("@a:x", "@a:x"), is_of_room=True))
    assert {
        "msgtype": "m.notice",
        "body": "hi",
        "format": "org.matrix.custom.html",
        "formatted_body": "<b>hi</b>",
        "m.mentions": {"user_ids": ["@a:x"], "room": True},
    } == message_content(message)


def test_edit_mentions_anew_only_whom_it_says() -> None:
    """Outside are the mentions of this revision, within those of the whole (§Edits of events with mentions)."""
    content = as_edit(
        message_content(Message("new", "<i>new</i>", mentions=Mentions(("@a:x", "@b:x")))), "$old", Mentions(("@b:x",))
    )
    assert {"rel_type": "m.replace", "event_id": "$old"} == content["m.relates_to"]
    assert ("* new", "* <i>new</i>") == (content["body"], content["formatted_body"])
    assert {"user_ids": ["@b:x"]} == content["m.mentions"]
    new = content["m.new_content"]
    assert isinstance(new, dict)
    assert {"user_ids": ["@a:x", "@b:x"]} == new["m.mentions"]
    assert ("new", "<i>new</i>") == (new["body"], new["formatted_body"])


def test_edit_of_a_reply_leaves_the_relation_out_of_the_new_content() -> None:
    """`m.relates_to` is not replaced (§Applying m.new_content)."""
    content = as_edit(as_reply(message_content("x"), "$asked"), "$old")
    assert "m.relates_to" not in content["m.new_content"]  # type: ignore[operator]


def test_replies_and_threads_relate_as_written() -> None:
    """An answer in a thread names both; a message of a thread falls back to the latest one (§Threading)."""
    assert {"m.in_reply_to": {"event_id": "$a"}} == as_reply({}, "$a")["m.relates_to"]
    assert {
        "rel_type": "m.thread",
        "event_id": "$root",
        "m.in_reply_to": {"event_id": "$a"},
        "is_falling_back": False,
    } == as_reply({}, "$a", "$root")["m.relates_to"]
    assert {
        "rel_type": "m.thread",
        "event_id": "$root",
        "m.in_reply_to": {"event_id": "$root"},
        "is_falling_back": True,
    } == in_thread({}, "$root")["m.relates_to"]
    assert {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$a", "key": "👍"}} == reaction_content("$a", "👍")


def test_file_is_of_the_kind_of_its_type() -> None:
    """A picture is an m.image, anything else a file; in encrypted rooms `file` stands in place of `url`."""
    plain = file_content(Attachment("a.png", "image/png", 5, url="mxc://x/y"))
    assert ("m.image", "a.png", "a.png", "mxc://x/y") == (
        plain["msgtype"],
        plain["body"],
        plain["filename"],
        plain["url"],
    )
    assert {"mimetype": "image/png", "size": 5} == plain["info"]
    sealed = file_content(
        Attachment("a.pdf", "application/pdf", 5, encrypted_file={"url": "mxc://x/y"}, caption=Message("look"))
    )
    assert ("m.file", "look", "a.pdf") == (sealed["msgtype"], sealed["body"], sealed["filename"])
    assert {"url": "mxc://x/y"} == sealed["file"]
    assert "url" not in sealed


def test_event_tells_what_it_relates_to() -> None:
    """Edits, answers, threads and redactions are read as they are written."""
    edit = Event("$1", "m.room.message", "@a:x", as_edit(message_content("x"), "$old"))
    assert ("$old", None, None) == (edit.replaces, edit.replies_to, edit.thread_id)
    answer = Event("$2", "m.room.message", "@a:x", as_reply({}, "$asked", "$root"))
    assert (None, "$asked", "$root") == (answer.replaces, answer.replies_to, answer.thread_id)
    thread = Event("$3", "m.room.message", "@a:x", in_thread({}, "$root", "$last"))
    assert (None, "$root") == (thread.replies_to, thread.thread_id)
    redaction = Event("$4", "m.room.redaction", "@a:x", {"redacts": "$x"}, unknown={"redacts": "$y"})
    assert ("$y", "$x") == (redaction.redacts_in(ROOM_VERSIONS["10"]), redaction.redacts_in(ROOM_VERSIONS["11"]))
    assert Event("$6", "m.room.message", "@a:x", {"redacts": "$x"}).redacts_in(ROOM_VERSIONS["11"]) is None
    state = Event("$7", "m.room.topic", "@a:x", as_edit({}, "$old"), "")
    assert state.replaces is None


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("> <@b:x> one\n> two\n\nanswer\n> quoted", "answer\n> quoted"),
        ("> <@b:x> one\nanswer", "answer"),
        ("answer\n> quoted", "answer\n> quoted"),
        (">no quotation", ">no quotation"),
        ("> <@b:x> all of it", ""),
        ("", ""),
    ],
)
def test_event_reads_an_answer_without_what_it_answers(body: str, read: str) -> None:
    """Older clients quote before they answer: that is taken away, of answers alone (§Rich replies)."""
    content: JsonObject = {"msgtype": "m.text", "body": body}
    assert read == Event("$1", "m.room.message", "@a:x", as_reply(content, "$asked")).body
    assert body == Event("$2", "m.room.message", "@a:x", content).body
