"""Decides who is let in: by a password, by SCRAM, or by a certificate that somebody else has proved.

Every way to fail looks and lasts the same. While a login has to wait for guesses at it, only its app passwords
are still looked at: they are too long to guess, so the owner's programs go on working while somebody guesses.

Standards: RFC 4954 (AUTH); RFC 5802 (SCRAM); RFC 4422 Appendix A (EXTERNAL).
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import ProtocolError, printable
from scop.cells.keeper.account import Account, ScramSha256, Verifier
from scop.cells.keeper.exchanges import Exchanges, new_exchange, new_nonce
from scop.cells.keeper.guessing import Guard
from scop.cells.keeper.ledger import Ledger
from scop.cells.keeper.passwords import Passwords
from scop.cells.keeper.salts import Salts
from scop.mesh.calls.server import Answers
from scop.mesh.vocabulary.keeper import (
    Authenticate,
    AuthenticateExternal,
    Authentication,
    AuthenticationOutcome,
    BeginScram,
    FinishScram,
    ScramChallenge,
    ScramFinal,
)
from scop.net.faults import TemporaryFailure
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["Logins"]

_REFUSED, _TRY_LATER = AuthenticationOutcome.REFUSED, AuthenticationOutcome.TRY_LATER


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Who tries, and from where."""

    mechanism: str
    said: str  # the login in the client's own words
    login: str  # by which guesses are counted: the account's name where there is one
    account: Account | None
    address: str
    cell: str

    @property
    def app_passwords(self) -> tuple[ScramSha256, ...]:
        return self.account.app_passwords if self.account else ()


@dataclass(frozen=True, slots=True)
class Logins:
    """Answers each question by the method that bears its name."""

    ledger: Ledger
    passwords: Passwords
    salts: Salts
    guard: Guard
    exchanges: Exchanges
    log: Log

    def answers(self) -> Answers:
        """Return how each question is answered."""
        return {
            Authenticate: self.authenticate,
            AuthenticateExternal: self.authenticate_external,
            BeginScram: self.begin_scram,
            FinishScram: self.finish_scram,
        }

    async def authenticate(self, asked: Authenticate, peer: Peer) -> Authentication:
        """Check a password."""
        attempt = self._attempt("password", asked.login, asked.address, peer)
        try:
            found = await self._find(attempt, asked)
        except TemporaryFailure as trouble:
            return self._later(attempt, str(trouble))
        return self._decide(attempt, found)

    async def authenticate_external(self, asked: AuthenticateExternal, peer: Peer) -> Authentication:
        """Let an open account in whose certificate was proved: there is nothing to guess."""
        attempt = self._attempt("EXTERNAL", asked.login, asked.address, peer)
        if attempt.account is None or attempt.account.disabled:
            return self._refused(attempt, "no such account" if attempt.account is None else "account is closed")
        return self._accepted(attempt, attempt.account, label="")

    async def begin_scram(self, asked: BeginScram, peer: Peer) -> ScramChallenge:
        """Say the salt and the work of a login, known or not."""
        if not self.guard.admits_address(asked.address):
            self._later(self._attempt(asked.mechanism, "", asked.address, peer), "too many wrong guesses from there")
            return ScramChallenge(_TRY_LATER)
        nonce = new_nonce()
        try:
            login = new_exchange(asked, nonce).read_first(asked.client_first)
        except ProtocolError as fault:
            self._refused(self._attempt(asked.mechanism, "", asked.address, peer), str(fault))
            return ScramChallenge(_REFUSED)
        directory = self.ledger.directory
        terms = self.salts.terms_of(login, directory)
        name, exchange = self.exchanges.add(asked, login, nonce, terms)
        return ScramChallenge(AuthenticationOutcome.CONTINUES, name, exchange.first())

    async def finish_scram(self, asked: FinishScram, peer: Peer) -> ScramFinal:
        """Check the proof; an exchange is good for one."""
        exchange = self.exchanges.take(asked.exchange)
        if exchange is None:
            self.log.warning("login.refused", peer=peer.cell, reason="no such exchange, or it took too long")
            return ScramFinal(_REFUSED)
        attempt = self._attempt(exchange.asked.mechanism, exchange.login, exchange.asked.address, peer)
        if not self.guard.admits_address(attempt.address):
            return ScramFinal(self._later(attempt, "too many wrong guesses from there").outcome)
        verifiers = attempt.account.scram if attempt.account else ()
        if not self.guard.admits_login(attempt.login):
            verifiers = attempt.app_passwords
        try:
            found = exchange.find(asked.client_final, verifiers)
        except ProtocolError as fault:
            self.log.info("login.malformed", login=printable(exchange.login), reason=str(fault))
            found = None
        answer = self._decide(attempt, found[0] if found else None)
        final = found[1] if found and answer.account else b""
        return ScramFinal(answer.outcome, answer.account, answer.address, final)

    def _attempt(self, mechanism: str, login: str, address: str, peer: Peer) -> _Attempt:
        directory = self.ledger.directory
        return _Attempt(mechanism, login, directory.login_name(login), directory.find_login(login), address, peer.cell)

    async def _find(self, attempt: _Attempt, asked: Authenticate) -> Verifier | None:
        """Return the verifier that the password fits; raises `TemporaryFailure` while it is not to be looked at.

        The guard is asked again when its turn comes, so that guesses sent all at once do not pass all at once.
        """
        if not self.guard.admits_address(attempt.address):
            raise TemporaryFailure("too many wrong guesses from there")
        account, terms = attempt.account, self.salts.terms_of(asked.login, self.ledger.directory)
        if not self.guard.admits_login(attempt.login):
            return await self.passwords.find_scram(asked.password, attempt.app_passwords, terms)
        verifiers = account.verifiers if account else ()
        return await self.passwords.find(asked.password, verifiers, terms, lambda: self._admits(attempt))

    def _admits(self, attempt: _Attempt) -> bool:
        return self.guard.admits_address(attempt.address) and self.guard.admits_login(attempt.login)

    def _decide(self, attempt: _Attempt, found: Verifier | None) -> Authentication:
        account = attempt.account
        waits = not self.guard.admits_login(attempt.login)
        label = found.label if isinstance(found, ScramSha256) else ""
        if account is not None and found is not None and not account.disabled and (label or not waits):
            if not label:
                # Who guesses must not gain by the owner's programs, which log in every few minutes.
                self.guard.right(attempt.login, attempt.address)
            return self._accepted(attempt, account, label)
        if waits:
            self.guard.wrong_from(attempt.address)
            return self._later(attempt, "too many wrong guesses")
        self.guard.wrong(attempt.login, attempt.address)
        reason = "no such account" if account is None else "account is closed" if found else "wrong password"
        return self._refused(attempt, reason)

    def _accepted(self, attempt: _Attempt, account: Account, label: str) -> Authentication:
        self.log.info(
            "login.accepted",
            account=account.name,
            mechanism=attempt.mechanism,
            app_password=printable(label),
            address=attempt.address,
            peer=attempt.cell,
        )
        address = attempt.said if "@" in attempt.said else next(iter(account.addresses), "")
        return Authentication(AuthenticationOutcome.ACCEPTED, account.name, address)

    def _refused(self, attempt: _Attempt, reason: str) -> Authentication:
        self._note("login.refused", attempt, reason)
        return Authentication(_REFUSED)

    def _later(self, attempt: _Attempt, reason: str) -> Authentication:
        self._note("login.deferred", attempt, reason)
        return Authentication(_TRY_LATER)

    def _note(self, event: str, attempt: _Attempt, reason: str) -> None:
        self.log.warning(
            event,
            login=printable(attempt.login),
            mechanism=printable(attempt.mechanism),
            address=printable(attempt.address),
            peer=attempt.cell,
            reason=printable(reason),
        )
