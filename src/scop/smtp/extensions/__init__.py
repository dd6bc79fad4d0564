"""The service extensions, one file each and all of one shape: `ALL` is what a server knows."""

from scop.smtp.extensions.auth import AUTH
from scop.smtp.extensions.eightbitmime import EIGHTBITMIME
from scop.smtp.extensions.enhanced_status import ENHANCEDSTATUSCODES
from scop.smtp.extensions.extension import Extension
from scop.smtp.extensions.pipelining import PIPELINING
from scop.smtp.extensions.size import SIZE
from scop.smtp.extensions.smtputf8 import SMTPUTF8
from scop.smtp.extensions.starttls import STARTTLS
from scop.smtp.extensions.xforward import XFORWARD

__all__ = ["ALL", "Extension"]

ALL: tuple[Extension, ...] = (
    PIPELINING,
    SIZE,
    EIGHTBITMIME,
    SMTPUTF8,
    ENHANCEDSTATUSCODES,
    STARTTLS,
    AUTH,
    XFORWARD,
)
