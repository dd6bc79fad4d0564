"""What the kernel enforces of a confinement, and what it lacks, in an operator's words."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ConfinementReport", "report_of"]

# https://docs.kernel.org/userspace-api/landlock.html, "Previous limitations": what each ABI added.
ABI_TRUNCATE = 3  # Linux 6.2
ABI_TCP = 4  # Linux 6.7
ABI_SCOPES = 6  # Linux 6.12

_NO_LANDLOCK = (
    "This kernel has no Landlock (Linux 5.13 or newer, with landlock in CONFIG_LSM): a cell that is taken over "
    "can open every file that its user can, and connect to every TCP port."
)
_NO_TRUNCATE = (
    "Landlock of this kernel does not watch truncation (Linux 6.2 does): a cell that is taken over can empty "
    "files of its own user, though not read or write them."
)
_NO_TCP = (
    "Landlock of this kernel knows no TCP ports (Linux 6.7 does): a cell that is taken over can connect to every "
    "TCP port, though inner pipes still refuse it by its certificate."
)
_NO_SECCOMP = (
    "System calls are not filtered (seccomp is missing, or the processor is neither x86-64 nor arm64): a cell that "
    "is taken over can start programs, open sockets of every kind and attack the kernel through every call."
)
_NO_SIGNAL_SCOPE = (
    "Neither seccomp nor Landlock of this kernel (Linux 6.12 does) holds back signals: a cell that is taken over "
    "can stop other processes of its user."
)


@dataclass(frozen=True, slots=True)
class ConfinementReport:
    """What is enforced; `missing` is empty where everything is."""

    landlock_abi: int  # 0: no Landlock
    landlock_network: bool
    seccomp: bool
    missing: tuple[str, ...] = ()


def report_of(landlock_abi: int, seccomp: bool) -> ConfinementReport:
    """Return the report of a kernel with this Landlock ABI, with seccomp or without."""
    lacks = {
        _NO_LANDLOCK: landlock_abi == 0,
        _NO_TRUNCATE: 0 < landlock_abi < ABI_TRUNCATE,
        _NO_TCP: 0 < landlock_abi < ABI_TCP,
        _NO_SECCOMP: not seccomp,
        _NO_SIGNAL_SCOPE: not seccomp and landlock_abi < ABI_SCOPES,
    }
    missing = tuple(sentence for sentence, is_lacking in lacks.items() if is_lacking)
    return ConfinementReport(landlock_abi, landlock_abi >= ABI_TCP, seccomp, missing)
