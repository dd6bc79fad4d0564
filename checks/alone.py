"""Proves that each library can be used alone.

Builds the wheel, installs each extra into an empty environment of its own, imports only that library
there, holds its imports against what the extra promises, and runs the library's lines from README.md.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# extra → what it may bring along
LIBRARIES: dict[str, set[str]] = {
    "authres": set(),
    "dane": set(),
    "dkim": {"cryptography", "cffi", "pycparser"},
    "dmarc": set(),
    "dns": set(),
    "dsn": {"pybase64"},
    "hamlet": {"pybase64"},
    "mime": {"pybase64"},
    "mtasts": set(),
    "smtp": set(),
    "spam": {"msgspec", "pybase64"},
    "spf": set(),
    "srs": set(),
    "store": {"pygit2", "cffi", "pycparser"},
}
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


def check(library: str, wheel: Path, pins: Path, folder: Path) -> str:
    """Install one extra into an empty folder, import the library there, run its README lines."""
    place = folder / library
    install = ("install", "--quiet", "--disable-pip-version-check", "--target", str(place), "--constraint", str(pins))
    run(sys.executable, "-m", "pip", *install, f"scop[{library}] @ file://{wheel}")
    brought = {
        re.sub(r"-[^-]+\.dist-info$", "", info.name).lower().replace("_", "-") for info in place.glob("*.dist-info")
    } - {"scop"}
    if brought != LIBRARIES[library]:
        raise SystemExit(f"scop[{library}] brings {sorted(brought)}, and was to bring {sorted(LIBRARIES[library])}")
    # -I and -S: nothing of this environment is on the path but the standard library and that folder.
    start = f"import sys; sys.path[:0] = [{str(place)!r}]\n"
    run(sys.executable, "-I", "-S", "-c", f"{start}import scop.{library}")
    run(sys.executable, "-I", "-S", "-c", start + readme_lines(library))
    return f"scop[{library}] needs {', '.join(sorted(brought)) or 'nothing beyond the standard library'}"


def main() -> None:
    """Check every library, two at a time."""
    with tempfile.TemporaryDirectory(prefix="scop-alone-") as temporary:
        folder = Path(temporary)
        wheel, pins = build_wheel(folder), constraints(folder)
        with ThreadPoolExecutor(2) as pool:
            for line in pool.map(lambda library: check(library, wheel, pins, folder), LIBRARIES):
                print(line)


if __name__ == "__main__":
    main()
