"""One-time and fallback keys: enough of them on the server, none offered twice, used ones forgotten."""

from __future__ import annotations

import msgspec
import pytest

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import Crash, KeyServer, Phone, room_of
from scop.base import LocalProtocolError
from scop.matrix.api.client_server.keys import UploadKeys
from scop.matrix.api.errors import MatrixError
from scop.matrix.encryption import Machine, Options
from scop.matrix.signing import verify_json
from scop.matrix.steps import Surroundings

_HOUR = 3600.0


def _phone() -> Phone:
    return Phone.of(KeyServer(), JumpingClock(), "@ann:a.test", "ANN")


def _uploads(phone: Phone) -> list[UploadKeys]:
    return [request for _, request in phone.server.asked if isinstance(request, UploadKeys)]


def test_account_uploads_what_is_signed_by_itself() -> None:
    """Matrix v1.19 CS §Uploading keys: device, one-time and fallback keys, each signed by the device's Ed25519 key."""
    phone = _phone()
    (upload,) = _uploads(phone)
    own = phone.machine.own_device
    assert upload.device_keys is not None
    assert verify_json(msgspec.to_builtins(upload.device_keys), "@ann:a.test", "ed25519:ANN", own.ed25519)
    assert len(upload.one_time_keys or {}) == 50
    assert len(upload.fallback_keys or {}) == 1
    for keys, marks in ((upload.one_time_keys, {}), (upload.fallback_keys, {"fallback": True})):
        for key_id, key in (keys or {}).items():
            assert key_id.startswith("signed_curve25519:")
            assert not isinstance(key, str)
            assert key.unknown == marks
            json = {"key": key.key, "signatures": key.signatures, **key.unknown}
            assert verify_json(json, "@ann:a.test", "ed25519:ANN", own.ed25519)


def test_account_fills_up_what_was_claimed() -> None:
    """Matrix v1.19 CS §One-time and fallback keys: there is a sufficient supply, under new ids, of new keys."""
    phone = _phone()
    stored = phone.server.of(phone.place)
    before = dict(stored.one_time)
    for key_id in list(stored.one_time)[:20]:
        del stored.one_time[key_id]
    phone.sync()
    assert len(stored.one_time) == 50
    assert len({*before, *stored.one_time}) == 70
    phone.sync()
    assert len(_uploads(phone)) == 2


def test_account_takes_absent_counts_for_zero() -> None:
    """Matrix v1.19 CS §Extensions to /sync: servers may leave out a count that is zero."""
    phone = _phone()
    stored = phone.server.of(phone.place)
    stored.one_time.clear()
    sync = msgspec.structs.replace(phone.server.sync(phone.place), device_one_time_keys_count=None)
    phone.do(phone.machine.receive(sync))
    phone.do(phone.machine.upkeep())
    assert len(stored.one_time) == 50


def test_account_replaces_a_used_fallback_key_and_forgets_it() -> None:
    """Matrix v1.19 CS §One-time and fallback keys: replaced when used, and removed an hour after that."""
    server, clock = KeyServer(), JumpingClock()
    ann, bob = (Phone.of(server, clock, f"@{name}:a.test", name.upper()) for name in ("ann", "bob"))
    late = Phone.of(server, clock, "@cid:a.test", "CID")
    room = room_of("@ann:a.test", "@bob:a.test")
    stored = server.of(ann.place)
    stored.one_time.clear()
    (used,) = stored.fallback
    assert bob.send(room, "by the fallback key")
    event = late.send(room_of("@ann:a.test", "@cid:a.test"), "too")
    clock.jump(_HOUR)
    waiting, stored.mailbox = stored.mailbox, []
    ann.sync()
    (newer,) = stored.fallback
    assert newer != used
    stored.mailbox = [one for one in waiting if one.sender == "@cid:a.test"]
    ann.sync()  # the one before is still taken
    assert ann.body(room, event) == "too"
    clock.jump(_HOUR)
    ann.sync()
    (newest,) = stored.fallback
    assert newest not in (used, newer)
    stored.mailbox = [one for one in waiting if one.sender == "@bob:a.test"]
    ann.sync()
    assert [one for one in ann.machine.sessions() if one.sender_id == "@bob:a.test"] == []


def test_account_does_not_chase_a_server_that_knows_no_fallback_keys() -> None:
    """A server that never lists the type gets another key each hour at most."""
    phone = _phone()
    for _ in range(5):
        sync = msgspec.structs.replace(phone.server.sync(phone.place), device_unused_fallback_key_types=())
        phone.do(phone.machine.receive(sync))
        phone.do(phone.machine.upkeep())
    assert len(_uploads(phone)) == 1


@pytest.mark.parametrize("after", [0, 1, 2])
def test_account_offers_the_same_keys_after_a_crash(after: int) -> None:
    """Private halves are durable before the public ones leave, whatever step the crash falls on."""
    server, clock = KeyServer(), JumpingClock()
    phone = Phone(server, clock, "@ann:a.test", "ANN", Options())
    phone.crash_after = after
    with pytest.raises(Crash):
        phone.do(phone.machine.upkeep())
    phone.restart()
    phone.do(phone.machine.upkeep())
    stored = server.of(phone.place)
    assert len(stored.one_time) == 50
    bob = Phone.of(server, clock, "@bob:b.test", "BOB")
    room = room_of("@ann:a.test", "@bob:b.test")
    event = bob.send(room, "hello")
    phone.sync()
    assert phone.body(room, event) == "hello"


def test_account_takes_new_ids_where_the_server_has_others() -> None:
    """A disk that was put back offers ids that the server has other keys under: they are given up."""
    server, clock = KeyServer(), JumpingClock()
    phone = Phone(server, clock, "@ann:a.test", "ANN", Options())
    before = {shelf: dict(entries) for shelf, entries in phone.disk.items()}
    phone.do(phone.machine.upkeep())
    phone.disk = before
    phone.restart()
    phone.do(phone.machine.upkeep())
    phone.sync()
    server.of(phone.place).one_time.clear()
    phone.sync()
    assert len(server.of(phone.place).one_time) == 50


def test_account_says_when_the_server_refuses() -> None:
    """A refusal is raised after all else of the upkeep was tried, and the same keys are offered next time."""
    server, clock = KeyServer(), JumpingClock()
    phone = Phone(server, clock, "@ann:a.test", "ANN", Options())
    server.refusal = MatrixError(500, "M_UNKNOWN", "no", {}, None)
    with pytest.raises(MatrixError):
        phone.do(phone.machine.upkeep())
    assert ["UploadKeys", "QueryKeys"] == [type(request).__name__ for _, request in server.asked]
    server.refusal = None
    phone.do(phone.machine.upkeep())
    first, second = _uploads(phone)
    assert first == second


def test_account_signs_beside_other_signatures() -> None:
    """`sign` adds the device's signature and leaves those that are there."""
    machine = _phone().machine
    signed = machine.sign({"a": 1, "signatures": {"@ann:a.test": {"ed25519:x": "y"}, "@b:c": {"k": "v"}}})
    assert verify_json(signed, "@ann:a.test", "ed25519:ANN", machine.own_device.ed25519)
    signatures = signed["signatures"]
    assert isinstance(signatures, dict)
    assert signatures["@b:c"] == {"k": "v"}
    assert {"ed25519:x", "ed25519:ANN"} == set(signatures["@ann:a.test"])


def test_account_that_was_not_kept_is_not_made_anew() -> None:
    """A device that lost its keys must be created, knowingly."""
    with pytest.raises(LocalProtocolError):
        Machine.load("@ann:a.test", "ANN", {}, Surroundings(JumpingClock(), bytes))
