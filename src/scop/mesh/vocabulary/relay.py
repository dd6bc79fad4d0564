"""What the relay answers to the operator: what waits in the queue and why, and what is to become of it."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = [
    "DropMail",
    "HoldMail",
    "QueueChange",
    "QueueChoice",
    "QueueEntry",
    "QueueList",
    "QueuePiece",
    "QueueTry",
    "QueuedMail",
    "QueuedMails",
    "QueuedRecipient",
    "ReadQueue",
    "ReadQueuedMail",
    "ReadQueuedOctets",
    "ReadTlsResults",
    "ReleaseMail",
    "RetryMail",
    "TlsFailures",
    "TlsResults",
    "TlsSessions",
]


class QueueChoice(msgspec.Struct, frozen=True):
    """Which recipients of which mails are meant: those that fit all that is given; all where nothing is."""

    trace: str = ""
    destination: str = ""  # a domain
    sender: str = ""  # an address, or `<>` for the null path
    recipient: str = ""  # an address
    held: bool = False  # only what is held or kept back


class QueueEntry(msgspec.Struct, frozen=True):
    """One recipient of one mail that is still to be delivered."""

    trace: str
    reverse_path: str
    forward_path: str
    destination: str
    priority: int
    size_octets: int
    attempts: int
    queued_unix: float
    next_attempt_unix: float | None  # None: held by the operator
    last_host: str
    last_reply: str
    is_kept_back: bool = False  # it would not pass at its receiver; `last_reply` says why


class QueueList(msgspec.Struct, frozen=True):
    """The head of the queue, and how much there is."""

    entries: tuple[QueueEntry, ...]
    matching: int  # recipients that fit the choice
    waiting: int  # all recipients not yet delivered
    deferred: int  # of these, tried at least once
    held: int  # of these, held by the operator, or kept back because they would not pass


class ReadQueue(Call[QueueList], frozen=True):
    """What waits?"""

    limit: int = 100
    choice: QueueChoice = QueueChoice()


class QueueTry(msgspec.Struct, frozen=True):
    """One attempt to deliver."""

    unix: float
    host: str  # '' where nobody was reached
    reply: str


class QueuedRecipient(msgspec.Struct, frozen=True):
    """One recipient of a mail."""

    forward_path: str
    parameters: str  # of RCPT, as SMTP writes them
    destination: str
    attempts: int
    next_attempt_unix: float | None
    is_underway: bool
    delay_told: bool
    tries: tuple[QueueTry, ...]  # the last ones, the oldest first
    is_kept_back: bool = False  # the last of `tries` says why


class QueuedMail(msgspec.Struct, frozen=True):
    """One mail with all that is known of it; `id` is the queue's own."""

    id: int
    trace: str
    reverse_path: str
    parameters: str  # of MAIL, as SMTP writes them
    tls_optional: bool  # its author wrote `TLS-Required: No`
    queued_unix: float
    size_octets: int
    header: bytes  # its beginning, if it is long
    recipients: tuple[QueuedRecipient, ...]


class QueuedMails(msgspec.Struct, frozen=True):
    """Mails of one trace: more than one where the same mail came again for more recipients."""

    mails: tuple[QueuedMail, ...]


class ReadQueuedMail(Call[QueuedMails], frozen=True):
    """What is known of the mail with this trace?"""

    trace: str


class QueuePiece(msgspec.Struct, frozen=True):
    """A part of a mail's octets; none where the mail is gone."""

    octets: bytes
    size_octets: int  # of the whole mail


class ReadQueuedOctets(Call[QueuePiece], frozen=True):
    """What stands in this mail from `offset` on?"""

    id: int
    offset: int = 0


class QueueChange(msgspec.Struct, frozen=True):
    """What a change did."""

    mails: int
    recipients: int
    underway: int = 0  # recipients that are being tried at this moment, and were passed over


class HoldMail(Call[QueueChange], frozen=True):
    """Do not try these until they are released; whoever is underway is held if it does not arrive."""

    choice: QueueChoice


class ReleaseMail(Call[QueueChange], frozen=True):
    """Try these again that were held; `unchecked`: let them leave also where they would not pass."""

    choice: QueueChoice
    unchecked: bool = False


class RetryMail(Call[QueueChange], frozen=True):
    """Try these now, whenever they would be due; neither what is held nor what its sender wants later."""

    choice: QueueChoice


class DropMail(Call[QueueChange], frozen=True):
    """Take these out of the queue; with `bounce` their senders are told that they failed."""

    choice: QueueChoice
    bounce: bool = False


class TlsFailures(msgspec.Struct, frozen=True):
    """Sessions with one host that failed alike, in the words of RFC 8460 §4.3 and §4.4."""

    result_type: str
    mx_host: str
    receiving_address: str
    sending_address: str
    reason: str
    sessions: int


class TlsSessions(msgspec.Struct, frozen=True):
    """How TLS went with one destination under one of its policies, on one UTC day."""

    day: str
    domain: str
    policy_type: str  # tlsa, sts, no-policy-found
    policy: tuple[str, ...]  # lines or records
    mx: tuple[str, ...]
    successes: int
    failures: tuple[TlsFailures, ...]


class TlsResults(msgspec.Struct, frozen=True):
    """What was counted, the latest day first."""

    sessions: tuple[TlsSessions, ...]


class ReadTlsResults(Call[TlsResults], frozen=True):
    """How did TLS go, on a UTC day (YYYY-MM-DD) or on all of the last 30, with a destination or with all?"""

    day: str = ""
    domain: str = ""
