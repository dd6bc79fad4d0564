"""Ids and capabilities: root becomes nobody in particular, or keeps its files and no right beside, for good.

Standards: Linux capabilities(7), credentials(7), prctl(2).
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import struct

from scop.mesh.confine.kernel import prctl, syscall

__all__ = ["become", "close_to_others", "give_up_capabilities", "give_up_reading"]

_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPSET = {"x86_64": 126, "aarch64": 91}
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_DAC_READ_SEARCH = 1 << 2  # reads files whoever they belong to


def become(uid: int | None, gid: int | None, *, keep_reading: bool = False) -> None:
    """Become this user and group for good, and give up every capability.

    Root must name both; an ordinary user names none and stays who it is. Who was root and loads code later may keep
    on reading, because the interpreter may lie where only root gets; a fence says what.
    """
    is_root = os.geteuid() == 0
    if is_root:
        if uid is None or gid is None:
            raise PermissionError("started as root, a confined process needs a uid and a gid to become")
        _empty_bounding_set()  # first: it takes a capability
        os.setgroups([])
        if keep_reading:
            prctl(_PR_SET_KEEPCAPS, 1)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    elif uid not in (None, os.geteuid()):
        raise PermissionError(f"uid {os.geteuid()} cannot become {uid}")
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    _keep_capabilities(_DAC_READ_SEARCH if is_root and keep_reading else 0)


def give_up_capabilities() -> None:
    """Stay who we are, root too, and give up every capability for good; no program that is started brings one back.

    Root is then an owner of files as any other. Raises PermissionError where it stays more than that.
    """
    if os.geteuid() == 0 and platform.machine() not in _CAPSET:
        raise PermissionError("root cannot give up its rights on this processor: start it as an ordinary user")
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    with contextlib.suppress(PermissionError):  # who may not shrink it gains nothing by it, because of the line above
        _empty_bounding_set()
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    _keep_capabilities(0)


def give_up_reading() -> None:
    """Give up what `become` kept."""
    _keep_capabilities(0)


def close_to_others() -> None:
    """Keep other processes of the same user out of our memory, and gain nothing from any program.

    After `become`, because a change of ids sets the first back.
    """
    prctl(_PR_SET_DUMPABLE, 0)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _empty_bounding_set() -> None:
    capability = 0
    while (is_in := _is_in_bounding_set(capability)) is not None:
        if is_in:  # to drop what is not there takes a right, too
            prctl(_PR_CAPBSET_DROP, capability)
        capability += 1


def _is_in_bounding_set(capability: int) -> bool | None:
    """Say it; None past the last capability of this kernel."""
    try:
        return prctl(_PR_CAPBSET_READ, capability) == 1
    except OSError as fault:
        if fault.errno == errno.EINVAL:
            return None
        raise


def _keep_capabilities(kept: int) -> None:
    number = _CAPSET.get(platform.machine())
    if number is None:
        return  # setresuid from root has cleared them; an ordinary user has none
    header = struct.pack("=Ii", _LINUX_CAPABILITY_VERSION_3, 0)
    # Effective, permitted and inheritable; then the same of the capabilities past the first 32.
    syscall(number, header, struct.pack("=6I", kept, kept, 0, 0, 0, 0))
