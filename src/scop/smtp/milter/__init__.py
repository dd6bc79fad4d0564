"""The milter protocol without sockets: how Postfix and Sendmail ask a filter about mail while they take it.

    connection = MilterConnection(Wishes(Action.ADD_FIELDS))
    connection.receive_data(octets)
    event = connection.next_event()       # Negotiation, Connect, Helo, Mail, Field, BodyChunk, … or NEED_DATA
    octets = connection.send(CONTINUE)    # at MessageEnd changes may come before: InsertField, ChangeField, Quarantine

The mail server speaks first and decides alone what it does with an answer; this is the filter's end. A driver that
carries the octets is `scop.net.milter_server`; nothing here does I/O.

There is no RFC. The numbers and letters are those of Sendmail's `libmilter/mfdef.h` (versions 2 to 6); what Postfix
does otherwise stands at the line (MILTER_README).
"""

from scop.smtp.milter.answers import (
    ACCEPT,
    CONTINUE,
    SKIP,
    ChangeField,
    InsertField,
    Quarantine,
    Refusal,
)
from scop.smtp.milter.connection import MilterConnection, Wishes
from scop.smtp.milter.events import (
    Abort,
    BodyChunk,
    Connect,
    DataBegin,
    Event,
    Field,
    HeaderEnd,
    Helo,
    Mail,
    MessageEnd,
    Negotiation,
    Quit,
    Recipient,
    Unknown,
)
from scop.smtp.milter.words import Action, Step

__all__ = [
    "ACCEPT",
    "CONTINUE",
    "SKIP",
    "Abort",
    "Action",
    "BodyChunk",
    "ChangeField",
    "Connect",
    "DataBegin",
    "Event",
    "Field",
    "HeaderEnd",
    "Helo",
    "InsertField",
    "Mail",
    "MessageEnd",
    "MilterConnection",
    "Negotiation",
    "Quarantine",
    "Quit",
    "Recipient",
    "Refusal",
    "Step",
    "Unknown",
    "Wishes",
]
