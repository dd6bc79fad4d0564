"""Delivery status notifications: the mail that tells a sender that a mail could not be delivered.

`compose_bounce` writes one from values. When to send one, and that none answers `<>`, is the relay's business.

Standards: RFC 3461 §6, RFC 3464, RFC 6522, RFC 6533 (UTF-8).
"""

from scop.dsn.bounce import compose_bounce
from scop.dsn.notice import Failure, Notice

__all__ = ["Failure", "Notice", "compose_bounce"]
