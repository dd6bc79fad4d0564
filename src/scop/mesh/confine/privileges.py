"""Ids and capabilities: root becomes nobody in particular, and nothing brings it back.

Standards: Linux capabilities(7), credentials(7), prctl(2).
"""

from __future__ import annotations

import errno
import os
import platform
import struct

from scop.mesh.confine.kernel import prctl, syscall

__all__ = ["become", "close_to_others"]

_PR_SET_DUMPABLE = 4
_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPSET = {"x86_64": 126, "aarch64": 91}
_LINUX_CAPABILITY_VERSION_3 = 0x20080522


def become(uid: int | None, gid: int | None) -> None:
    """Become this user and group for good, and give up every capability.

    Root must name both; an ordinary user names none and stays who it is.
    """
    if os.geteuid() == 0:
        if uid is None or gid is None:
            raise PermissionError("started as root, a confined process needs a uid and a gid to become")
        _empty_bounding_set()  # first: it takes a capability
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    elif uid not in (None, os.geteuid()):
        raise PermissionError(f"uid {os.geteuid()} cannot become {uid}")
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    _give_up_capabilities()


def close_to_others() -> None:
    """Keep other processes of the same user out of our memory, and gain nothing from any program.

    After `become`, because a change of ids sets the first back.
    """
    prctl(_PR_SET_DUMPABLE, 0)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _empty_bounding_set() -> None:
    capability = 0
    while _is_known(capability):
        prctl(_PR_CAPBSET_DROP, capability)
        capability += 1


def _is_known(capability: int) -> bool:
    try:
        prctl(_PR_CAPBSET_READ, capability)
    except OSError as fault:
        if fault.errno == errno.EINVAL:  # past the last capability of this kernel
            return False
        raise
    return True


def _give_up_capabilities() -> None:
    number = _CAPSET.get(platform.machine())
    if number is None:
        return  # setresuid from root has cleared them; an ordinary user has none
    header = struct.pack("=Ii", _LINUX_CAPABILITY_VERSION_3, 0)
    syscall(number, header, bytes(24))  # effective, permitted, inheritable: two words each, all empty
