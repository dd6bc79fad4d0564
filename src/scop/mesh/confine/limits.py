"""Bounds on what a process can use up."""

from __future__ import annotations

import resource

from scop.mesh.confine.rules import Limits

__all__ = ["impose"]


def impose(limits: Limits) -> None:
    """Lower the limits of this process for good; one that is already lower stays."""
    _lower(resource.RLIMIT_CORE, 0)  # a core dump would put keys and mail on the disk
    _lower(resource.RLIMIT_DATA, limits.memory_octets)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)


def _lower(kind: int, wanted: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (value, value))
