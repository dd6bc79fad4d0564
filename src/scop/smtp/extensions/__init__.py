"""The service extensions, one file each and all of one shape; those of others are given beside `BUILT_IN`.

docs/smtp-extensions.md shows one written from nothing.
"""

from scop.smtp.extensions.auth import AUTH
from scop.smtp.extensions.binarymime import BINARYMIME
from scop.smtp.extensions.chunking import CHUNKING
from scop.smtp.extensions.deliverby import DELIVERBY
from scop.smtp.extensions.dsn import DSN
from scop.smtp.extensions.eightbitmime import EIGHTBITMIME
from scop.smtp.extensions.enhanced_status import ENHANCEDSTATUSCODES
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension, Verb
from scop.smtp.extensions.futurerelease import FUTURERELEASE
from scop.smtp.extensions.limits import LIMITS
from scop.smtp.extensions.mtpriority import MTPRIORITY
from scop.smtp.extensions.pipelining import PIPELINING
from scop.smtp.extensions.requiretls import REQUIRETLS
from scop.smtp.extensions.size import SIZE
from scop.smtp.extensions.smtputf8 import SMTPUTF8
from scop.smtp.extensions.starttls import STARTTLS
from scop.smtp.extensions.xclient import XCLIENT
from scop.smtp.extensions.xforward import XFORWARD

__all__ = ["BAD_PARAMETER", "BUILT_IN", "Extension", "Verb", "built_in"]

BUILT_IN: tuple[Extension, ...] = (
    PIPELINING,
    SIZE,
    EIGHTBITMIME,
    BINARYMIME,  # after 8BITMIME: it reads BODY for both
    CHUNKING,
    SMTPUTF8,
    ENHANCEDSTATUSCODES,
    DSN,
    STARTTLS,
    AUTH,
    REQUIRETLS,
    DELIVERBY,
    FUTURERELEASE,
    MTPRIORITY,
    LIMITS,
    XFORWARD,
    XCLIENT,
)


def built_in(*keywords: str) -> tuple[Extension, ...]:
    """Return the built-in extensions of these keywords; raises `ValueError` where there is none of a name."""
    known = {extension.keyword: extension for extension in BUILT_IN}
    if unknown := set(keywords) - set(known):
        raise ValueError(f"no built-in extension {', '.join(sorted(unknown))}")
    return tuple(known[keyword] for keyword in keywords)
