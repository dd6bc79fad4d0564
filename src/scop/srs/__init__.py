"""SRS: forwarded mail leaves under a sender of our own, so that SPF passes and bounces still find home.

Who forwards a mail sends it from an address that its sender's SPF does not name. So the reverse path is rewritten
to one at our domain that holds the old one, with a day and a keyed hash; a bounce that comes back to it is
unwrapped, and nobody else can use us to send mail on. What does not fit into a local part is stored by a reference.

Standards: The Sender Rewriting Scheme (M. Wong, S. Banerjee, 2003), RFC 2104 (HMAC), RFC 4648 §6 (base32).
"""

from scop.srs.opaque import refer, referred
from scop.srs.rewriting import MAX_DAYS, TooLong, forward, is_rewritten, reverse

__all__ = ["MAX_DAYS", "TooLong", "forward", "is_rewritten", "refer", "referred", "reverse"]
