"""What an auditor asks first: known vulnerabilities, unsafe calls, secrets in the tree, all parts with licences."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# What a secret looks like in a file. Test vectors of standards are named, so that a new one stands out.
_SECRETS = re.compile(
    r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----"
    r"|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[bp]-[0-9A-Za-z-]{10,}"
)
_PIN = re.compile(r"(?m)^([a-z0-9-]+)==([^ ;]+)")
_KNOWN = {"tests/dkim/rfc_keys.py"}  # the published keys of RFC 6376 and RFC 8463


def vulnerabilities() -> bool:
    """Ask pip-audit about the locked versions; say so where its data cannot be had."""
    lock = str(ROOT / "requirements" / "mesh.txt")
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = (done.stdout + done.stderr).strip()
    if "could not be audited" in told or (done.returncode != 0 and "vulnerabilit" not in told):
        print("NOT CHECKED: the vulnerability data of the locked parts could not be had from here")
        return True
    print(told)
    return done.returncode == 0


def unsafe_calls() -> bool:
    """Let bandit read the product's code; tests and benchmarks do on purpose what it warns of."""
    command = [
        sys.executable,
        "-m",
        "bandit",
        "--quiet",
        "--recursive",
        "--severity-level",
        "medium",
        str(ROOT / "src"),
    ]
    return subprocess.run(command, check=False).returncode == 0


def secrets() -> bool:
    """Look for private keys and tokens in every file that git tracks."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    found = [
        name for name in listed if name not in _KNOWN and _SECRETS.search((ROOT / name).read_text(errors="replace"))
    ]
    found = [name for name in found if name != "checks/audit.py"]
    print(f"{len(listed)} files, secrets in: {', '.join(found) or 'none'}")
    return not found


def _licence(name: str) -> str | None:
    """Return a part's licence in its own words, empty where it names none; None where it is not installed here."""
    try:
        meta = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    classified = [
        line.rpartition(" :: ")[2] for line in meta.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    named = [*(meta.get_all("License-Expression") or []), ", ".join(classified), *(meta.get_all("License") or [])]
    return next((words.splitlines()[0] for words in named if words), "")


def parts() -> bool:
    """Print every locked part with its licence; none may be unknown."""
    unknown = False
    for name, version in _PIN.findall((ROOT / "requirements" / "mesh.txt").read_text()):
        licence = _licence(name)
        unknown = unknown or licence == ""
        print(f"{name:24} {version:14} {'(not for this platform)' if licence is None else licence or 'UNKNOWN'}")
    return not unknown


def main() -> None:
    """Run all four and fail when one does."""
    results = {}
    for name, check in (
        ("vulnerabilities", vulnerabilities),
        ("unsafe calls", unsafe_calls),
        ("secrets", secrets),
        ("parts and licences", parts),
    ):
        print(f"── {name}")
        results[name] = check()
    failed = [name for name, fine in results.items() if not fine]
    print(f"audit: {'failed: ' + ', '.join(failed) if failed else 'nothing found'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
