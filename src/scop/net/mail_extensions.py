"""SMTP extensions of others: a distribution that is installed beside us names them, and a server may offer them.

What is loaded is code that runs with our rights, so nothing is loaded unless somebody asks for it, and before
confinement. It is held to not take anything away from what is built in.

Standards: RFC 5321 §2.2 (the extension model); PyPA entry points specification.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from scop.net.faults import PermanentFailure
from scop.smtp.extensions import BUILT_IN, Extension

__all__ = ["ENTRY_POINTS", "installed_extensions"]

ENTRY_POINTS = "scop.smtp.extensions"


def installed_extensions() -> tuple[Extension, ...]:
    """Return what other distributions add, in the order of their keywords; raises `PermanentFailure`.

    A server offers them beside ours with `ServerOptions(extensions=(*BUILT_IN, *installed_extensions()))`.
    """
    found: list[Extension] = []
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda each: (each.name, each.value)):
        extension = _load(point)
        _check_is_new(point, extension, (*BUILT_IN, *found))
        found.append(extension)
    return tuple(sorted(found, key=lambda each: each.keyword))


def _load(point: EntryPoint) -> Extension:
    try:
        extension = point.load()
    except Exception as fault:  # code of others: whatever it raises, the operator is to learn whose it is
        raise _wrong(point, f"can't be loaded: {type(fault).__name__}: {fault}") from fault
    if not isinstance(extension, Extension):
        raise _wrong(point, f"is of type {type(extension).__name__} and not a scop.smtp.Extension")
    return extension


def _check_is_new(point: EntryPoint, extension: Extension, known: tuple[Extension, ...]) -> None:
    for other in known:
        if extension.keyword == other.keyword:
            raise _wrong(point, f"offers {extension.keyword}, which is there already")
        for kind in ("verbs", "mail_parameters", "recipient_parameters"):
            taken = set(getattr(extension, kind)) & set(getattr(other, kind))
            if taken:
                raise _wrong(point, f"adds {', '.join(sorted(taken))}, which belongs to {other.keyword}")


def _wrong(point: EntryPoint, reason: str) -> PermanentFailure:
    owner = f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"
    return PermanentFailure(f"the SMTP extension {point.name} ({point.value}) of {owner} {reason}")
