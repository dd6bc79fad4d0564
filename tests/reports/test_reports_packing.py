"""gzip and zip: unpacked with bounds, one member, and nothing on which two readers could disagree."""

from __future__ import annotations

import contextlib
import gzip
import io
import random
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scop.base import LimitExceeded, RemoteProtocolError
from scop.reports.limits import DEFAULT_LIMITS, Limits
from scop.reports.packing import MAX_GZIP_MEMBERS, is_packed, pack_gzip, unpack

CONTENT = b"<feedback/>" * 50


def zipped(*members: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip as Python's own writer makes it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for number, member in enumerate(members):
            archive.writestr(zipfile.ZipInfo(f"{number}.xml"), member, method)
    return held.getvalue()


def streamed() -> bytes:
    """Return a zip whose sizes follow its member."""
    held = io.BytesIO()

    class Pipe(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, octets: object) -> int:
            assert isinstance(octets, bytes | bytearray | memoryview)
            return held.write(octets)

    with zipfile.ZipFile(io.BufferedWriter(Pipe()), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.xml", CONTENT)
    return held.getvalue()


WRAPPINGS = {
    "gzip": pack_gzip(CONTENT),
    "gzip, named": gzip.compress(CONTENT),
    "gzip, two members": pack_gzip(CONTENT[:100]) + pack_gzip(CONTENT[100:]),
    "gzip, line end behind": pack_gzip(CONTENT) + b"\r\n",
    "gzip, zeros behind": pack_gzip(CONTENT) + bytes(9),
    "zip": zipped(CONTENT),
    "zip, stored": zipped(CONTENT, method=zipfile.ZIP_STORED),
    "zip, streamed": streamed(),
}


@pytest.mark.parametrize("name", WRAPPINGS)
def test_what_others_pack_is_unpacked(name: str) -> None:
    """RFC 1952, APPNOTE 4.3: as other writers make them."""
    assert is_packed(WRAPPINGS[name])
    assert CONTENT == unpack(WRAPPINGS[name], DEFAULT_LIMITS)


def test_the_same_report_is_the_same_file() -> None:
    """No name, no time: a report that is sent again has the same octets, which any reader unpacks."""
    assert (pack_gzip(CONTENT), CONTENT) == (pack_gzip(CONTENT), gzip.decompress(pack_gzip(CONTENT)))


def patched(octets: bytes, at: int, form: str, value: int) -> bytes:
    """Return `octets` with another number in them."""
    changed = bytearray(octets)
    struct.pack_into(form, changed, at, value)
    return bytes(changed)


ZIP = zipped(CONTENT)
PLACE = ZIP.rfind(b"PK\x01\x02")
END = ZIP.rfind(b"PK\x05\x06")
TRICKS = {
    "gzip, cut": (pack_gzip(CONTENT)[:-3], "ends too early"),
    "gzip, checksum": (pack_gzip(CONTENT)[:-8] + bytes(4) + pack_gzip(CONTENT)[-4:], "is broken"),
    "gzip, more behind": (pack_gzip(CONTENT) + b"<x>", "3 octets stand behind the gzip"),
    "gzip, garbage": (b"\x1f\x8b" + b"a" * 40, "is broken"),
    "zip, no member": (zipped(), "it holds 0 members"),
    "zip, two members": (zipped(CONTENT, CONTENT), "it holds 2 members"),
    "zip, cut": (ZIP[:-30], "it ends too early"),
    "zip, comment that is not there": (patched(ZIP, END + 20, "<H", 4), "octets stand behind its end"),
    "zip, hidden behind": (ZIP + b"xx", "octets stand behind its end"),
    "zip, encrypted": (patched(ZIP, PLACE + 8, "<H", 1), "the member is encrypted"),
    "zip, bzip2": (patched(patched(ZIP, PLACE + 10, "<H", 12), 8, "<H", 12), "method 12 is not read"),
    "zip, sizes differ": (patched(ZIP, 22, "<L", 9), "contradict each other"),
    "zip, methods differ": (patched(ZIP, 8, "<H", 0), "contradict each other"),
    "zip, size lies": (patched(patched(ZIP, 22, "<L", 9), PLACE + 24, "<L", 9), "is not as the directory says"),
    "zip, checksum": (patched(patched(ZIP, 14, "<L", 9), PLACE + 16, "<L", 9), "is not as the directory says"),
    "zip64": (patched(ZIP, PLACE + 24, "<L", 0xFFFFFFFF), "larger than a report is"),
    "zip, member elsewhere": (patched(ZIP, PLACE + 42, "<L", 8), "not at its beginning"),
    "zip, overlap": (patched(ZIP, END + 16, "<L", PLACE - 4), "the directory is not where its end says"),
    "zip, gap": (
        ZIP[:PLACE] + bytes(5) + patched(ZIP, END + 16, "<L", PLACE + 5)[PLACE:],
        "does not follow its member",
    ),
    "zip, entries and disk differ": (patched(ZIP, END + 8, "<H", 2), "it holds 1 members"),
}


@pytest.mark.parametrize("name", TRICKS)
def test_tricks_are_refused(name: str) -> None:
    """What says two things, hides something, or ends too early is a fault with its reason."""
    octets, sentence = TRICKS[name]
    with pytest.raises(RemoteProtocolError) as caught:
        unpack(octets, DEFAULT_LIMITS)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("pack", [pack_gzip, zipped], ids=["gzip", "zip"])
def test_a_bomb_is_left_alone(pack: object) -> None:
    """An octet can stand for a thousand: beyond the first MiB a report inflates 250 times, and never over the limit."""
    assert callable(pack)
    bomb = pack(bytes(3_000_000))
    with pytest.raises(LimitExceeded, match="at most 16777216 octets and 250 times"):
        unpack(bomb, DEFAULT_LIMITS)
    assert 1_048_576 == len(unpack(pack(bytes(1_048_576)), DEFAULT_LIMITS))


def test_the_inflated_octets_are_bounded() -> None:
    """At the limit it is read, one octet beyond it is not; several members count together."""
    limits = Limits(inflated_octets=1000)
    assert 1000 == len(unpack(pack_gzip(bytes(600)) + pack_gzip(bytes(400)), limits))
    with pytest.raises(LimitExceeded):
        unpack(pack_gzip(bytes(600)) + pack_gzip(bytes(401)), limits)


def test_the_members_of_a_gzip_are_bounded() -> None:
    """RFC 1952 §2.2 allows members without end; so many are read, one more is not."""
    assert b"a" * MAX_GZIP_MEMBERS == unpack(pack_gzip(b"a") * MAX_GZIP_MEMBERS, DEFAULT_LIMITS)
    with pytest.raises(LimitExceeded, match="at most 16 members"):
        unpack(pack_gzip(b"a") * (MAX_GZIP_MEMBERS + 1), DEFAULT_LIMITS)


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32))
def test_only_faults_of_the_sender_escape(seed: int) -> None:
    """Whatever is changed in a packed report, it is unpacked or refused."""
    chance = random.Random(seed)
    whole = chance.choice([*WRAPPINGS.values()])
    at = chance.randrange(len(whole))
    changed = whole[:at] + chance.randbytes(chance.randrange(4)) + whole[at + chance.randrange(5) :]
    with contextlib.suppress(RemoteProtocolError):
        assert len(unpack(changed, DEFAULT_LIMITS)) <= DEFAULT_LIMITS.inflated_octets
