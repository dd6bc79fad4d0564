"""The keeper as its neighbours see it, over real call pipes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from msgspec.structs import replace

from fakes.jumping_clock import JumpingClock
from fakes.mesh import DOMAIN, KeptLog
from fakes.named_inlet import NamedInlet
from scop.cells.keeper.guessing import GuessLimits, Patience
from scop.cells.keeper.manifest import MANIFEST
from scop.cells.keeper.passwords import Argon2Cost
from scop.cells.keeper.service import EVERY_QUESTION, GRANTS, KeeperOptions, run
from scop.mesh.calls import Call, Caller
from scop.mesh.cell import Life
from scop.mesh.protocol import PipeProtocol
from scop.mesh.vocabulary.keeper import (
    AddAccount,
    AddAppPassword,
    AddForward,
    Authenticate,
    Authentication,
    AuthenticationOutcome,
    DisableAccount,
    ListAccounts,
    MaySendAs,
    ReadAccount,
    RecipientOutcome,
    RemoveForward,
    ResolvedRecipient,
    ResolveRecipient,
    SendAs,
    SetPassword,
)
from scop.net.faults import PermanentFailure
from scop.store import Store

PASSWORD = "open sesame"
WRONG = "open barley"
ACCEPTED = Authentication(AuthenticationOutcome.ACCEPTED, "alice", "alice@harbor.test")
REFUSED = Authentication(AuthenticationOutcome.REFUSED)
TRY_LATER = Authentication(AuthenticationOutcome.TRY_LATER)


class RunningKeeper:
    """A keeper, what it logs, its clock, and a caller for each neighbour."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.clock = JumpingClock()
        self.kept = KeptLog()
        self.life = Life()
        self.inlet = NamedInlet({**MANIFEST.granted(), "stranger": PipeProtocol.CALL})
        self.options = KeeperOptions(
            domain=DOMAIN,
            state=state,
            inlet=self.inlet,
            log=self.kept.log("keeper"),
            clock=self.clock,
            life=self.life,
            cost=Argon2Cost(passes=1, memory_kib=8, lanes=1),
            patience=Patience(login=GuessLimits(free=3)),
            scram_iterations=4096,
        )

        self._callers: list[Caller] = []

    def callers(self) -> tuple[Caller, Caller, Caller]:
        """Return submission, mailbox and operator."""
        submission, mailbox, operator = map(self.caller, ("submission", "mailbox", "operator"))
        return submission, mailbox, operator

    def caller(self, cell: str) -> Caller:
        """Return how a cell asks."""
        self._callers.append(Caller(self.inlet.dial(cell)))
        return self._callers[-1]

    async def end(self) -> None:
        """Close every pipe."""
        for caller in self._callers:
            await caller.close()
        await self.inlet.end()


@asynccontextmanager
async def running(state: Path) -> AsyncIterator[RunningKeeper]:
    """Run a keeper over its state folder."""
    keeper = RunningKeeper(state)
    ready = asyncio.Event()
    keeper.life.on_ready(ready.set)
    serving = asyncio.ensure_future(run(keeper.options))
    waiting = asyncio.ensure_future(ready.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    try:
        assert not serving.done() or serving.result() is None
        yield keeper
    finally:
        waiting.cancel()
        keeper.life.stop()
        await serving
        await keeper.end()


Start: TypeAlias = Callable[[], AbstractAsyncContextManager[RunningKeeper]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Return how to start a keeper over this test's state."""
    return lambda: running(tmp_path)


def test_keeper_grants_exactly_to_its_peers() -> None:
    """Every peer of the manifest has its questions, and only who may send as whom is asked by two."""
    assert set(MANIFEST.granted()) == set(GRANTS)
    assert sum(map(len, GRANTS.values())) == len(EVERY_QUESTION) + 1


async def test_keeper_opens_an_account_that_can_log_in_and_get_mail(start: Start) -> None:
    """One AddAccount is enough to be known to submission and mailbox."""
    async with start() as keeper:
        submission, mailbox, operator = keeper.callers()
        view = await operator.call(AddAccount("alice", PASSWORD))
        assert ("alice@harbor.test",) == view.addresses
        assert (view,) == (await operator.call(ListAccounts())).accounts
        assert replace(ACCEPTED, address="Alice@harbor.test") == await submission.call(
            Authenticate("Alice@harbor.test", PASSWORD)
        )
        assert REFUSED == await submission.call(Authenticate("alice", WRONG))
        assert (await submission.call(MaySendAs("alice", ("alice@harbor.test",)))).allowed
        found = await mailbox.call(ResolveRecipient("ALICE@harbor.test"))
        assert ResolvedRecipient(RecipientOutcome.DELIVER, ("alice",)) == found


async def test_keeper_answers_each_cell_only_its_own_questions(start: Start) -> None:
    """A neighbour that was taken over cannot ask what others ask; a stranger can ask nothing."""
    async with start() as keeper:
        submission, mailbox, operator = keeper.callers()
        stranger = keeper.caller("stranger")
        asked: list[tuple[Caller, Call[Any]]] = [
            (submission, AddAccount("eve", PASSWORD)),
            (submission, SetPassword("alice", PASSWORD)),
            (mailbox, Authenticate("alice", PASSWORD)),
            (operator, Authenticate("alice", PASSWORD)),
            (stranger, ListAccounts()),
            (stranger, Authenticate("alice", PASSWORD)),
            (submission, AddAppPassword("alice", "eve")),
            (mailbox, ReadAccount("alice")),
        ]
        for caller, question in asked:
            with pytest.raises(PermanentFailure, match="unknown question"):
                await caller.call(question)


async def test_keeper_remembers_accounts_through_a_restart(start: Start, tmp_path: Path) -> None:
    """Accounts lie in the store with a history that names who changed what."""
    async with start() as keeper:
        *_, operator = keeper.callers()
        await operator.call(AddAccount("alice", PASSWORD, ("alice@harbor.test", "al@harbor.test"), SendAs.ANY))
        await operator.call(DisableAccount("alice"))
        before = await operator.call(ListAccounts())
    async with start() as keeper:
        *_, operator = keeper.callers()
        assert before == await operator.call(ListAccounts())
    history = Store(tmp_path / "accounts.git").history("accounts/alice.json")
    expected = [("operator", "Close alice"), ("operator", "Add alice")]
    assert expected == [(revision.author, revision.message) for revision in history]


async def test_keeper_refuses_accounts_that_cannot_be(start: Start) -> None:
    """Each refusal says why, and nothing of it is kept."""
    async with start() as keeper:
        *_, operator = keeper.callers()
        await operator.call(AddAccount("alice", PASSWORD))
        asked: list[tuple[Call[Any], str]] = [
            (AddAccount("alice", PASSWORD), "already"),
            (AddAccount("Bob", PASSWORD), "a name is"),
            (AddAccount("bob", "short"), "at least 8"),
            (AddAccount("bob", PASSWORD, ("bob@lagoon.test",)), "no address of harbor.test"),
            (AddAccount("bob", PASSWORD, ("ALICE@harbor.test",)), "another account"),
            (SetPassword("bob", PASSWORD), "no account bob"),
            (SetPassword("alice", "short"), "at least 8"),
            (DisableAccount("bob"), "no account bob"),
        ]
        for question, reason in asked:
            with pytest.raises(PermanentFailure, match=reason):
                await operator.call(question)
        assert ["alice"] == [account.name for account in (await operator.call(ListAccounts())).accounts]


async def test_keeper_opens_one_account_for_two_who_ask_at_once(start: Start) -> None:
    """Changes are one after the other, whatever their hashes take."""
    async with start() as keeper:
        *_, operator = keeper.callers()
        both = (operator.call(AddAccount("alice", PASSWORD)), operator.call(AddAccount("alice", PASSWORD)))
        outcomes = await asyncio.gather(*both, return_exceptions=True)
        assert 1 == sum(isinstance(outcome, PermanentFailure) for outcome in outcomes)


async def test_keeper_a_closed_account_logs_in_no_more(start: Start) -> None:
    """The right password of a closed account is refused like a wrong one; opened again it works."""
    async with start() as keeper:
        submission, mailbox, operator = keeper.callers()
        await operator.call(AddAccount("alice", PASSWORD))
        await operator.call(DisableAccount("alice"))
        assert REFUSED == await submission.call(Authenticate("alice", PASSWORD))
        closed = await mailbox.call(ResolveRecipient("alice@harbor.test"))
        assert RecipientOutcome.DISABLED is closed.outcome
        await operator.call(DisableAccount("alice", disabled=False))
        assert ACCEPTED == await submission.call(Authenticate("alice", PASSWORD))


async def test_keeper_a_new_password_replaces_the_old(start: Start) -> None:
    """And whoever was slowed down by guesses may try at once."""
    async with start() as keeper:
        submission, _, operator = keeper.callers()
        await operator.call(AddAccount("alice", PASSWORD))
        for _ in range(3):
            await submission.call(Authenticate("alice", WRONG))
        await operator.call(SetPassword("alice", WRONG))
        assert ACCEPTED == await submission.call(Authenticate("alice", WRONG))
        assert REFUSED == await submission.call(Authenticate("alice", PASSWORD))


@pytest.mark.parametrize("login", ["alice", "nobody"])
async def test_keeper_slows_guessing_down_at_known_and_unknown_logins_alike(start: Start, login: str) -> None:
    """After the free guesses even the right password has to wait; then it works."""
    async with start() as keeper:
        submission, _, operator = keeper.callers()
        await operator.call(AddAccount("alice", PASSWORD))
        outcomes = [await submission.call(Authenticate(login, WRONG)) for _ in range(3)]
        assert [REFUSED] * 3 == outcomes
        assert TRY_LATER == await submission.call(Authenticate(login, PASSWORD))
        keeper.clock.jump(1.0)
        assert TRY_LATER != await submission.call(Authenticate(login, PASSWORD))


async def test_keeper_slows_down_guesses_sent_at_once(start: Start) -> None:
    """Guesses that wait for their turn are stopped by those before them."""
    async with start() as keeper:
        submission, _, operator = keeper.callers()
        await operator.call(AddAccount("alice", PASSWORD))
        guesses = [submission.call(Authenticate("alice", f"guess number {number}")) for number in range(20)]
        outcomes = await asyncio.gather(*guesses)
        assert outcomes.count(REFUSED) <= 4  # three, and one that ran beside the third
        assert outcomes.count(TRY_LATER) >= 16


async def test_keeper_logs_who_failed_and_why_but_no_password(start: Start) -> None:
    """The log has the private reason; the asker has not."""
    async with start() as keeper:
        submission, _, operator = keeper.callers()
        await operator.call(AddAccount("alice", PASSWORD))
        await submission.call(Authenticate("alice", WRONG))
        await submission.call(Authenticate("nobody\n", WRONG))
        assert ["wrong password", "no such account"] == keeper.kept.reasons("login.refused")
        assert WRONG not in str(keeper.kept.lines)
        assert PASSWORD not in str(keeper.kept.lines)


async def test_keeper_does_not_start_over_accounts_it_cannot_read(start: Start, tmp_path: Path) -> None:
    """A damaged file is named, never passed over: its owner would silently lose mail."""
    Store(tmp_path / "accounts.git").put("accounts/alice.json", b"{", author="t", message="m")
    with pytest.raises(ValueError, match=r"accounts/alice\.json"):
        async with start():
            pass


async def test_keeper_forwards_beside_the_copy_or_without_one(start: Start) -> None:
    """Mail goes to every address that is named; once the last is gone, the account keeps its mail again."""
    async with start() as keeper:
        _, mailbox, operator = keeper.callers()
        await operator.call(AddAccount("alice", PASSWORD))
        both = await operator.call(AddForward("alice", "al@lagoon.test"))
        assert (("al@lagoon.test",), True) == (both.forwards, both.keeps_copy)
        await operator.call(AddForward("alice", "b@lagoon.test", keeps_copy=False))
        found = await mailbox.call(ResolveRecipient("alice@harbor.test"))
        assert ResolvedRecipient(RecipientOutcome.DELIVER, (), ("al@lagoon.test", "b@lagoon.test")) == found
        await operator.call(RemoveForward("alice", "AL@lagoon.test"))
        last = await operator.call(RemoveForward("alice", "b@lagoon.test"))
        assert ((), True) == (last.forwards, last.keeps_copy)
        assert last == await operator.call(ReadAccount("alice"))
        kept = await mailbox.call(ResolveRecipient("alice@harbor.test"))
        assert ResolvedRecipient(RecipientOutcome.DELIVER, ("alice",)) == kept


async def test_keeper_refuses_forwards_that_lead_nowhere(start: Start) -> None:
    """An address must be one, and another's; ten are enough."""
    async with start() as keeper:
        *_, operator = keeper.callers()
        await operator.call(AddAccount("alice", PASSWORD))
        for number in range(10):
            await operator.call(AddForward("alice", f"a{number}@lagoon.test"))
        asked: list[tuple[Call[Any], str]] = [
            (AddForward("alice", "nonsense"), "nonsense: not of the form local-part@domain"),
            (AddForward("alice", "al@lagoon"), "al@lagoon: write the whole domain"),
            (AddForward("alice", "Alice+x@harbor.test"), "alice itself"),
            (AddForward("alice", "b@lagoon.test"), "remove one first"),
            (AddForward("bob", "b@lagoon.test"), "no account bob"),
            (RemoveForward("alice", "b@lagoon.test"), "does not forward"),
        ]
        for question, reason in asked:
            with pytest.raises(PermanentFailure, match=reason):
                await operator.call(question)
        assert 10 == len((await operator.call(ReadAccount("alice"))).forwards)
