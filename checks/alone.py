"""Proves that each library can be used alone.

Builds the wheel, installs each extra into an empty environment (one for those that ask for the same), imports only
that library there, holds its imports against what the extra promises, and runs the library's lines from README.md.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# extra → what it may bring along
LIBRARIES: dict[str, set[str]] = {
    "arc": {"cryptography", "cffi", "pycparser"},
    "attachments": {
        "cffi",
        "cryptography",
        "lxml",
        "msoffcrypto-tool",
        "olefile",
        "packaging",
        "pikepdf",
        "pillow",
        "pybase64",
        "pycparser",
        "yara-x",
    },
    "authres": set(),
    "chat": {
        "aiohappyeyeballs",
        "aiohttp",
        "aiosignal",
        "attrs",
        "cffi",
        "cryptography",
        "frozenlist",
        "idna",
        "msgspec",
        "multidict",
        "propcache",
        "pycparser",
        "pynacl",
        "typing-extensions",
        "vodozemac",
        "yarl",
    },
    "dane": set(),
    "dkim": {"cryptography", "cffi", "pycparser"},
    "dmarc": set(),
    "dns": set(),
    "dnssec": {"cryptography", "cffi", "pycparser"},
    "dsn": {"pybase64"},
    "hamlet": {"pybase64"},
    "iprev": set(),
    "matrix": {"cffi", "cryptography", "msgspec", "pycparser", "pynacl", "vodozemac"},
    "mime": {"pybase64"},
    "mtasts": set(),
    "reports": {"pybase64"},
    "reputation": set(),
    "smtp": set(),
    "spam": {"msgspec", "numpy", "pybase64"},
    "spf": set(),
    "srs": set(),
    "store": {"pygit2", "cffi", "pycparser"},
    "zone": {"dnspython"},
}
# Where an extra is for a part of a library, what is imported.
MODULES = {"chat": "net.matrix", "dnssec": "dns.resolver", "zone": "dns.zone"}
_ASKED = re.compile(r"Requires-Dist: (.*?) *; *extra == '(\w+)'")
_BLOCK = re.compile(r"<!-- alone: (\w+) -->\n```python\n(.*?)```", re.DOTALL)


def run(*words: str) -> str:
    """Run a command and return what it prints; its own words explain a failure."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def build_wheel(folder: Path) -> Path:
    """Build the wheel with the locked build tools."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


def constraints(folder: Path) -> Path:
    """Return the lock as constraints: the same versions, without hashes, which pip takes for requirements only."""
    lines = (ROOT / "requirements" / "mesh.txt").read_text().splitlines()
    pins = [line.rstrip(" \\") for line in lines if re.match(r"[a-z0-9].*==", line)]
    path = folder / "constraints.txt"
    path.write_text("\n".join(pins))
    return path


def readme_lines(library: str) -> str:
    """Return the lines that README.md shows for a library."""
    found: dict[str, str] = {}
    for name, lines in _BLOCK.findall((ROOT / "README.md").read_text()):
        found[name] = found.get(name, "") + lines
    if library not in found:
        raise SystemExit(f"README.md shows no lines for scop.{library}")
    return found[library]


def groups(wheel: Path) -> list[tuple[str, ...]]:
    """Return the extras by installation: those that ask for the same, word for word, are installed as the same."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        lines = archive.read(name).decode().splitlines()
    asked = [found.groups() for line in lines if (found := _ASKED.fullmatch(line))]
    sharing: dict[tuple[str, ...], list[str]] = {}
    for library in LIBRARIES:
        sharing.setdefault(tuple(part for part, extra in asked if extra == library), []).append(library)
    return [tuple(libraries) for libraries in sharing.values()]


def check(libraries: tuple[str, ...], wheel: Path, pins: Path, folder: Path) -> str:
    """Install extras into an empty folder; import each library there, by itself, and run its README lines."""
    extras = ",".join(libraries)
    place = folder / libraries[0]
    # Nothing is compiled: of the whole wheel a library is imported, once.
    install = ("install", "--quiet", "--disable-pip-version-check", "--no-compile")
    places = ("--target", str(place), "--constraint", str(pins))
    run(sys.executable, "-m", "pip", *install, *places, f"scop[{extras}] @ file://{wheel}")
    brought = {
        re.sub(r"-[^-]+\.dist-info$", "", info.name).lower().replace("_", "-") for info in place.glob("*.dist-info")
    } - {"scop"}
    for library in libraries:
        if brought != LIBRARIES[library]:
            raise SystemExit(f"scop[{library}] brings {sorted(brought)}, and was to bring {sorted(LIBRARIES[library])}")
    # -I and -S: nothing of this environment is on the path but the standard library and that folder.
    start = f"import sys; sys.path[:0] = [{str(place)!r}]\n"
    for library in libraries:
        module = MODULES.get(library, library)
        run(sys.executable, "-I", "-S", "-c", f"{start}import scop.{module}\n{readme_lines(library)}")
    needs = ", ".join(sorted(brought)) or "nothing beyond the standard library"
    return "\n".join(f"scop[{library}] needs {needs}" for library in libraries)


def main() -> None:
    """Check every library, two installations at a time."""
    with tempfile.TemporaryDirectory(prefix="scop-alone-") as temporary:
        folder = Path(temporary)
        wheel, pins = build_wheel(folder), constraints(folder)
        with ThreadPoolExecutor(2) as pool:
            for lines in pool.map(lambda libraries: check(libraries, wheel, pins, folder), groups(wheel)):
                print(lines)


if __name__ == "__main__":
    main()
