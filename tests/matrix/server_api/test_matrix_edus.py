"""What passes between servers, by its type."""

from __future__ import annotations

import pytest

from fakes.openapi import sample, schema
from fakes.typed_operations import struct_differences
from scop.base import RemoteProtocolError
from scop.matrix import canonical_json
from scop.matrix.api.server_server.edus import EDU_CONTENTS, RoomReceipts, read_edu
from scop.matrix.api.unknown_keys import with_unknown
from scop.matrix.events import Edu

_FOLDER = ("api", "server-server", "definitions", "event-schemas")


@pytest.mark.parametrize("kind", EDU_CONTENTS)
def test_edu_is_as_specified(kind: str) -> None:
    """Matrix v1.19 SS: the properties of each content, which of them must be, and that all come out as they came in."""
    content = schema(*_FOLDER, f"{kind}.yaml").properties["content"]
    assert [] == struct_differences(content, EDU_CONTENTS[kind])
    said = sample(content)
    assert isinstance(said, dict)
    read = read_edu(Edu(edu_type=kind, content={**said, "org.example.more": 1}))
    assert isinstance(read, EDU_CONTENTS[kind])
    assert canonical_json.encode({**said, "org.example.more": 1}) == canonical_json.encode(with_unknown(read))


def test_receipts_are_by_room() -> None:
    """Matrix v1.19 SS §Receipts: rooms, kinds, users."""
    content = schema(*_FOLDER, "m.receipt.yaml").properties["content"]
    assert content.values is not None
    assert [] == struct_differences(content.values, RoomReceipts)
    said = sample(content)
    assert isinstance(said, dict)
    read = read_edu(Edu(edu_type="m.receipt", content=said))
    assert isinstance(read, dict)
    written = {room_id: with_unknown(one) for room_id, one in read.items()}
    assert canonical_json.encode(said) == canonical_json.encode(written)


def test_edus_are_all_typed() -> None:
    """All files that describe one have a type here."""
    theirs = {"m.receipt", "m.typing", "m.presence", "m.device_list_update", "m.signing_key_update"}
    assert theirs | {"m.direct_to_device"} == {"m.receipt", *EDU_CONTENTS}


def test_edu_that_nobody_knows_says_nothing() -> None:
    """Ibid.: new kinds may come."""
    assert read_edu(Edu(edu_type="org.example.wave", content={})) is None


@pytest.mark.parametrize("kind", ["m.receipt", *EDU_CONTENTS])
def test_edu_that_is_broken_is_refused(kind: str) -> None:
    """A content that is not of its type."""
    with pytest.raises(RemoteProtocolError):
        read_edu(Edu(edu_type=kind, content={"user_id": 1, "!room:sea.test": 1}))
