"""Landlock: only the named paths, only the named TCP ports, no signal past the fence.

Rules only ever add rights to an empty set, so what this module does not name is refused.

Standards: Linux landlock(7) and its user space API, ABI 1 to 7.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag

from scop.mesh.confine.kernel import prctl, syscall
from scop.mesh.confine.report import ABI_SCOPES, ABI_TCP
from scop.mesh.confine.rules import Rules

__all__ = ["Fence", "abi"]

# The same numbers on every architecture.
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_RULE_NET_PORT = 2
_PR_SET_NO_NEW_PRIVS = 38


class Files(IntFlag):
    """LANDLOCK_ACCESS_FS_*: what can be done to files and folders."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


_READ = Files.READ_FILE | Files.READ_DIR
# No sockets, pipes, devices or links: what a database and a git store need, and no more.
_CHANGE = (
    _READ
    | Files.WRITE_FILE
    | Files.REMOVE_DIR
    | Files.REMOVE_FILE
    | Files.MAKE_DIR
    | Files.MAKE_REG
    | Files.REFER
    | Files.TRUNCATE
)
_ON_A_FILE = Files.EXECUTE | Files.WRITE_FILE | Files.READ_FILE | Files.TRUNCATE | Files.IOCTL_DEV
# How many of the rights above each ABI knows: the rest cannot be held back there.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_ALL_FILE_RIGHTS = 16

_BIND_TCP = 1
_CONNECT_TCP = 2
_SCOPE_ABSTRACT_UNIX = 1
_SCOPE_SIGNAL = 2


def abi() -> int:
    """Return the version of Landlock that this kernel has, 0 for none."""
    try:
        return syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class Fence:
    """A set of rules inside the kernel, not yet closed around this process."""

    descriptor: int

    @classmethod
    def build(cls, rules: Rules, version: int) -> Fence | None:
        """Hand the rules to the kernel; None where it has no Landlock."""
        if version == 0:
            return None
        known = _known(version)
        fence = cls(syscall(_CREATE_RULESET, *_ruleset(known, version, _BIND_TCP | _CONNECT_TCP), 0))
        fence._open_paths(filter(os.path.exists, rules.read_paths), _READ & known)
        fence._open_paths(rules.write_paths, _CHANGE & known)
        if version >= ABI_TCP:
            fence._open_ports(rules.connect_ports, _CONNECT_TCP)
            fence._open_ports(rules.bind_ports, _BIND_TCP)
        return fence

    @classmethod
    def within(cls, paths: Iterable[str], version: int) -> Fence | None:
        """Hand over a fence that lets everything be done at some paths and nothing elsewhere, and leaves TCP alone."""
        if version == 0:
            return None
        known = _known(version)
        fence = cls(syscall(_CREATE_RULESET, *_ruleset(known, version, 0), 0))
        for path in paths:
            with contextlib.suppress(FileNotFoundError):  # others may take away what was just listed
                fence._open_paths((path,), known)
        return fence

    @classmethod
    def for_signals(cls, version: int) -> Fence | None:
        """Hand over a fence that nothing but signals and abstract unix sockets cannot pass."""
        if version < ABI_SCOPES:
            return None
        return cls(syscall(_CREATE_RULESET, *_ruleset(Files(0), version, 0), 0))

    def close(self) -> None:
        """Close the fence around this thread and every thread it will start; there is no way back."""
        prctl(_PR_SET_NO_NEW_PRIVS, 1)  # Landlock asks for it: no set-uid program may get out
        syscall(_RESTRICT_SELF, self.descriptor, 0)
        os.close(self.descriptor)

    def _open_paths(self, paths: Iterable[str], rights: Files) -> None:
        for path in paths:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                is_folder = stat.S_ISDIR(os.fstat(place).st_mode)
                granted = rights if is_folder else rights & _ON_A_FILE
                # struct landlock_path_beneath_attr is packed: 8 octets and 4.
                syscall(_ADD_RULE, self.descriptor, _RULE_PATH_BENEATH, struct.pack("=Qi", granted, place), 0)
            finally:
                os.close(place)

    def _open_ports(self, ports: Iterable[int], right: int) -> None:
        for port in ports:
            syscall(_ADD_RULE, self.descriptor, _RULE_NET_PORT, struct.pack("=QQ", right, port), 0)


def _known(version: int) -> Files:
    return Files((1 << _FILE_RIGHTS.get(version, _ALL_FILE_RIGHTS)) - 1)


def _ruleset(files: Files, version: int, ports: int) -> tuple[bytes, int]:
    """Return struct landlock_ruleset_attr as far as the version knows it, and its size."""
    words = [int(files)]
    if version >= ABI_TCP:
        words.append(ports)
    if version >= ABI_SCOPES:
        words.append(_SCOPE_ABSTRACT_UNIX | _SCOPE_SIGNAL)
    octets = struct.pack(f"={len(words)}Q", *words)
    return octets, len(octets)
