"""The one that a dialogue's client talks to: what it accepts, what it says, what it took; over whatever octets come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.smtp import (
    Authenticate,
    DataBegin,
    Event,
    Help,
    Mail,
    Proof,
    Quit,
    Recipient,
    Reply,
    SaslStep,
    StartTls,
    Verify,
    reply,
)
from scop.smtp.extensions.auth import challenge
from scop.smtp.sasl import ScramVerifier, ServerExchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scop.smtp import DeliverBy, ForwardPath, Hold, Origin, ReversePath

__all__ = ["GREETING", "REPLIES", "Host"]

GREETING = reply(220, "", "mx.harbor.test ESMTP")
OK = reply(250, "2.0.0", "Ok")
WELCOME = reply(235, "2.7.0", "Welcome")
FAILED = reply(535, "5.7.8", "Authentication failed")
REPLIES: Mapping[type, Reply] = {
    DataBegin: reply(354, "", "go on"),
    Verify: reply(252, "2.5.0", "maybe"),
    Help: reply(214, "2.0.0", "no"),
    Quit: reply(221, "2.0.0", "bye"),
    StartTls: reply(220, "2.0.0", "go on"),
}

_OF_MAIL: Mapping[str, Reply] = {
    "refused": reply(550, "5.7.1", "Not you"),
    "later": reply(451, "4.3.0", "Try again"),
}
_OF_RECIPIENTS: Mapping[str, Reply] = {
    "nobody": reply(550, "5.1.1", "No such user"),
    "later": reply(451, "4.2.1", "Try again"),
    "closing": reply(421, "4.3.2", "Shutting down"),
}
_OF_MESSAGES: Mapping[str, Reply] = {
    "full": reply(452, "4.3.1", "Disk full"),
    "spam": reply(550, "5.7.1", "Not this"),
    "closing": reply(421, "4.3.2", "Shutting down"),
}

# RFC 7677 §3: the user `user` with the password `pencil`, and the server's part of the nonce.
_SALT = bytes.fromhex("5b6d99689d12358eeca04b141236fa81")
_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"


@dataclass
class Host:
    """Takes every address but some (README.md), the login alice by the password secret and user by SCRAM."""

    taken: list[tuple[str, str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._mail: Mail | None = None
        self._recipients: list[str] = []
        self._exchange: ServerExchange | None = None
        self._is_proven = False

    def mail(self, event: Mail) -> Reply:
        """Begin a transaction."""
        self._mail, self._recipients = event, []
        return _OF_MAIL.get(_local_part(event.reverse_path), OK)

    def recipient(self, event: Recipient) -> Reply:
        """Say what there is to be seen, where the local part asks for it."""
        assert self._mail is not None
        name = _local_part(event.forward_path)
        if name in _OF_RECIPIENTS:
            return _OF_RECIPIENTS[name]
        self._recipients.append(str(event.forward_path))
        return reply(250, "2.0.0", told(self._mail, event)) if name == "seen" else OK

    def message(self, octets: bytes) -> Reply:
        """Keep a message."""
        assert self._mail is not None
        name = _local_part(self._mail.reverse_path)
        if name in _OF_MESSAGES:
            return _OF_MESSAGES[name]
        self.taken.append((str(self._mail.reverse_path), ",".join(self._recipients), octets))
        return OK

    def authenticate(self, proof: Proof) -> Reply:
        """Decide on a login."""
        match proof:
            case Authenticate("EXTERNAL") | Authenticate(_, "alice", "secret"):
                return WELCOME
            case Authenticate():
                return FAILED
            case SaslStep():
                try:
                    return self._scram(proof)
                except RemoteProtocolError as fault:
                    return Reply.parse(f"{fault.reply_hint}\r\n".encode())

    def _scram(self, step: SaslStep) -> Reply:
        if step.is_first:
            self._is_proven = False
            self._exchange = ServerExchange(step.mechanism, nonce=_NONCE, channel_binding=b"the certificate")
            assert self._exchange.read_first(step.octets) == "user"
            verifier = ScramVerifier.of("pencil", _SALT, 4096)
            return challenge(self._exchange.challenge(verifier))
        if self._is_proven:
            return WELCOME
        assert self._exchange is not None
        answer = self._exchange.finish(step.octets)
        self._is_proven = answer is not None
        return FAILED if answer is None else challenge(answer)

    @staticmethod
    def other(event: Event) -> Reply:
        """Answer what asks for nothing special."""
        return REPLIES.get(type(event), OK)


def _local_part(path: ReversePath | ForwardPath) -> str:
    return path.mailbox.local_part if path.mailbox else ""


def told(mail: Mail, recipient: Recipient) -> str:
    """Write down all that a client said of a mail and a recipient beside their addresses and the size."""
    words = [
        *_origin(mail.origin),
        str(mail.auth or ""),
        _pair("body", mail.body if mail.body == "BINARYMIME" else ""),
        _pair("ret", mail.ret),
        _pair("envid", mail.envid),
        "requiretls" if mail.require_tls else "",
        _deliver_by(mail.deliver_by),
        _hold(mail.hold),
        _pair("priority", "" if mail.priority is None else str(mail.priority)),
        _pair("notify", ",".join(sorted(recipient.notify))),
        _pair("orcpt", recipient.original_recipient),
        *(f"{name}={value}" for name, value in (*mail.extra, *recipient.extra)),
    ]
    return " ".join(filter(None, words)) or "nothing"


def _origin(origin: Origin | None) -> tuple[str, ...]:
    return (origin.address, str(origin.port), origin.helo, origin.ident) if origin else ()


def _deliver_by(wish: DeliverBy | None) -> str:
    return f"by={wish.seconds};{wish.mode}{'T' if wish.trace else ''}" if wish else ""


def _hold(hold: Hold | None) -> str:
    if hold is None:
        return ""
    return f"hold={hold.for_seconds}" if hold.for_seconds is not None else f"until={hold.until_unix:.0f}"


def _pair(name: str, value: str) -> str:
    return f"{name}={value}" if value else ""
