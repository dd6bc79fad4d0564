"""What a server can't be given: the reply that says so in its place, so that nothing a sender asked for is dropped.

Standards: RFC 1870 §6.1 (SIZE); RFC 6152 §3 (8BITMIME); RFC 3030 §3 (BINARYMIME); RFC 6531 §3.2 (SMTPUTF8);
RFC 8689 §4.2.1 (REQUIRETLS); RFC 2852 §4 (DELIVERBY); RFC 9422 §3 (LIMITS); RFC 5248 (the codes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scop.smtp.reply import Reply, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scop.smtp.events import Mail

__all__ = ["NO_SMTPUTF8", "TOO_MANY_MAILS", "TOO_MANY_RECIPIENTS", "objection_to"]

NO_SMTPUTF8 = reply(550, "5.6.7", "The next server does not take SMTPUTF8")
# RFC 5321 §4.5.3.1.10: as the server itself would say.
TOO_MANY_RECIPIENTS = reply(452, "4.5.3", "The next server takes fewer recipients at once")
TOO_MANY_MAILS = reply(451, "4.5.3", "The next server takes no more mails on this connection")
_NO_8BITMIME = reply(550, "5.6.3", "The next server takes 7-bit text only")
_NO_BINARYMIME = reply(550, "5.6.3", "The next server takes no binary mail: a bare CR, a bare LF or NUL")
_NO_REQUIRETLS = reply(550, "5.7.30", "The next server does not take REQUIRETLS")
_NO_DELIVERBY = reply(550, "5.4.7", "The next server does not take DELIVERBY")

# The keyword without which a server can't be given a mail that wants it.
_WISHES: tuple[tuple[str, Reply, Callable[[Mail], bool]], ...] = (
    ("SMTPUTF8", NO_SMTPUTF8, lambda mail: mail.smtputf8),
    ("8BITMIME", _NO_8BITMIME, lambda mail: mail.body == "8BITMIME"),
    ("BINARYMIME", _NO_BINARYMIME, lambda mail: mail.body == "BINARYMIME"),
    ("CHUNKING", _NO_BINARYMIME, lambda mail: mail.body == "BINARYMIME"),
    ("REQUIRETLS", _NO_REQUIRETLS, lambda mail: mail.require_tls),
    # RFC 2852 §4: what is to be returned when it is late may not go where nobody would return it.
    ("DELIVERBY", _NO_DELIVERBY, lambda mail: mail.deliver_by is not None and mail.deliver_by.mode == "R"),
)


def objection_to(mail: Mail, offered: Mapping[str, str]) -> Reply | None:
    """Return why a server that offers these keywords can't be given `mail`, None where it can."""
    limit = offered.get("SIZE", "")
    if limit.isascii() and limit.isdigit() and 0 < int(limit) < (mail.size_octets or 0):  # RFC 1870 §4: 0 is no limit
        return reply(552, "5.3.4", f"The next server takes mails of at most {limit} octets")
    if not (mail.smtputf8 or mail.body or mail.require_tls or mail.deliver_by):  # most mails wish for nothing
        return None
    return next((no for keyword, no, wants in _WISHES if keyword not in offered and wants(mail)), None)
