"""Archives that other people's programs wrote: EICAR is found in each, and what they lock is told."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from fakes.containers import EICAR
from scop.attachments import Kind, Thing, examine_thing

pytestmark = pytest.mark.interop

PATH = "/usr/bin:/bin"
# What each program is told; `OUT` is the archive that it writes.
READ: dict[str, tuple[str, ...]] = {
    **{
        f"7z {method}": ("7z", "a", f"-m0={method}", "OUT.7z", "a.txt", "eicar.com")
        for method in ("LZMA", "LZMA2", "BZip2", "Deflate", "Copy")
    },
    "7z BCJ": ("7z", "a", "-m0=BCJ", "-m1=LZMA", "OUT.7z", "a.txt", "eicar.com"),
    "7z Delta": ("7z", "a", "-m0=Delta:4", "-m1=LZMA2", "OUT.7z", "a.txt", "eicar.com"),
    "7z not solid": ("7z", "a", "-ms=off", "-mhc=off", "OUT.7z", "a.txt", "eicar.com"),
    **{
        f"7z zip {method}": ("7z", "a", "-tzip", f"-mm={method}", "OUT.zip", "a.txt", "eicar.com")
        for method in ("Copy", "Deflate", "BZip2", "LZMA")
    },
    "7z tar": ("7z", "a", "-ttar", "OUT.tar", "a.txt", "eicar.com"),
    **{
        f"bsdtar {form}": ("bsdtar", "-cf", "OUT", "--format", form, "eicar.com")
        for form in ("cpio", "newc", "pax", "gnutar", "ustar", "v7tar", "ar", "7zip", "zip", "iso9660")
    },
    **{
        f"bsdtar {flag}": ("bsdtar", "-cf", "OUT", flag, "eicar.com")
        for flag in ("-z", "-j", "-J", "-Z", "--lzma", "--lzip", "--uuencode", "--b64encode")
    },
    "genisoimage": ("genisoimage", "-quiet", "-o", "OUT", "eicar.com"),
    "genisoimage Joliet and Rock Ridge": ("genisoimage", "-quiet", "-J", "-R", "-o", "OUT", "eicar.com"),
    "zip": ("zip", "-q", "OUT", "a.txt", "eicar.com"),
    "zip to a pipe": ("sh", "-c", "zip -q - a.txt eicar.com | cat > OUT"),
}
LOCKED: dict[str, tuple[str, ...]] = {
    "7z": ("7z", "a", "-psecret", "OUT.7z", "eicar.com"),
    "7z with its list": ("7z", "a", "-psecret", "-mhe=on", "OUT.7z", "eicar.com"),
    "zip": ("7z", "a", "-tzip", "-psecret", "OUT.zip", "eicar.com"),
    "zip AES": ("7z", "a", "-tzip", "-psecret", "-mem=AES256", "OUT.zip", "eicar.com"),
}
UNREAD: dict[str, tuple[str, ...]] = {
    "7z PPMd": ("7z", "a", "-m0=PPMd", "OUT.7z", "a.txt", "eicar.com"),
    "zip PPMd": ("7z", "a", "-tzip", "-mm=PPMd", "OUT.zip", "a.txt", "eicar.com"),
    "zstd": ("bsdtar", "-cf", "OUT", "--zstd", "eicar.com"),
    "lz4": ("bsdtar", "-cf", "OUT", "--lz4", "eicar.com"),
    "xar": ("bsdtar", "-cf", "OUT", "--format", "xar", "eicar.com"),
}


def _kinds(folder: Path, words: tuple[str, ...]) -> set[Kind]:
    """Let the program write, and return the kinds of what is found in what it wrote."""
    if shutil.which(words[0], path=PATH) is None:
        pytest.skip(f"PEER ABSENT: {words[0]} (make interop installs it)")
    (folder / "eicar.com").write_bytes(EICAR)
    (folder / "a.txt").write_bytes(b"hello there\n" * 2_000)
    program = shutil.which(words[0], path=PATH) or words[0]
    done = subprocess.run([program, *words[1:]], cwd=folder, capture_output=True, check=False, env={"PATH": PATH})
    written = [path for path in folder.iterdir() if path.name.startswith("OUT")]
    assert len(written) == 1, done.stderr.decode("utf-8", "replace")
    return {one.kind for one in examine_thing(Thing(written[0].read_bytes(), "a.bin"))}


@pytest.mark.parametrize("how", READ)
def test_eicar_is_found_in_what_a_real_archiver_wrote(how: str, tmp_path: Path) -> None:
    """Each format and method that is read here is read from others' programs."""
    assert Kind.EICAR in _kinds(tmp_path, READ[how])


@pytest.mark.parametrize("how", LOCKED)
def test_what_a_real_archiver_locked_is_told(how: str, tmp_path: Path) -> None:
    """A password is seen in each form."""
    assert Kind.ENCRYPTED in _kinds(tmp_path, LOCKED[how])


@pytest.mark.parametrize("how", UNREAD)
def test_what_is_not_read_is_never_passed(how: str, tmp_path: Path) -> None:
    """A method that is not read here is told as what could not be examined."""
    assert Kind.UNSCANNABLE in _kinds(tmp_path, UNREAD[how])
