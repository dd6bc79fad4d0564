"""Key backup: what is put in and taken out, and whose backup it is."""

from __future__ import annotations

import hmac

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given
from hypothesis import strategies as st

from fakes.identity_homes import Home, homes, seeded
from fakes.matrix_keys import room_of
from fakes.verifying_homes import everyone_hears
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.api.client_server.key_backup import GetRoomKeyBySessionId, PutRoomKeys
from scop.matrix.api.errors import MatrixError
from scop.matrix.encryption.values import ExportedSession, KeySource
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf
from scop.matrix.verification.backup_cipher import BackupKey, seal_session
from scop.matrix.verification.key_backup import Restored
from scop.matrix.verification.key_file import write_key_file

_ADA, _ADAS_PHONE = ("@ada:x", "DESK"), ("@ada:x", "PHONE")
_ROOM = room_of("@ada:x")
_KEY = BackupKey(bytes(range(32)))
_SESSION = ExportedSession(
    room_id="!sea:x",
    session_id="s1",
    sender_key="c",
    sender_claimed_keys={"ed25519": "e"},
    session_key="k",
    forwarding_curve25519_key_chain=(),
    shared_history=True,
)


def _backed_up() -> tuple[Home, Home, JsonObject]:
    ada, phone = homes(_ADA, _ADAS_PHONE)
    ada.do(ada.identity.cross_signing.bootstrap())
    ada.do(ada.identity.backup.create())
    event = ada.send(_ROOM, "the tide is full")
    ada.hear()
    return ada, phone, event


# ── the cipher ──


def test_backup_cipher_is_that_of_the_steps() -> None:
    """Matrix v1.19 CS §Backup algorithm, by hand: ECDH, HKDF of 80 octets, AES-CBC, and the MAC of nothing."""
    data = seal_session(_SESSION, _KEY.public)
    ephemeral, ciphertext, mac = (
        unpadded_base64.decode(str(data[name])) for name in ("ephemeral", "ciphertext", "mac")
    )
    shared = X25519PrivateKey.from_private_bytes(_KEY.octets).exchange(X25519PublicKey.from_public_bytes(ephemeral))
    keys = HKDF(SHA256(), 80, bytes(32), b"").derive(shared)
    assert mac == hmac.digest(keys[32:64], b"", "sha256")[:8]
    decryptor, unpadder = Cipher(AES(keys[:32]), CBC(keys[64:])).decryptor(), PKCS7(128).unpadder()
    plain = unpadder.update(decryptor.update(ciphertext) + decryptor.finalize()) + unpadder.finalize()
    assert msgspec.json.decode(plain) == {
        "algorithm": "m.megolm.v1.aes-sha2",
        "forwarding_curve25519_key_chain": [],
        "sender_claimed_keys": {"ed25519": "e"},
        "sender_key": "c",
        "session_key": "k",
        "shared_history": True,
    }


def test_backup_cipher_gives_back_what_it_took() -> None:
    """Seal and open are inverse; another key opens nothing."""
    data = seal_session(_SESSION, _KEY.public)
    assert _KEY.open("!sea:x", "s1", data) == _SESSION
    with pytest.raises(RemoteProtocolError):
        BackupKey(bytes(32)).open("!sea:x", "s1", data)
    assert BackupKey.from_base64(_KEY.secret) == _KEY


_TEXTS = st.sampled_from(["ephemeral", "ciphertext", "mac"])


@given(st.dictionaries(_TEXTS, st.text(max_size=60) | st.binary(max_size=40).map(unpadded_base64.encode) | st.none()))
def test_backup_cipher_raises_nothing_but_protocol_errors(change: dict[str, object]) -> None:
    """Whatever a server says is in the backup."""
    data = {**seal_session(_SESSION, _KEY.public), **change}
    try:
        _KEY.open("!sea:x", "s1", data)
    except RemoteProtocolError:
        return


@pytest.mark.parametrize("public", ["", "!", "AAAA", "A" * 43])
def test_backup_cipher_seals_for_real_keys_only(public: str) -> None:
    """A public key that is none, or of small order, is refused."""
    with pytest.raises(RemoteProtocolError):
        seal_session(_SESSION, public)


# ── into it, out of it ──


def test_backup_restores_messages_on_a_new_device() -> None:
    """Matrix v1.19 CS §Server-side key backups: with the key, the new device reads what was written before it came."""
    ada, phone, event = _backed_up()
    secret = ada.identity.backup.secret
    assert secret is not None
    phone.do(phone.machine.track(["@ada:x"]))
    with pytest.raises(LocalProtocolError):
        phone.do(phone.identity.backup.restore())
    assert phone.do(phone.identity.backup.adopt(secret))
    phone.machine.trusting = phone.identity.trust
    assert phone.do(phone.identity.backup.restore()) == Restored(1, 1, 0)
    assert phone.body(_ROOM, event) == "the tide is full"
    (info,) = phone.machine.sessions()
    assert info.source is KeySource.BACKUP
    assert phone.do(phone.identity.backup.upload()) == 0  # it is in there


@pytest.mark.parametrize("whole_room", [False, True])
def test_backup_restores_a_room_or_one_session(whole_room: bool) -> None:
    """By room, or by room and session; what is not there is no fault."""
    ada, phone, _ = _backed_up()
    phone.do(phone.identity.backup.adopt(ada.identity.backup.secret or ""))
    (info,) = ada.machine.sessions()
    session_id = None if whole_room else info.session_id
    assert phone.do(phone.identity.backup.restore("!elsewhere:x", session_id)) == Restored(0, 0, 0)
    assert phone.do(phone.identity.backup.restore(info.room_id, session_id)) == Restored(1, 1, 0)


def test_backup_passes_over_broken_sessions() -> None:
    """One that cannot be opened does not keep the others away."""
    ada, phone, _ = _backed_up()
    rooms = ada.homeserver.backups["@ada:x"][-1].rooms
    rooms["!sea:example.org"]["broken"] = {
        "first_message_index": 0,
        "forwarded_count": 0,
        "is_verified": True,
        "session_data": {"mac": "!"},
    }
    phone.do(phone.identity.backup.adopt(ada.identity.backup.secret or ""))
    assert phone.do(phone.identity.backup.restore()) == Restored(2, 1, 1)


def test_backup_takes_each_session_once_in_batches() -> None:
    """What is in is remembered, over restarts too."""
    ada, _phone, _ = _backed_up()
    for _ in range(249):
        ada.do(ada.machine.discard_session(_ROOM.room_id))
        ada.send(_ROOM, "wave")
    assert ada.identity.backup.missing_count() == 249
    before = len(ada.homeserver.asked)
    assert ada.do(ada.identity.backup.upload(2)) == 200
    assert ada.do(ada.identity.backup.upload()) == 49
    puts = [one for _, one in ada.homeserver.asked[before:] if isinstance(one, PutRoomKeys)]
    assert [sum(len(room.sessions) for room in put.rooms.values()) for put in puts] == [100, 100, 49]
    ada.restart()
    assert ada.do(ada.identity.backup.upload()) == 0
    assert len(ada.disk[Shelf.BACKED_UP]) == 250


def test_backup_says_which_keys_are_verified() -> None:
    """KeyBackupData: index, count of forwards, and whether the maker's device is verified."""
    ada, _phone, _ = _backed_up()
    ((data,),) = [tuple(room.values()) for room in ada.homeserver.backups["@ada:x"][-1].rooms.values()]
    assert {key: data[key] for key in data if key != "session_data"} == {
        "first_message_index": 0,
        "forwarded_count": 0,
        "is_verified": True,
    }


def test_backup_begins_anew_where_another_device_made_a_new_one() -> None:
    """M_WRONG_ROOM_KEYS_VERSION: what is worth of the new one is looked at first; then all goes in again."""
    ada, phone, _ = _backed_up()
    phone.do(phone.machine.track(["@ada:x"]))
    phone.do(phone.identity.load_secrets(_stored(ada)))
    phone.do(phone.identity.backup.create())
    ada.do(ada.machine.discard_session(_ROOM.room_id))
    ada.send(_ROOM, "wave")
    assert ada.do(ada.identity.backup.upload()) == 2  # signed by our master key: trusted without its private key
    assert ada.identity.backup.secret is None
    assert len(ada.homeserver.backups["@ada:x"][-1].rooms["!sea:example.org"]) == 2


def _stored(ada: Home):  # type: ignore[no-untyped-def]
    key = ada.do(ada.identity.storage.create())
    ada.do(ada.identity.store_secrets(key))
    return key


def test_backup_gives_nothing_to_a_backup_that_is_not_ours() -> None:
    """Keys are stored "in backups after they have ensured that the `auth_data` is trusted"."""
    ada, _phone, _ = _backed_up()
    untrusted: list[JsonObject] = [
        {"public_key": BackupKey(bytes(32)).public},
        {
            "public_key": BackupKey(bytes(32)).public,
            "signatures": ada.homeserver.backups["@ada:x"][-1].auth_data["signatures"],
        },
        {"public_key": 7},
        {},
    ]
    for auth_data in untrusted:
        ada.homeserver.backups["@ada:x"][-1].version += "1"
        ada.homeserver.backups["@ada:x"][-1].auth_data = auth_data
        ada.homeserver.backups["@ada:x"][-1].rooms = {}
        ada.do(ada.identity.backup.find())
        assert not ada.identity.backup.is_trusted
        assert ada.do(ada.identity.backup.upload()) == 0
        assert ada.identity.backup.secret is None


def test_backup_is_trusted_by_a_verified_device() -> None:
    """Before there is cross-signing, a signature of a device of ours that is verified counts."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    ada.do(ada.identity.backup.create())
    phone.hear()
    phone.do(phone.machine.track(["@ada:x"]))
    phone.do(phone.identity.backup.find())
    assert not phone.identity.backup.is_trusted
    device = phone.machine.devices.get(*_ADA)
    assert device is not None
    phone.identity.trust.note_device(device, is_verified=True)
    assert phone.identity.backup.is_trusted


def test_backup_says_that_it_is_on_or_off() -> None:
    """Matrix v1.19 CS §Key backup enabled preference: MUST be set in account data."""
    ada, _phone, _ = _backed_up()
    assert ada.homeserver.data["@ada:x", "m.key_backup"] == {"enabled": True}
    ada.do(ada.identity.backup.delete())
    assert ada.homeserver.data["@ada:x", "m.key_backup"] == {"enabled": False}
    assert (ada.do(ada.identity.backup.find()), ada.identity.backup.secret) == (None, None)
    assert "m.megolm_backup.v1" not in ada.disk[Shelf.SECRETS]


def test_key_files_carry_sessions_from_one_device_to_another() -> None:
    """Matrix v1.19 CS §Key exports, both ways; what is broken in a file is passed over."""
    ada, phone, event = _backed_up()
    text = ada.do(ada.identity.export_keys("tide", rounds=5))
    with pytest.raises(RemoteProtocolError):
        phone.do(phone.identity.import_keys(text, "ebb"))
    phone.do(phone.machine.track(["@ada:x"]))
    assert phone.do(phone.identity.import_keys(text, "tide")) == 1
    assert phone.body(_ROOM, event) == "the tide is full"
    assert phone.do(phone.identity.import_keys(text, "tide")) == 0


def test_backup_gives_the_key_of_one_event_that_cannot_be_read() -> None:
    """Sought once in ten minutes, and only where the backup's key is here."""
    ada, phone, event = _backed_up()
    phone.do(phone.machine.track(["@ada:x"]))
    (info,) = ada.machine.sessions()
    assert phone.do(phone.identity.backup.seek(info.room_id, info.session_id)) is False
    phone.do(phone.identity.backup.adopt(ada.identity.backup.secret or ""))
    assert phone.do(phone.identity.backup.seek("!elsewhere:x", info.session_id)) is False
    assert phone.do(phone.identity.backup.seek(info.room_id, info.session_id)) is True
    assert phone.body(_ROOM, event) == "the tide is full"
    asked = len(ada.homeserver.asked)
    assert phone.do(phone.identity.backup.seek("!elsewhere:x", info.session_id)) is False
    assert len(ada.homeserver.asked) == asked


def test_backup_is_asked_again_for_a_key_that_another_device_puts_there_later() -> None:
    """After a minute, then after growing pauses, until the key is there; and then no more."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    ada.do(ada.identity.cross_signing.bootstrap())
    ada.do(ada.identity.backup.create())
    everyone_hears([ada, phone])
    phone.do(phone.identity.backup.adopt(ada.identity.backup.secret or ""))
    phone.hear()
    event = ada.send(_ROOM, "the tide is full")  # whose key the phone, which nobody verified, is not given

    def asked() -> int:
        return sum(name == "PHONE" and isinstance(one, GetRoomKeyBySessionId) for name, one in ada.homeserver.asked)

    assert phone.body(_ROOM, event) != "the tide is full"
    phone.restart()  # what waits is known after it, too
    phone.hear()
    for minutes, count in ((0, 0), (1, 1), (1, 1), (1, 2)):
        phone.clock.jump(60 * minutes)
        phone.hear()
        assert count == asked()
    ada.hear()
    phone.clock.jump(3600)
    phone.hear()
    assert phone.body(_ROOM, event) == "the tide is full"
    phone.clock.jump(3600)
    phone.hear()
    assert 3 == asked()


def test_backup_whose_key_comes_later_is_asked_for_what_was_missed() -> None:
    """What was sought before the key was here is sought after, and what came by other ways is not."""
    ada, phone, _ = _backed_up()
    phone.do(phone.machine.track(["@ada:x"]))
    (info,) = ada.machine.sessions()
    assert phone.do(phone.identity.backup.seek("!elsewhere:x", info.session_id)) is False
    assert phone.do(phone.identity.backup.seek(info.room_id, info.session_id)) is False
    phone.do(phone.identity.backup.adopt(ada.identity.backup.secret or ""))
    phone.hear()
    sought = [one.room_id for _, one in ada.homeserver.asked if isinstance(one, GetRoomKeyBySessionId)]
    assert ["!elsewhere:x"] == sought


def test_backup_of_another_device_is_looked_for_each_hour() -> None:
    """Where there was none, another device may have made one since."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    ada.do(ada.identity.cross_signing.bootstrap())
    ada.hear()
    assert ada.identity.backup.current is None
    phone.do(phone.machine.track(["@ada:x"]))
    phone.do(phone.identity.backup.create())
    ada.hear()
    assert ada.identity.backup.current is None
    ada.clock.jump(3600)
    ada.hear()
    assert ada.identity.backup.current is not None


def test_backup_that_the_server_refuses_keeps_no_news_away() -> None:
    """What is to be told is told; the backup is tried again."""
    ada, _phone, _ = _backed_up()
    ada.send(room_of("@ada:x", room_id="!other:x"), "wave")

    def refuse(needed: object) -> object:
        if isinstance(needed, PutRoomKeys):
            raise MatrixError(500, "M_UNKNOWN", "no", {}, None)
        return needed

    ada.spoil_message = refuse  # type: ignore[assignment]
    assert ada.hear() == ()
    ada.spoil_message = lambda needed: needed
    ada.hear()
    assert ada.identity.backup.missing_count() == 0


def test_backup_says_of_others_keys_whether_their_devices_are_verified() -> None:
    """A key that its maker's device gave us counts as verified once that device is; one of a file never does."""
    ada, ben = homes(_ADA, ("@ben:x", "BOAT"))
    room = room_of("@ada:x", "@ben:x")
    ada.do(ada.machine.track(["@ben:x"]))
    ben.send(room, "ahoy")
    ada.hear()
    (info,) = ada.machine.sessions()
    backup, device = ada.identity.backup, ada.machine.devices.get("@ben:x", "BOAT")
    assert device is not None
    assert backup._is_verified(info) is False
    ada.identity.trust.note_device(device, is_verified=True)
    assert backup._is_verified(info) is True
    assert backup._is_verified(msgspec.structs.replace(info, source=KeySource.IMPORTED)) is False


@pytest.mark.parametrize("secret", ["", "!", "AAAA", BackupKey(bytes(32)).secret])
def test_backup_adopts_no_other_key(secret: str) -> None:
    """A secret that is not the private half of the backup that there is is refused."""
    ada, phone, _ = _backed_up()
    assert phone.do(phone.identity.backup.adopt(secret)) is False
    del ada


def test_key_files_with_sessions_of_other_shapes_give_the_others() -> None:
    """What is broken in a file is passed over."""
    ada, phone, _ = _backed_up()
    (info,) = ada.machine.sessions()
    good = ada.machine.export(info.room_id, info.session_id)
    assert good is not None
    sessions: list[JsonObject] = [{}, good.to_json(), {"room_id": 7}]
    text = ada.do(write_key_file(sessions, "tide", seeded("file"), rounds=2))
    phone.do(phone.machine.track(["@ada:x"]))
    assert phone.do(phone.identity.import_keys(text, "tide")) == 1
