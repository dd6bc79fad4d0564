"""Real and awkward mails with the values that others read in them, and the standard library as a second reader."""

from __future__ import annotations

import email
import email.header
import email.message
import json
import re
from pathlib import Path
from typing import TypedDict

import pytest

from fakes.corpus import corpus_sample
from fakes.shared import shared_path
from scop.mime import Entity, Group, parse
from scop.mime.transfer import UU_ENCODINGS, decode_content

# Where we differ on purpose or the vector shows a reader's own taste.
_BASE64_GUESSED_TO_BE_TEXT = {("rfc", "000")}  # they show undecodable base64 as text
_STRAY_CARRIAGE_RETURN = {("legacy", "049")}
_OCTET_KEPT = re.compile("[\uf780-\uf7ff]")  # where no charset is known we keep the octet, they forget it


class _Part(TypedDict):
    headers: list[dict[str, object]]
    body: dict[str, object]


def vectors() -> list[Path]:
    """Return the mails that have expected values beside them."""
    return sorted(shared_path("vectors", "mime", "mail-parser").glob("*/*.eml"))


def as_they_show(text: str) -> str:
    """Return `text` with every octet in no charset as U+FFFD."""
    return _OCTET_KEPT.sub("\ufffd", text)


def shown_octets(value: object) -> bytes:
    """Return an expected content: text, or the numbers of octets."""
    if isinstance(value, str):
        return value.encode()
    assert isinstance(value, list)
    return bytes(value)


def check_body(entity: Entity, parts: list[_Part], index: int) -> None:
    """Compare an entity and what is below it with the expected parts."""
    ((kind, value),) = parts[index]["body"].items()
    if kind == "Multipart":
        assert isinstance(value, list)
        assert len(entity.parts) == len(value)
        for part, below in zip(entity.parts, value, strict=True):
            check_body(part, parts, below)
    elif kind == "Message":
        assert isinstance(value, dict)
        check_body(entity.parts[0], value["parts"], 0)
    elif entity.transfer_encoding in UU_ENCODINGS:  # they leave these as they stand, we undo them
        assert decode_content(shown_octets(value), entity.transfer_encoding) == entity.content
    elif kind in ("Text", "Html"):
        assert as_they_show(entity.text) == value
    else:
        assert entity.content == shown_octets(value)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_bodies_are_those_of_the_vectors(line_end: bytes) -> None:
    """Structure, content and text agree, with either line end."""
    for path in vectors():
        if (path.parent.name, path.stem) in _BASE64_GUESSED_TO_BE_TEXT | _STRAY_CARRIAGE_RETURN:
            continue
        octets = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", line_end)
        expected = path.with_suffix(".json" if line_end == b"\n" else ".crlf.json")
        check_body(parse(octets), json.loads(expected.read_bytes())["parts"], 0)


def test_subjects_and_mailboxes_are_those_of_the_vectors() -> None:
    """Decoded subjects, names and addresses agree."""
    for path in vectors():
        message = parse(path.read_bytes())
        for header in json.loads(path.with_suffix(".json").read_bytes())["parts"][0]["headers"]:
            name, value = str(header["name"]).replace("_", "-"), header["value"]
            if name == "subject":
                assert as_they_show(message.header.get("subject") or "") == value["Text"]
            if name in ("from", "to", "cc") and "List" in value.get("Address", {}):
                expected = [(one["name"] or "", one["address"] or "") for one in value["Address"]["List"]]
                found = message.addresses(name)
                # A word without "@" is an address to us, a name to them.
                ours = [(as_they_show(a.display_name), a.addr_spec) for a in found if not isinstance(a, Group)]
                assert [one if one[1] else ("", one[0]) for one in expected] == ours


def test_no_vector_is_too_awkward() -> None:
    """Every mail of every collection is read, and kept octet for octet."""
    mails = [path for path in shared_path("vectors", "mime").rglob("*") if path.suffix in (".raw", ".eml")]
    assert len(mails) > 150
    for path in mails:
        octets = path.read_bytes()
        message = parse(octets)
        assert octets == message.to_octets()
        assert all(isinstance(entity.text, str) for entity in message.walk())


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("mail/mime-mixed.raw", ["multipart/mixed", "text/plain", "text/plain"]),
        ("mail/epilogue-sample.raw", None),
        ("parts/similar-boundary.raw", None),
        ("parts/multimixed-no-closing-boundary.raw", None),
    ],
)
def test_structure_of_awkward_multiparts(name: str, types: list[str] | None) -> None:
    """Parts are found where boundaries are similar, missing at the end, or followed by an epilogue."""
    octets = shared_path("vectors", "mime", "enmime", "testdata", name).read_bytes()
    found = [entity.content_type.media_type for entity in parse(octets).walk()]
    expected = types or [part.get_content_type() for part in email.message_from_bytes(octets).walk()]
    assert expected == found


def _decoded(subject: str) -> str:
    return str(email.header.make_header(email.header.decode_header(subject)))


def test_standard_library_reads_the_corpus_alike() -> None:
    """On real mail both see the same parts, and the same subject where it is clean ASCII."""
    compared = differing = 0
    for _, octets in corpus_sample(20):
        ours, theirs = parse(octets), email.message_from_bytes(octets)
        assert octets == ours.to_octets()
        types = [entity.content_type.media_type for entity in ours.walk()]
        differing += types != [part.get_content_type() for part in theirs.walk()]
        subject = theirs["subject"]
        if isinstance(subject, str) and subject.isascii() and "=?" not in subject:
            compared += 1
            assert (ours.header.get("subject") or "").split() == subject.split()
    assert compared > 200
    assert differing <= 3  # mails whose boundary or type is broken, where no reading is the right one
