"""What smarthosts know us by: one line of a file each, read before the relay is confined.

Standards: RFC 4954 (AUTH).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from scop.mesh.config import Smarthost

__all__ = ["read_passwords"]

MAX_PASSWORD_OCTETS = 1024


def read_passwords(smarthosts: Iterable[Smarthost]) -> Mapping[str, str]:
    """Return the passwords by the names of their files; raises `ValueError` for what is none."""
    files = {smarthost.password_file for smarthost in smarthosts if smarthost.password_file}
    return {file: _password(Path(file)) for file in files}


def _password(file: Path) -> str:
    name = f"[relay.smarthosts] password_file {file}"
    try:
        with file.open("rb") as stream:
            line = stream.read(MAX_PASSWORD_OCTETS + 1).split(b"\n", 1)[0].removesuffix(b"\r")
    except OSError as fault:
        raise ValueError(f"{name}: {fault.strerror}") from None
    if not 0 < len(line) <= MAX_PASSWORD_OCTETS:
        raise ValueError(f"{name}: its first line must be a password of 1 to {MAX_PASSWORD_OCTETS} octets")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{name}: the password is not UTF-8; save the file as UTF-8") from None
