"""Archives that deceive, that are locked, and that are made to fill up whoever opens them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.containers import (
    CONTAINERS,
    EICAR,
    PROGRAM,
    arj_archive,
    cab_archive,
    lha_archive,
    rar4_archive,
    rar5_archive,
    tar_archive,
    things_in,
    zip_archive,
)
from fakes.examples import drawn
from scop.attachments import Bounds, Finding, Kind, Options, Severity, Thing, examine_thing

_MIB = 1 << 20


def _kinds(octets: bytes, bounds: Bounds | None = None) -> set[str]:
    return {one.kind.value for one in examine_thing(Thing(octets, "a.bin"), Options(bounds or Bounds()))}


def _local(name: bytes, octets: bytes, method: int = 0) -> bytes:
    fields = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0, zlib.crc32(octets), len(octets), len(octets), len(name), 0)
    return b"PK\3\4" + fields + name + octets


def _central(name: bytes, octets: bytes, offset: int, method: int = 0) -> bytes:
    sizes = (zlib.crc32(octets), len(octets), len(octets), len(name), 0, 0, 0, 0, 0, offset)
    return b"PK\1\2" + struct.pack("<HHHHHH", 20, 20, 0, method, 0, 0) + struct.pack("<IIIHHHHHII", *sizes) + name


def _end(count: int, size: int, offset: int) -> bytes:
    return b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, size, offset, 0)


def test_a_file_that_the_list_leaves_out_is_found() -> None:
    """Programs that go through an archive see what is missing in its list, and so do we."""
    shown, hidden = _local(b"a.txt", b"hello"), _local(b"eicar.com", EICAR)
    listed = _central(b"a.txt", b"hello", len(hidden))

    assert {"eicar", "ambiguous"} <= _kinds(hidden + shown + listed + _end(1, len(listed), len(hidden + shown)))


def test_two_names_of_one_file_both_count() -> None:
    """The list and the header before a file may call it differently."""
    local = _local(b"run.vbs", b"hello")
    listed = _central(b"note.txt", b"hello", 0)

    assert {"script", "ambiguous"} <= _kinds(local + listed + _end(1, len(listed), len(local)))


def test_two_ways_of_packing_are_both_tried() -> None:
    """Where list and header differ in the method, each counts."""
    packed = zlib.compress(EICAR)[2:-4]
    local = _local(b"a.txt", packed, method=0)
    listed = _central(b"a.txt", packed, 0, method=8)

    assert {"eicar", "ambiguous"} <= _kinds(local + listed + _end(1, len(listed), len(local)))


def test_a_file_that_is_not_where_the_list_says_is_judged_by_its_name() -> None:
    """Some programs open it all the same; that the archive is broken is told, too."""
    octets = zip_archive("a.exe", b"hello")

    assert {"executable", "broken", "ambiguous"} <= _kinds(b"PK\3\5" + octets[4:])


def test_a_name_in_unicode_hides_no_other() -> None:
    """Some programs look at it and some do not (APPNOTE §4.6.9); honest archives have it, so it is no ambiguity."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as archive:
        for raw, unicode_path in (("a.vbs", b"a.txt"), ("b.txt", b"b.hta")):
            member = zipfile.ZipInfo(raw)
            member.extra = (
                struct.pack("<HHBI", 0x7075, 5 + len(unicode_path), 1, zlib.crc32(raw.encode())) + unicode_path
            )
            archive.writestr(member, b"hello")
    found = examine_thing(Thing(octets.getvalue(), "a.zip", place="a.zip"))

    assert ["a.zip › a.vbs", "a.zip › b.hta"] == [one.place for one in found if one.kind is Kind.SCRIPT]
    assert Kind.AMBIGUOUS not in {one.kind for one in found}


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("a.vbs.gz", b"\x1f\x8b\x08\x08" + bytes(6) + b"a.txt\0" + gzip.compress(b"hello", mtime=0)[10:]),
        ("a.vbs.zst", b"\x28\xb5\x2f\xfd" + bytes(50)),
        ("a.vbs.lz4", b"\x04\x22\x4d\x18" + bytes(50)),
    ],
)
def test_a_packed_file_is_judged_by_the_name_that_it_comes_out_with(name: str, octets: bytes) -> None:
    """What its own header calls it counts as well as its name without the ending."""
    assert Kind.SCRIPT in {one.kind for one in examine_thing(Thing(octets, name))}


def test_an_archive_behind_a_picture_is_opened() -> None:
    """What is two files at once is read as both, and told."""
    picture = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1" + bytes(200)

    assert {"eicar", "ambiguous"} <= _kinds(picture + zip_archive("eicar.com", EICAR))


def test_an_archive_without_its_list_is_read() -> None:
    """A cut archive gives what is there, and is broken."""
    whole = zip_archive("eicar.com", EICAR, zipfile.ZIP_STORED)

    assert {"eicar", "broken"} <= _kinds(whole[: whole.index(b"PK\1\2")])


def test_a_damaged_file_hides_no_other() -> None:
    """What cannot be unpacked is told, and the rest is read."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"hello " * 100)
        archive.writestr("eicar.com", EICAR)
    octets = bytearray(written.getvalue())
    octets[35:40] = b"\xff" * 5

    assert {"eicar", "broken"} <= _kinds(bytes(octets))


def test_files_behind_the_end_of_a_tar_archive_are_read() -> None:
    """Some programs go on behind the blocks that end an archive."""
    assert "eicar" in _kinds(tar_archive("a.txt", b"hello") + tar_archive("eicar.com", EICAR))


def test_members_behind_each_other_are_read() -> None:
    """Several streams in a file are one file to most programs, and what follows them is looked into."""
    half = len(EICAR) // 2
    parts = (gzip.compress(EICAR[:half], mtime=0), gzip.compress(EICAR[half:], mtime=0))

    assert (True, True) == (
        "eicar" in _kinds(b"".join(parts)),
        "eicar" in _kinds(gzip.compress(b"hello", mtime=0) + zip_archive("eicar.com", EICAR)),
    )


@pytest.mark.parametrize(
    "octets",
    [
        rar4_archive("a.exe", b"x" * 40, flags=4),
        rar5_archive("a.exe", b"x" * 40, is_locked=True),
        arj_archive("a.exe", b"x" * 40, flags=1),
        zip_archive("a.exe", b"x" * 40).replace(b"\x14\0\0\0\x08\0", b"\x14\0\1\0\x08\0"),
        zip_archive("a.exe", b"x" * 40).replace(b"\x14\0\0\0\x08\0", b"\x14\0\0\0\x63\0"),
    ],
)
def test_what_is_locked_is_told_and_its_names_are_judged(octets: bytes) -> None:
    """A password keeps us out, and the name of a program tells enough."""
    assert {"encrypted", "executable"} <= _kinds(octets)


@pytest.mark.parametrize(
    "octets",
    [
        rar4_archive("a.exe", b"x" * 40, method=0x33),
        rar5_archive("a.exe", b"x" * 40, method=3),
        arj_archive("a.exe", b"x" * 40, method=1),
        lha_archive("a.exe", b"x" * 40, method=b"-lh5-"),
        zip_archive("a.exe", b"x" * 40).replace(b"\x14\0\0\0\x08\0", b"\x14\0\0\0\x09\0"),
    ],
)
def test_what_is_packed_unreadably_is_never_passed(octets: bytes) -> None:
    """A method that is not read here is told, and the names are judged."""
    assert {"unscannable", "executable"} <= _kinds(octets)


def _hollow_zip() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w") as member:
        member.write(bytes(3 * _MIB))
    return written.getvalue()


def _overlapping() -> bytes:
    local = _local(b"a", zlib.compress(bytes(_MIB))[2:-4], method=8)
    listed = b"".join(
        _central(b"%04d" % number, local[31:], 0, method=8).replace(b"\0\0\0\0\0\0\0\0\0\0", bytes(10), 1)
        for number in range(3_000)
    )
    return local + listed + _end(3_000, len(listed), len(local))


_BOMBS: dict[str, Callable[[], bytes]] = {
    "zip": _hollow_zip,
    "gzip": lambda: gzip.compress(bytes(3 * _MIB), mtime=0),
    "gzip in gzip": lambda: gzip.compress(gzip.compress(bytes(3 * _MIB), mtime=0), mtime=0),
    "bzip2": lambda: bz2.compress(bytes(3 * _MIB)),
    "xz": lambda: lzma.compress(bytes(3 * _MIB), preset=0),
    "overlapping files": _overlapping,
    "many members": lambda: gzip.compress(bytes(_MIB // 2), mtime=0) * 6,
}


@pytest.mark.parametrize("bomb", _BOMBS)
def test_a_bomb_ends_at_the_bound(bomb: str) -> None:
    """What grows without end is told, as dangerous, and no more of it is made than the bounds allow."""
    thing, bounds = Thing(_BOMBS[bomb](), "a.bin"), Bounds(thing_octets=2 * _MIB, free_octets=_MIB, octets=4 * _MIB)
    found = examine_thing(thing, Options(bounds))
    made = sum(len(inner.octets) for inner in things_in(thing, bounds)[1:])

    assert (Kind.BOMB, Severity.DANGEROUS) in {(one.kind, one.severity) for one in found}
    assert made <= 4 * _MIB + 65_536


def test_of_a_bomb_only_the_beginning_is_looked_into() -> None:
    """It is dangerous already: readers do not go through megabytes that somebody made to be gone through."""
    sizes: list[int] = []

    def see(thing: Thing) -> Iterator[Finding]:
        sizes.append(len(thing.octets))
        yield from ()

    found = examine_thing(Thing(gzip.compress(PROGRAM + bytes(9 * _MIB), mtime=0), "a.gz"), Options(checks=(see,)))

    assert {Kind.BOMB, Kind.EXECUTABLE} <= {one.kind for one in found}
    assert max(sizes) <= 2 * _MIB


def test_nests_of_archives_end() -> None:
    """Depth has a bound, and what is deeper is told."""
    octets = EICAR
    for _ in range(3):
        octets = zip_archive("eicar.zip", octets)

    assert ({"eicar"}, {"unscannable"}) == (_kinds(octets, Bounds(depth=3)), _kinds(octets, Bounds(depth=2)))


def test_each_bound_holds_at_itself_and_one_above() -> None:
    """As many octets, things and levels as the bounds say are looked into, and not one more."""
    two = io.BytesIO()
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a.txt", b"hello")
        archive.writestr("b.txt", b"there")
    archive_octets = two.getvalue()

    for within, beyond in (
        (Bounds(thing_octets=5), Bounds(thing_octets=4)),
        (Bounds(octets=11), Bounds(octets=9)),
        (Bounds(things=3), Bounds(things=2)),
        (Bounds(things=4), Bounds(things=1)),
        (Bounds(looked_octets=len(archive_octets) + 10), Bounds(looked_octets=len(archive_octets) + 9)),
    ):
        assert (set(), {"unscannable"}) == (_kinds(archive_octets, within), _kinds(archive_octets, beyond))


def _many(*last: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for number in range(6):
            archive.writestr(f"{number}.c", b"hello %d" % number)
        for name, octets in last:
            archive.writestr(name, octets)
    return written.getvalue()


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (("z.c", b"hello"), {("unscannable", "note")}),
        (("z.exe", b"hello"), {("unscannable", "note"), ("executable", "dangerous")}),
        (("z.docm", b"hello"), {("unscannable", "note"), ("unscannable", "suspicious")}),
    ],
)
def test_what_comes_behind_many_files_is_told_by_its_name(
    last: tuple[str, bytes], expected: set[tuple[str, str]]
) -> None:
    """An archive of sources may have thousands; behind them programs are named, and what is not opened is told."""
    found = examine_thing(Thing(_many(last), "a.zip"), Options(Bounds(things=5)))

    assert expected == {(one.kind.value, one.severity.value) for one in found}


def test_only_so_many_archives_are_opened() -> None:
    """One archive more than the bound is told, and the texts behind it are still looked into."""
    octets = _many(("a.zip", zip_archive("a.txt", b"hello")), ("eicar.com", EICAR))

    assert ({"eicar", "executable"}, {"unscannable", "eicar", "executable"}) == (
        _kinds(octets, Bounds(opened=2)),
        _kinds(octets, Bounds(opened=1)),
    )


def test_forks_that_share_their_octets_are_not_copied_for_each() -> None:
    """An AppleSingle file with ten thousand forks in the same megabyte ends at once."""
    entries = b"".join(struct.pack(">III", number % 3, number % 7, _MIB) for number in range(10_000))
    octets = struct.pack(">II16xH", 0x51600, 0x20000, 10_000) + entries + bytes(_MIB)

    assert {"broken"} == _kinds(octets)


def test_an_envelope_with_more_properties_than_are_read_is_told() -> None:
    """None of those behind is passed."""
    properties = struct.pack("<I", 5_001) + struct.pack("<HHI", 3, 1, 0) * 5_001
    octets = b"\x78\x9f\x3e\x22\1\0\2" + struct.pack("<HHI", 0x9005, 6, len(properties)) + properties + b"\0\0"

    assert {"broken"} == _kinds(octets)


def test_bounds_are_valid() -> None:
    """A bound below one is refused."""
    with pytest.raises(ValueError, match="things"):
        Bounds(things=0)


@drawn(25)
@given(
    st.sampled_from(sorted(CONTAINERS)),
    st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), max_size=12),
    st.integers(0, 4_000),
    st.integers(0, 40),
)
def test_a_damaged_container_is_told_and_never_raises(
    kind: str, changes: list[tuple[int, int]], cut: int, added: int
) -> None:
    """Whatever stands in a container, examining it ends and says what it found."""
    octets = bytearray(CONTAINERS[kind]("eicar.com", EICAR))
    for position, value in changes:
        octets[position % len(octets)] = value
    damaged = bytes(octets[: max(1, len(octets) - cut % len(octets))]) + b"\xff" * added

    assert [] == [one for one in examine_thing(Thing(damaged, kind)) if "could not be examined" in one.reason]


@drawn(25)
@given(
    st.binary(max_size=300), st.sampled_from(["a.zip", "a.html", "a.lnk", "a.7z", "winmail.dat", "a.hqx", "a.exe", ""])
)
def test_any_octets_are_examined(octets: bytes, name: str) -> None:
    """No octets at all make an examination fail."""
    assert isinstance(examine_thing(Thing(octets, name)), tuple)


def test_a_cabinet_looks_back_from_block_to_block() -> None:
    """A file in two blocks, the second of which refers to the first, comes out whole."""
    text = b"hello, this is a text that is said twice. " * 40

    assert text in [thing.octets for thing in things_in(Thing(cab_archive("a.txt", text), "a.cab"))]
