"""The specification's own examples and schemas of verification and secret events."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
import yaml

from fakes.identity_homes import homes
from fakes.shared import shared_path
from fakes.verifying_homes import everyone_hears, shown_to, with_identities
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.json_values import JsonObject
from scop.matrix.verification.cancel_codes import VerificationRefused
from scop.matrix.verification.contents import (
    PREFIX,
    Accept,
    Ask,
    Cancel,
    Key,
    Mac,
    Ready,
    ReciprocateStart,
    SasStart,
    Start,
    read_content,
)

_EXAMPLES: dict[str, type[msgspec.Struct]] = {
    "m.key.verification.accept": Accept,
    "m.key.verification.cancel": Cancel,
    "m.key.verification.key": Key,
    "m.key.verification.mac": Mac,
    "m.key.verification.ready": Ready,
    "m.key.verification.request": Ask,
    "m.key.verification.start": Start,
    "m.key.verification.start$m.sas.v1": SasStart,
    "m.room.message$m.key.verification.request": Ask,
}


@cache
def _yaml(folder: str, name: str) -> dict[str, object]:
    path = shared_path("matrix-spec", "data", "event-schemas", folder, f"{name}.yaml")
    found: dict[str, object] = yaml.safe_load(path.read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", _EXAMPLES)
def test_verification_examples_are_read(name: str) -> None:
    """Each example of the specification is of the shape that we take."""
    content = _yaml("examples", name)["content"]
    assert isinstance(content, dict)
    read = msgspec.to_builtins(read_content(content, _EXAMPLES[name]))
    assert {key: value for key, value in read.items() if value is not None}.items() <= _tupled(content).items()


def _tupled(json: JsonObject) -> JsonObject:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in json.items()}


@pytest.mark.parametrize("name", _EXAMPLES)
def test_verification_messages_without_what_is_required_are_refused(name: str) -> None:
    """What a schema requires must be there: m.invalid_message (a cancel is taken however it is)."""
    content = _yaml("examples", name)["content"]
    assert isinstance(content, dict)
    kind = _EXAMPLES[name]
    for field in msgspec.structs.fields(kind):
        if field.required:
            with pytest.raises(VerificationRefused):
                read_content({key: value for key, value in content.items() if key != field.encode_name}, kind)


def test_reciprocation_takes_a_secret() -> None:
    """Matrix v1.19 CS §m.key.verification.start with method m.reciprocate.v1: has no example."""
    assert read_content({"secret": "c2VjcmV0"}, ReciprocateStart) == ReciprocateStart("c2VjcmV0")


def _required(event_type: str, content: JsonObject) -> set[str]:
    name = event_type
    if event_type == PREFIX + "start":
        name += f"${content['method']}"
    if content.get("msgtype") == PREFIX + "request":
        name = "m.room.message$m.key.verification.request"
    properties = _yaml("schema", name)["properties"]
    assert isinstance(properties, dict)
    return set(properties["content"].get("required", ()))


def test_verification_messages_have_all_that_their_schemas_require() -> None:
    """By devices and in rooms, by SAS and by QR code, done and cancelled."""
    ada, ben = people = homes(("@ada:x", "DESK"), ("@ben:x", "BOAT"))
    with_identities(*people)
    flow_id = shown_to(ada, ben)
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    everyone_hears(people, 2)
    flow_id = ada.do(ada.identity.verifications.request_in_room("@ben:x", "!pier:x"))
    ben.hear()
    ben.act(ben.identity.verifications.accept(flow_id))
    ada.hear()
    ben.act(ben.identity.verifications.scan(flow_id, ada.identity.verifications.qr_code(flow_id) or b""))
    ada.hear()
    ada.act(ada.identity.verifications.cancel(flow_id))
    sent = [(one.type, one.content) for one in ada.homeserver.messages]
    for _, request in ada.homeserver.asked:
        if isinstance(request, SendToDevice) and request.event_type.startswith(PREFIX):
            sent += [(request.event_type, content) for to in request.messages.values() for content in to.values()]
    assert {kind.removeprefix(PREFIX) for kind, _ in sent} == {
        *("request", "ready", "start", "accept", "key", "mac", "done", "cancel"),
        "m.room.message",
    }
    for kind, content in sent:
        assert _required(kind, content) - set(content) == set(), kind
        assert ("transaction_id" in content) != ("m.relates_to" in content or kind == "m.room.message"), kind
