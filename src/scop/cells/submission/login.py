"""The logins of one connection: what the client proves goes to the keeper, which decides.

The client learns no more than yes, no or later. SCRAM takes three messages of the client: the first and the proof
are the keeper's to judge, the last is empty and only shows that the client believes us.

Standards: RFC 4954 §4 (AUTH), §6 (codes); RFC 5802 §5 (SCRAM); RFC 4422 Appendix A (EXTERNAL).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.base import printable
from scop.mesh.vocabulary.keeper import (
    Authenticate as CheckPassword,
)
from scop.mesh.vocabulary.keeper import (
    AuthenticateExternal,
    AuthenticationOutcome,
    BeginScram,
    FinishScram,
)
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.smtp import Authenticate, Proof, Reply, SaslStep, reply
from scop.smtp.extensions.auth import challenge

if TYPE_CHECKING:
    from scop.cells.submission.questions import Ask

__all__ = ["Login", "User"]

MAX_FAILED_LOGINS = 3  # on one connection; the keeper counts them by login and by address
MAX_PUT_OFF_LOGINS = 6  # who is told to come later has no reason to stay

_WELCOME = reply(235, "2.7.0", "Authentication succeeded")
_WRONG = reply(535, "5.7.8", "Authentication credentials invalid")
_LATER = reply(454, "4.7.0", "Authentication is not possible at the moment, try again in some minutes")
_ENOUGH = reply(421, "4.7.0", "Too many failed logins")
_MALFORMED = reply(501, "5.5.2", "The last message of the exchange is empty")


@dataclass(frozen=True, slots=True)
class User:
    """Who has logged in."""

    account: str
    address: str  # to be written where a field of the message has to name the user


class Login:
    """Answers proofs until one is right; `user` is who that was, `reason` what the log says of the last answer."""

    def __init__(self, ask: Ask, address: str, channel_binding: bytes) -> None:
        self._ask = ask
        self._address = address
        self._channel_binding = channel_binding
        self._exchange = ""
        self._proved: User | None = None  # by SCRAM; the client's last, empty message is awaited
        self._wrong = self._put_off = 0
        self.user: User | None = None
        self.reason = ""

    async def answer(self, proof: Proof) -> Reply:
        """Return the reply to one message of the client."""
        try:
            if isinstance(proof, SaslStep):
                return await self._step(proof)
            return await self._check(proof)
        except (TemporaryFailure, PermanentFailure) as fault:
            return self._later(str(fault))

    async def _check(self, proof: Authenticate) -> Reply:
        said = f"{proof.mechanism} of {printable(proof.login, limit=80)}"
        if proof.mechanism == "EXTERNAL":
            answer = await self._ask(AuthenticateExternal(proof.login, self._address))
        else:
            answer = await self._ask(CheckPassword(proof.login, proof.password, self._address))
        if answer.outcome is AuthenticationOutcome.ACCEPTED:
            return self._welcome(User(answer.account, answer.address))
        return self._failed(answer.outcome, said)

    async def _step(self, step: SaslStep) -> Reply:
        if step.is_first:
            return await self._begin(step)
        if self._proved is None:
            return await self._finish(step)
        user, self._proved = self._proved, None
        return self._welcome(user) if not step.octets else _MALFORMED

    async def _begin(self, step: SaslStep) -> Reply:
        self._exchange, self._proved = "", None  # an earlier one may have been cancelled
        question = BeginScram(step.mechanism, step.octets, self._channel_binding, self._address)
        answer = await self._ask(question)
        if answer.outcome is not AuthenticationOutcome.CONTINUES:
            return self._failed(answer.outcome, step.mechanism)
        self._exchange = answer.exchange
        return challenge(answer.server_first)

    async def _finish(self, step: SaslStep) -> Reply:
        exchange, self._exchange = self._exchange, ""
        answer = await self._ask(FinishScram(exchange, step.octets))
        if answer.outcome is not AuthenticationOutcome.ACCEPTED:
            return self._failed(answer.outcome, step.mechanism)
        self._proved = User(answer.account, answer.address)
        # RFC 4954 §4: 235 bears no message of a mechanism, so the server's last one is a challenge of its own.
        return challenge(answer.server_final)

    def _welcome(self, user: User) -> Reply:
        self.user = user
        return _WELCOME

    def _failed(self, outcome: AuthenticationOutcome, said: str) -> Reply:
        if outcome is AuthenticationOutcome.TRY_LATER:
            return self._later(f"{said} put off")
        self._wrong += 1
        self.reason = f"{said} refused"
        return _WRONG if self._wrong < MAX_FAILED_LOGINS else _ENOUGH

    def _later(self, reason: str) -> Reply:
        self._put_off += 1
        self.reason = reason
        return _LATER if self._put_off < MAX_PUT_OFF_LOGINS else _ENOUGH
