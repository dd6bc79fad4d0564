"""A mail server of one process: takes mail, drops it somewhere durable, and only then says 250.

    async with serve_mail(Inbox()) as service:
        await asyncio.to_thread(send_something_to, "127.0.0.1", service.port)  # smtplib would block the loop
        (mail,) = await service.drop.wait_for(1)  # mail.octets, mail.recipients

That is all that a test suite needs; `scop smtp serve` is the same with maildirs, an mbox or another server.

Standards: RFC 5321, RFC 2033.
"""

from scop.net.mail_drop.directory import Directory
from scop.net.mail_drop.drop import Delivery, Drop, Parcel
from scop.net.mail_drop.forwarding import Forwarding
from scop.net.mail_drop.inbox import Inbox
from scop.net.mail_drop.keeping import Keeping
from scop.net.mail_drop.service import MailService, ServeOptions, serve_mail
from scop.net.mail_drop.session import Attendant, Free, Visit

__all__ = [
    "Attendant",
    "Delivery",
    "Directory",
    "Drop",
    "Forwarding",
    "Free",
    "Inbox",
    "Keeping",
    "MailService",
    "Parcel",
    "ServeOptions",
    "Visit",
    "serve_mail",
]
