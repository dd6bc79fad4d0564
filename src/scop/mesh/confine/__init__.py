"""Confinement: a process gives up, for good, every right that its job does not need.

A cell says what it must touch (`Rules`) and calls `confine` once, before it has an event loop or a
second thread. From then on the kernel refuses the rest, whatever code runs in the process. What the
kernel of this machine cannot enforce is named in plain sentences in the report; nothing is silently
left out.

It does not hide the machine (no namespaces) and does not judge what travels on granted connections.

Theory of operation. Four walls, from the widest to the narrowest, each a module:
`privileges` gives up ids and capabilities; `limits` bounds memory and descriptors; `landlock` leaves only
the named paths and TCP ports; `seccomp` leaves only the system calls of a network service, with their
arguments looked at where one call has a harmless and a harmful side. Seccomp closes last, since it also
forbids what the others need. What reads hostile content by C code does so in a child of a process that was confined
with `Rules.children`: that one calls `settle` when it has loaded all code, and each child `seal` before it reads.
What runs programs of others cannot be confined; it can `hide` what they must not see, and end what they leave behind.

Standards: Linux landlock(7), seccomp(2), capabilities(7).
"""

from __future__ import annotations

import os

from scop.mesh.confine import landlock, limits, privileges, seccomp
from scop.mesh.confine.hide import hide, signal_nobody_outside
from scop.mesh.confine.orphans import end_orphans, take_orphans
from scop.mesh.confine.preload import preload_charsets, preload_names, preload_threads
from scop.mesh.confine.privileges import give_up_capabilities
from scop.mesh.confine.report import ConfinementReport, report_of
from scop.mesh.confine.rules import Limits, Rules
from scop.mesh.confine.seal import SealLimits, end_with_parent, seal, settle

__all__ = [
    "ConfinementReport",
    "Limits",
    "Rules",
    "SealLimits",
    "confine",
    "end_orphans",
    "end_with_parent",
    "give_up_capabilities",
    "hide",
    "kernel_support",
    "preload_charsets",
    "preload_names",
    "seal",
    "settle",
    "signal_nobody_outside",
    "take_orphans",
]


def confine(rules: Rules) -> ConfinementReport:
    """Give up every right that `rules` do not grant; return what the kernel enforces.

    Call it from the only thread. Raises OSError where a named path is missing that must be there, or
    where the kernel refuses; the process must not go on then. Started as root, it becomes `rules.uid`, or stays
    root without a right of root's.
    """
    preload_threads()
    support = kernel_support()
    # Paths are opened while we may still reach them: an ordinary user may have no way there afterwards.
    fence = landlock.Fence.build(rules, support.landlock_abi)
    if rules.keeps_user:
        privileges.give_up_capabilities()
    else:
        privileges.become(rules.uid, rules.gid, keep_reading=rules.children)
    limits.impose(rules.limits)
    privileges.close_to_others()
    if fence is not None:
        fence.close()
    if support.seccomp:
        seccomp.install(seccomp.program(seccomp.here(), rules.permits, own_pid=os.getpid()))
    return support


def kernel_support() -> ConfinementReport:
    """Return what `confine` would find on this machine, without doing it."""
    return report_of(landlock.abi(), seccomp.is_available())
