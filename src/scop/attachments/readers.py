"""Which reader looks into which type of thing."""

from __future__ import annotations

from scop.attachments import archives
from scop.attachments.readings import read_mail_file
from scop.attachments.thing import Reader
from scop.attachments.true_types import TrueType

__all__ = ["readers_of"]

_READERS: dict[TrueType, tuple[Reader, ...]] = {
    **archives.READERS,
    TrueType.MAIL: (read_mail_file,),
    TrueType.SAVED_PAGE: (read_mail_file,),
}


def readers_of(kind: TrueType) -> tuple[Reader, ...]:
    """Return those who look into things of this type, the first one first."""
    return _READERS.get(kind, ())
