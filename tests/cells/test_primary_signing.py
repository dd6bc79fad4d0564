"""Keys and signatures of the primary: made once, kept, and the same again after any end."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.mesh import KeptLog
from fakes.signed_zones import NOW, ORIGIN, faults, zone_of
from scop.cells.primary.key_files import KEYS_FOLDER, KeyFolder, key_folder, known_origins, read_state
from scop.cells.primary.signature_store import FILE, SignatureStore
from scop.cells.primary.signing import SigningOptions, ZoneSigner, signing_options
from scop.dns.dnssec.algorithms import Algorithm
from scop.dns.dnssec.keys import SigningKey
from scop.dns.zone.denial import Denial
from scop.dns.zone.rollover import KeyState, Kind, Parent, RollRefused, Step
from scop.dns.zone.signing import SigningPolicy
from scop.dns.zone.signing_keys import KeyScheme, Role, new_key
from scop.dns.zone.zone import Zone
from scop.mesh.config import Primary

DAY = 86_400
HOUR = 3600
RICH = "a A 192.0.2.1\nb.c TXT x\nsub NS ns.sub\nns.sub A 192.0.2.2\n"


def signer_of(folder: Path, options: SigningOptions | None = None, log: KeptLog | None = None) -> ZoneSigner:
    """Return a signer that begins on a folder."""
    return ZoneSigner(folder, options or SigningOptions(), (log or KeptLog()).log())


def shown(signer: ZoneSigner, source: Zone, now: int = NOW) -> Zone:
    """Sign a zone."""
    return signer.signed(source, None, now)


def test_signer_makes_keys_at_first_sight(tmp_path: Path) -> None:
    """A zone without keys gets those of the scheme, in files that nobody else can read."""
    signer = signer_of(tmp_path, SigningOptions(scheme=KeyScheme.SPLIT, algorithm=Algorithm.ED25519))
    assert faults(shown(signer, zone_of(RICH))) == []
    assert [Role.KEYS, Role.ZONE] == [key.role for key in signer.state(ORIGIN).keys]
    files = sorted(key_folder(tmp_path, ORIGIN).iterdir())
    names = sorted([*(f"{key.name}.pem" for key in signer.state(ORIGIN).keys), "state.json"])
    assert names == [file.name for file in files]
    assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in files}
    assert stat.S_IMODE((tmp_path / KEYS_FOLDER).stat().st_mode) == 0o700


@pytest.mark.parametrize("denial", Denial)
def test_signer_shows_the_same_after_a_restart(tmp_path: Path, denial: Denial) -> None:
    """The same version of a zone bears the same signatures: a secondary's copy stays one that differences fit."""
    options = SigningOptions(policy=SigningPolicy(denial))
    first = signer_of(tmp_path, options)
    shown(first, zone_of(RICH))
    before = shown(first, zone_of(RICH + "new A 192.0.2.9\n", 8))
    again = signer_of(tmp_path, options)
    assert shown(again, zone_of(RICH + "new A 192.0.2.9\n", 8), NOW + HOUR) == before
    assert not again.needs_renewal(ORIGIN, NOW + HOUR)


def test_signer_after_a_kill_between_history_and_signatures(tmp_path: Path) -> None:
    """A version that was stored and not shown yet is signed when it is first shown, and needs no other serial."""
    shown(signer_of(tmp_path), zone_of(RICH))
    again = signer_of(tmp_path)
    assert faults(shown(again, zone_of(RICH, 8))) == []
    assert not again.needs_renewal(ORIGIN, NOW)


def test_signer_wants_a_new_serial_for_other_signatures(tmp_path: Path) -> None:
    """What was due while nobody was there is signed at once, and then shown under a serial of its own."""
    shown(signer_of(tmp_path), zone_of(RICH))
    again = signer_of(tmp_path)
    later = NOW + 10 * DAY
    assert faults(shown(again, zone_of(RICH), later), later) == []
    assert again.needs_renewal(ORIGIN, later)
    shown(again, zone_of(RICH, 8), later)
    assert not again.needs_renewal(ORIGIN, later)


def test_signer_without_its_store_signs_anew(tmp_path: Path) -> None:
    """Kept signatures are a convenience: without them the zone is signed, whole."""
    shown(signer_of(tmp_path), zone_of(RICH))
    for file in tmp_path.glob(f"{FILE}*"):
        file.unlink()
    assert faults(shown(signer_of(tmp_path), zone_of(RICH))) == []


@pytest.mark.parametrize("octets", [b"no database at all", b"SQLite format 3\0" + b"x" * 5000])
def test_signer_begins_a_broken_store_anew(tmp_path: Path, octets: bytes) -> None:
    """The same where a disk has spoiled them: no zone stays away for that."""
    shown(signer_of(tmp_path), zone_of(RICH))
    for file in tmp_path.glob(f"{FILE}*"):
        file.write_bytes(octets)
    log = KeptLog()
    again = signer_of(tmp_path, log=log)
    assert len(log.reasons("signatures.spoilt")) == 1
    assert faults(shown(again, zone_of(RICH))) == []
    assert again.needs_renewal(ORIGIN, NOW)  # secondaries hold the same version with other signatures
    zone = shown(again, zone_of(RICH, 8))
    assert not again.needs_renewal(ORIGIN, NOW)
    again.close()
    assert shown(signer_of(tmp_path), zone_of(RICH, 8)) == zone


def test_signer_reads_no_store_that_breaks_later(tmp_path: Path) -> None:
    """Nor where it opens and cannot be read."""
    shown(signer_of(tmp_path), zone_of(RICH))
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute("DROP TABLE rrset")
        database.execute("CREATE TABLE rrset (something TEXT)")
        database.commit()
    assert faults(shown(signer_of(tmp_path), zone_of(RICH))) == []


def test_signer_shows_a_zone_whose_signatures_cannot_be_kept(tmp_path: Path) -> None:
    """The source is durable by then: a disk that is full for signatures is logged, and the next time all are kept."""
    log = KeptLog()
    signer = signer_of(tmp_path, log=log)
    shown(signer, zone_of(RICH))
    signer.close()  # what writes there fails from now on
    before = shown(signer, zone_of(RICH, 8))
    assert faults(before) == []
    assert len(log.reasons("signatures.unkept")) == 1


def test_signer_leaves_zones_of_others_alone(tmp_path: Path) -> None:
    """What is not ours is shown as it came."""
    signer = ZoneSigner(tmp_path, SigningOptions(), KeptLog().log(), lambda _origin: False)
    source = zone_of(RICH)
    assert shown(signer, source) is source
    assert not signer.signs(ORIGIN)
    assert known_origins(tmp_path) == ()


def test_signer_that_shall_not_sign_makes_no_keys(tmp_path: Path) -> None:
    """With signing off a zone without keys is shown as it was written."""
    signer = signer_of(tmp_path, SigningOptions(sign=False))
    source = zone_of(RICH)
    assert shown(signer, source) is source
    assert not signer.signs(ORIGIN)
    assert not signer.step(ORIGIN, None, NOW)
    assert not signer.needs_renewal(ORIGIN, NOW)


def test_signer_that_shall_not_sign_any_more_waits_for_the_parent(tmp_path: Path) -> None:
    """RFC 8078 §4: a zone that was signed stays so until the parent vouches for none of its keys."""
    shown(signer_of(tmp_path), zone_of(RICH))
    signer = signer_of(tmp_path, SigningOptions(sign=False))
    now = NOW + DAY
    zone = shown(signer, zone_of(RICH), now)
    while signer.step(ORIGIN, None, now):
        zone = shown(signer, zone_of(RICH), now)
    assert faults(zone, now) == []
    assert [Kind.LAST] == [roll.kind for roll in signer.state(ORIGIN).rolls]
    signer.step(ORIGIN, Parent(), now)
    signer.step(ORIGIN, Parent(), now + 2 * DAY)
    assert signer.needs_renewal(ORIGIN, now)
    source = zone_of(RICH, 9)
    assert shown(signer, source, now) is source
    assert not signer.needs_renewal(ORIGIN, now)
    assert KeyState() == read_state(key_folder(tmp_path, ORIGIN))
    assert [] == list(key_folder(tmp_path, ORIGIN).glob("*.pem"))


def test_signer_goes_on_with_a_roll_after_each_step(tmp_path: Path) -> None:
    """A cell that begins anew at every step of a roll ends it as one that never ended."""
    options = SigningOptions()
    now, serial = NOW, 7
    signer = signer_of(tmp_path, options)
    shown(signer, zone_of(RICH))
    signer.hasten(ORIGIN, now)
    signer.step(ORIGIN, None, now)
    shown(signer, zone_of(RICH), now)
    signer.step(ORIGIN, _follower(signer), now)
    (old,) = signer.state(ORIGIN).keys
    signer.roll(ORIGIN, Kind.KEYS, now)
    steps = []
    while rolls := signer.state(ORIGIN).rolls:
        steps.append(rolls[0].step)
        serial += 1
        signer = signer_of(tmp_path, options)
        assert faults(shown(signer, zone_of(RICH, serial), now), now) == []
        now += 2 * DAY
        signer.step(ORIGIN, _follower(signer), now)
    assert steps == [Step.PUBLISHING, Step.AWAITING, Step.SETTLING]
    assert old not in signer.state(ORIGIN).keys


def _follower(signer: ZoneSigner) -> Parent:
    return Parent(frozenset(name for roll in signer.state(ORIGIN).rolls for name in roll.incoming))


def test_signer_begins_what_the_configuration_wants(tmp_path: Path) -> None:
    """Another algorithm in the configuration begins a roll of all keys by itself, once the first are seen."""
    shown(signer_of(tmp_path), zone_of(RICH))
    signer = signer_of(tmp_path, SigningOptions(algorithm=Algorithm.ED25519))
    shown(signer, zone_of(RICH))
    assert not signer.step(ORIGIN, None, NOW)
    later = NOW + DAY
    signer.step(ORIGIN, None, later)
    assert not signer.step(ORIGIN, None, later)  # which nobody has seen
    shown(signer, zone_of(RICH, 8), later)
    assert signer.step(ORIGIN, None, later)
    assert [Kind.ALL] == [roll.kind for roll in signer.state(ORIGIN).rolls]
    assert [13, 15] == [key.algorithm for key in signer.state(ORIGIN).keys]


def test_roll_that_is_refused_makes_no_key(tmp_path: Path) -> None:
    """No key is made in vain."""
    signer = signer_of(tmp_path)
    shown(signer, zone_of(RICH))
    with pytest.raises(RollRefused):
        signer.roll(ORIGIN, Kind.KEYS, NOW)
    assert len(list(key_folder(tmp_path, ORIGIN).glob("*.pem"))) == 1


def test_key_folder_survives_a_crash_between_key_and_state(tmp_path: Path) -> None:
    """A key's file that the state does not name is left over from a crash, and goes at the next change."""
    signer = signer_of(tmp_path)
    shown(signer, zone_of(RICH))
    folder = key_folder(tmp_path, ORIGIN)
    (folder / "csk-013-00001.pem").write_bytes(b"left over")
    again = signer_of(tmp_path)
    shown(again, zone_of(RICH))
    again.hasten(ORIGIN, NOW)
    assert not (folder / "csk-013-00001.pem").exists()


@pytest.mark.parametrize(
    ("name", "octets", "reason"),
    [("pem", None, "is missing"), ("pem", b"nonsense", "holds no key"), ("json", b"{", "tells nothing of keys")],
)
def test_key_folder_names_the_file_that_is_wrong(tmp_path: Path, name: str, octets: bytes | None, reason: str) -> None:
    """A key that is lost is not replaced by itself: the parent vouches for the old one."""
    shown(signer_of(tmp_path), zone_of(RICH))
    (file,) = key_folder(tmp_path, ORIGIN).glob(f"*.{name}")
    file.unlink() if octets is None else file.write_bytes(octets)
    with pytest.raises(ValueError, match=reason):
        KeyFolder(key_folder(tmp_path, ORIGIN)).load()


def test_key_folder_takes_no_key_for_another(tmp_path: Path) -> None:
    """A private key that is not that of the record, from a backup or another zone, would sign for nobody."""
    shown(signer_of(tmp_path), zone_of(RICH))
    (file,) = key_folder(tmp_path, ORIGIN).glob("*.pem")
    file.write_bytes(SigningKey.generate().to_pem())
    with pytest.raises(ValueError, match="is another key than"):
        KeyFolder(key_folder(tmp_path, ORIGIN)).load()


def test_key_folder_keeps_a_new_key_where_one_of_its_name_was_left(tmp_path: Path) -> None:
    """What a crash left over is nobody's key, also where a later one happens to have its tag."""
    folder = KeyFolder(key_folder(tmp_path, ORIGIN))
    record, private = new_key(Role.COMBINED, 13, NOW)
    folder.keep(KeyState(), {})
    (key_folder(tmp_path, ORIGIN) / f"{record.name}.pem").write_bytes(SigningKey.generate().to_pem())
    folder.keep(KeyState((record,)), {record.name: private})
    assert folder.load() == (KeyState((record,)), {record.name: private})


def test_signer_shows_a_zone_that_was_unsigned_under_a_new_serial(tmp_path: Path) -> None:
    """Secondaries would keep the unsigned version, and all be bogus when the parent vouches for the keys."""
    unsigned = signer_of(tmp_path, SigningOptions(sign=False))
    shown(unsigned, zone_of(RICH))
    unsigned.close()
    signer = signer_of(tmp_path)
    shown(signer, zone_of(RICH))
    assert signer.needs_renewal(ORIGIN, NOW)
    shown(signer, zone_of(RICH, 8))
    assert not signer.needs_renewal(ORIGIN, NOW)


def test_signer_of_a_new_zone_needs_no_second_serial(tmp_path: Path) -> None:
    """Nobody has seen it unsigned; nor the next version of one that was."""
    signer = signer_of(tmp_path)
    shown(signer, zone_of(RICH))
    assert not signer.needs_renewal(ORIGIN, NOW)
    (tmp_path / "other").mkdir()
    shown(signer_of(tmp_path / "other", SigningOptions(sign=False)), zone_of(RICH))
    later = signer_of(tmp_path / "other")
    shown(later, zone_of(RICH, 8))
    assert not later.needs_renewal(ORIGIN, NOW)


@pytest.mark.parametrize("origin", ["", "harbor.test", "0/25.2.0.192.in-addr.arpa"])
def test_key_folder_of_any_zone(tmp_path: Path, origin: str) -> None:
    """RFC 2317: a zone's name may hold a slash, and the root's is empty."""
    folder = key_folder(tmp_path, origin)
    assert folder.parent == tmp_path / KEYS_FOLDER
    KeyFolder(folder).keep(KeyState(), {})
    assert known_origins(tmp_path) == (origin,)


def test_signature_store_keeps_differences(tmp_path: Path) -> None:
    """After any changes, what is kept is exactly what is shown."""
    signer, store = signer_of(tmp_path, SigningOptions(policy=SigningPolicy(Denial.NSEC3))), SignatureStore(tmp_path)
    texts = ["", RICH, RICH + "x.y.z A 192.0.2.3\n", "x A 192.0.2.3\n", "x NS ns.x\nns.x A 192.0.2.4\n", ""]
    for serial, text in enumerate(texts, start=7):
        zone = shown(signer, zone_of(text, serial))
        kept = store.load(ORIGIN)
        assert kept.is_shown_by(zone)
        assert kept.serial(ORIGIN) == serial


def test_signing_options_of_the_defaults() -> None:
    """An empty [primary] says the same as the defaults of the library."""
    assert signing_options(Primary()) == SigningOptions()


def test_signing_options_of_everything() -> None:
    """Each key of [primary] reaches what it is for."""
    config = Primary(
        sign=False,
        algorithm="ed25519",
        keys="ksk+zsk",
        denial="nsec3",
        signature_days=28,
        zone_key_days=0,
        propagation_seconds=1,
        parent_propagation_seconds=2,
        parent_ds_ttl_seconds=3,
    )
    options = signing_options(config)
    assert (options.sign, options.scheme, options.algorithm) == (False, KeyScheme.SPLIT, Algorithm.ED25519)
    assert options.policy == SigningPolicy(
        Denial.NSEC3, validity_seconds=28 * DAY, refresh_seconds=14 * DAY, jitter_seconds=2 * DAY
    )
    assert options.timing == replace(
        SigningOptions().timing,
        propagation_seconds=1,
        parent_propagation_seconds=2,
        parent_ds_ttl_seconds=3,
        zone_key_lifetime_seconds=0,
    )
