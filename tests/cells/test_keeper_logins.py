"""Who is let in: passwords, app passwords, SCRAM and certificates, while somebody guesses and while nobody does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.keeper_desk import BINDING, HERE, OPERATOR, PASSWORD, SUBMISSION, Desk, client_of, open_desk
from scop.base import ProtocolError
from scop.cells.keeper import exchanges as module
from scop.cells.keeper.account import MAX_APP_PASSWORDS
from scop.cells.keeper.exchanges import MAX_SECONDS
from scop.cells.keeper.salts import load_or_make_key
from scop.mesh.vocabulary.keeper import (
    AuthenticateExternal,
    AuthenticationOutcome,
    BeginScram,
    DisableAccount,
    RemoveAppPassword,
    ScramChallenge,
    ScramFinal,
    SetPassword,
)
from scop.net.faults import PermanentFailure
from scop.smtp.sasl import SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ServerExchange

ACCEPTED, CONTINUES, REFUSED, TRY_LATER = AuthenticationOutcome
WRONG = "open barley"
ELSEWHERE = "198.51.100.1"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return answers over this test's state."""
    with open_desk(tmp_path) as made:
        yield made


@pytest.mark.parametrize("mechanism", [SCRAM_SHA_256, SCRAM_SHA_256_PLUS])
async def test_keeper_scram_takes_app_passwords_and_no_other(desk: Desk, mechanism: str) -> None:
    """Of a password that was chosen no SCRAM verifier is kept, unless its owner wants one."""
    await desk.open()
    assert REFUSED == await desk.scram("alice", PASSWORD, mechanism)
    phone, laptop = await desk.app_password("phone"), await desk.app_password("laptop")
    for login in ("alice", "Alice@harbor.test"):
        assert [ACCEPTED] * 2 == [await desk.scram(login, word, mechanism) for word in (phone, laptop)]


async def test_keeper_app_passwords_work_where_they_are_sent_too(desk: Desk) -> None:
    """PLAIN takes them beside the account's own password; one that was removed is none."""
    await desk.open()
    phone, laptop = await desk.app_password("phone"), await desk.app_password("laptop")
    assert [ACCEPTED] * 3 == [await desk.plain("alice", word) for word in (PASSWORD, phone, laptop)]
    await desk.accounts.remove_app_password(RemoveAppPassword("alice", "phone"), OPERATOR)
    ways = (desk.plain, desk.scram)
    assert [REFUSED] * 2 == [await way("alice", phone) for way in ways]
    assert [ACCEPTED] * 2 == [await way("alice", laptop) for way in ways]


async def test_keeper_scram_by_choice(desk: Desk) -> None:
    """`--scram` keeps the chosen password as a SCRAM verifier: it logs in both ways; a new one as it is wished."""
    await desk.open(scram=True)
    ways = (desk.plain, desk.scram)
    assert [ACCEPTED] * 2 == [await way("alice", PASSWORD) for way in ways]
    changed = await desk.accounts.set_password(SetPassword("alice", WRONG, scram=True), OPERATOR)
    assert ("scram-sha-256",) == changed.verifiers
    assert [ACCEPTED] * 2 == [await way("alice", WRONG) for way in ways]
    await desk.accounts.set_password(SetPassword("alice", PASSWORD), OPERATOR)
    assert [ACCEPTED, REFUSED] == [await way("alice", PASSWORD) for way in ways]


async def test_keeper_a_new_password_ends_app_passwords(desk: Desk) -> None:
    """After a theft the thief's programs are out."""
    await desk.open()
    phone = await desk.app_password()
    view = await desk.accounts.set_password(SetPassword("alice", WRONG), OPERATOR)
    assert () == view.app_passwords
    assert REFUSED == await desk.plain("alice", phone)


async def test_keeper_unknown_logins_look_like_known_ones(desk: Desk) -> None:
    """RFC 5802 §9: salt and work are of one form, stable for each login and different between them."""
    for name in ("alice", "bob"):
        await desk.open(name)
    await desk.app_password()
    salts: dict[str, set[bytes]] = {}
    for login in ("alice", "alice", "Alice@harbor.test", "bob", "bob", "nobody", "Nobody", "nobody@harbor.test", "x"):
        challenge = await desk.begin(client_of(login, PASSWORD))
        nonce, salt, iterations = challenge.server_first.split(b",")
        assert (CONTINUES, 26, b"i=4096") == (challenge.outcome, len(salt), iterations)
        assert len(b"r=clientnonce") + 24 == len(nonce)
        salts.setdefault(login.lower().partition("@")[0], set()).add(salt)
    assert [1] * 4 == list(map(len, salts.values()))
    assert 4 == len(set.union(*salts.values()))
    assert [REFUSED] * 3 == [await desk.scram(login, PASSWORD) for login in ("alice", "bob", "nobody")]


async def test_keeper_a_proof_costs_the_same_whoever_it_is_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time tells neither whether there is such a login nor how many app passwords it has."""
    checked, finish = [0], ServerExchange.finish

    def counted(exchange: ServerExchange, octets: bytes) -> bytes | None:
        checked[-1] += 1
        return finish(exchange, octets)

    monkeypatch.setattr(ServerExchange, "finish", counted)
    for name in ("alice", "bob"):
        await desk.open(name)
    for label in ("phone", "laptop"):
        await desk.app_password(label)
    for login in ("alice", "bob", "nobody"):
        assert REFUSED == await desk.scram(login, WRONG)
        checked.append(0)
    assert [MAX_APP_PASSWORDS + 1] * 3 == checked[:3]


async def test_keeper_salts_stay_when_an_account_is_opened(desk: Desk) -> None:
    """Nobody sees by its salt when a login came into being, or got its first app password."""
    before = (await desk.begin(client_of("alice", ""))).server_first.split(b",")[1]
    await desk.open()
    opened = (await desk.begin(client_of("alice", ""))).server_first.split(b",")[1]
    await desk.app_password()
    assert before == opened == (await desk.begin(client_of("alice", ""))).server_first.split(b",")[1]


async def test_keeper_an_exchange_is_good_for_one_proof(desk: Desk) -> None:
    """Neither the same message again, nor the same proof in another exchange, is of any use."""
    await desk.open()
    client = client_of("alice", await desk.app_password())
    challenge = await desk.begin(client)
    proof = client.final(challenge.server_first)
    assert ACCEPTED == (await desk.finish(challenge.exchange, proof)).outcome
    assert REFUSED == (await desk.finish(challenge.exchange, proof)).outcome
    again = await desk.begin(client)
    assert REFUSED == (await desk.finish(again.exchange, proof)).outcome
    assert ScramFinal(REFUSED) == await desk.finish("no such name", proof)


@pytest.mark.parametrize(("seconds", "expected"), [(MAX_SECONDS, ACCEPTED), (MAX_SECONDS + 0.1, REFUSED)])
async def test_keeper_an_exchange_ends_in_time(desk: Desk, seconds: float, expected: AuthenticationOutcome) -> None:
    """A proof may come within a minute."""
    await desk.open()
    client = client_of("alice", await desk.app_password())
    challenge = await desk.begin(client)
    desk.clock.jump(seconds)
    assert expected == (await desk.finish(challenge.exchange, client.final(challenge.server_first))).outcome


@pytest.mark.parametrize("limit", ["MAX_OPEN", "MAX_OPEN_PER_HOST"])
async def test_keeper_holds_few_exchanges(desk: Desk, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """At the limit the oldest is forgotten, the oldest of one host first."""
    monkeypatch.setattr(module, limit, 2)
    await desk.open()
    client = client_of("alice", await desk.app_password())
    elsewhere = await desk.begin(client, address=ELSEWHERE)
    begun = [await desk.begin(client) for _ in range(3)]
    ended = [(await desk.finish(each.exchange, client.final(each.server_first))).outcome for each in begun]
    assert [REFUSED, ACCEPTED, ACCEPTED] == ended
    last = await desk.finish(elsewhere.exchange, client.final(elsewhere.server_first))
    assert (ACCEPTED if limit == "MAX_OPEN_PER_HOST" else REFUSED) == last.outcome


@pytest.mark.parametrize(
    ("mechanism", "first"),
    [
        ("SCRAM-SHA-1", b"n,,n=alice,r=x"),
        (SCRAM_SHA_256, b""),
        (SCRAM_SHA_256, b"n,,n=alice"),
        (SCRAM_SHA_256, b"y,,n=alice,r=x"),  # it says that we can't do -PLUS: somebody took our offer away
        (SCRAM_SHA_256_PLUS, b"n,,n=alice,r=x"),
        (SCRAM_SHA_256, b"n,a=bob,n=alice,r=x"),
        (SCRAM_SHA_256, b"\xff" * 10_000),
    ],
)
async def test_keeper_scram_refuses_what_it_does_not_understand(desk: Desk, mechanism: str, first: bytes) -> None:
    """Malformed, downgraded or unknown: refused with the first message."""
    assert ScramChallenge(REFUSED) == await desk.logins.begin_scram(BeginScram(mechanism, first, BINDING), SUBMISSION)


async def test_keeper_scram_is_bound_to_the_certificate(desk: Desk) -> None:
    """Who sits in between showed the client another certificate: its proof is of no use here."""
    await desk.open()
    client = client_of("alice", await desk.app_password(), SCRAM_SHA_256_PLUS, b"of another certificate")
    challenge = await desk.begin(client, SCRAM_SHA_256_PLUS)
    assert REFUSED == (await desk.finish(challenge.exchange, client.final(challenge.server_first))).outcome
    assert ["wrong password"] == desk.kept.reasons("login.refused")


async def test_keeper_a_closed_account_lets_nobody_in(desk: Desk) -> None:
    """Whatever the proof."""
    await desk.open()
    phone = await desk.app_password()
    await desk.accounts.disable_account(DisableAccount("alice"), OPERATOR)
    assert [REFUSED] * 2 == [await desk.plain("alice", phone), await desk.scram("alice", phone)]
    external = await desk.logins.authenticate_external(AuthenticateExternal("alice", HERE), SUBMISSION)
    assert REFUSED == external.outcome


@pytest.mark.parametrize(
    ("login", "expected", "account"),
    [("alice", ACCEPTED, "alice"), ("ALICE@harbor.test", ACCEPTED, "alice"), ("bob", REFUSED, ""), ("", REFUSED, "")],
)
async def test_keeper_a_proved_certificate_needs_an_open_account(
    desk: Desk, login: str, expected: AuthenticationOutcome, account: str
) -> None:
    """EXTERNAL: submission proved the certificate, the keeper knows whose it is."""
    await desk.open()
    answer = await desk.logins.authenticate_external(AuthenticateExternal(login, HERE), SUBMISSION)
    assert (expected, account) == (answer.outcome, answer.account)


@pytest.mark.parametrize("way", ["plain", "scram"])
@pytest.mark.parametrize("login", ["alice", "nobody"])
async def test_keeper_during_lock_out_the_right_password_is_not_told_apart(desk: Desk, way: str, login: str) -> None:
    """Known and unknown logins, right and wrong passwords: all read the same until the pause is over."""
    await desk.open(scram=True)
    ask = getattr(desk, way)
    spellings = (login, login.upper(), f"{login}@harbor.test")
    assert [REFUSED] * 3 == [await ask(each, WRONG) for each in spellings]
    assert [TRY_LATER] * 2 == [await ask(login, word, address=ELSEWHERE) for word in (PASSWORD, WRONG)]
    desk.clock.jump(1.0)
    assert (ACCEPTED if login == "alice" else REFUSED) == await ask(login, PASSWORD)


@pytest.mark.parametrize("way", ["plain", "scram"])
async def test_keeper_app_passwords_work_while_somebody_guesses(desk: Desk, way: str) -> None:
    """They are too long to guess: who guesses at a login cannot lock its owner's programs out, nor gain by them."""
    await desk.open()
    phone = await desk.app_password()
    for _ in range(3):
        await desk.plain("alice", WRONG, ELSEWHERE)
    assert ACCEPTED == await getattr(desk, way)("alice", phone)
    assert TRY_LATER == await desk.plain("alice", PASSWORD)


@pytest.mark.parametrize("way", ["plain", "scram"])
async def test_keeper_an_address_that_guesses_is_locked_out(desk: Desk, way: str) -> None:
    """One guess at each of many logins is counted too; then nothing from there is looked at, app passwords included."""
    await desk.open()
    phone = await desk.app_password()
    ask = getattr(desk, way)
    for number in range(6):
        assert REFUSED == await ask(f"login{number}", WRONG)
    assert TRY_LATER == await ask("alice", phone)
    assert ACCEPTED == await ask("alice", phone, address=ELSEWHERE)


async def test_keeper_guesses_at_a_locked_login_lock_the_address(desk: Desk) -> None:
    """Who goes on knocking is soon not heard at all."""
    await desk.open()
    for _ in range(6):
        await desk.plain("alice", WRONG)
    await desk.plain("bob", WRONG)
    assert "too many wrong guesses from there" == desk.kept.reasons("login.deferred")[-1]


async def test_keeper_no_secret_of_a_login_is_logged_or_shown(desk: Desk) -> None:
    """Neither passwords nor proofs nor keys; the label and the kind of proof are."""
    await desk.open(scram=True)
    phone = await desk.app_password()
    await desk.scram("alice", phone)
    view = await desk.accounts.set_password(SetPassword("alice", WRONG, scram=True), OPERATOR)
    phone = await desk.app_password()
    (account,) = desk.logins.ledger.directory.accounts.values()
    shown = f"{desk.kept.lines} {view} {account.view()}"
    for secret in (PASSWORD, WRONG, phone, *(repr(each.stored_key) for each in account.scram)):
        assert secret not in shown
    (accepted,) = [line for line in desk.kept.lines if line["event"] == "login.accepted"]
    assert ("SCRAM-SHA-256", "phone", HERE) == (accepted["mechanism"], accepted["app_password"], accepted["address"])


async def test_keeper_app_passwords_are_long_and_have_names(desk: Desk) -> None:
    """At least 100 bits, in groups for the eye; labels are unique and printable, and there is a limit."""
    await desk.open()
    made = {await desk.app_password(f"n{number}") for number in range(32)}
    assert (32, {(6, 4)}) == (
        len(made),
        {(len(groups), len(min(groups, key=len))) for groups in (word.split("-") for word in made)},
    )
    for label, reason in (("n1", "already"), ("", "a label is"), ("a\nb", "a label is"), ("more", "remove one first")):
        with pytest.raises(PermanentFailure, match=reason):
            await desk.app_password(label)
    with pytest.raises(PermanentFailure, match="no account bob"):
        await desk.app_password(name="bob")
    with pytest.raises(PermanentFailure, match="no app password 'x'"):
        await desk.accounts.remove_app_password(RemoveAppPassword("alice", "x"), OPERATOR)


async def test_keeper_the_key_of_salts_survives(tmp_path: Path) -> None:
    """It is made once, for its owner only; a damaged one is named."""
    key = load_or_make_key(tmp_path)
    assert (32, key) == (len(key), load_or_make_key(tmp_path))
    assert 0o600 == (tmp_path / "scram.key").stat().st_mode & 0o777
    (tmp_path / "scram.key").write_bytes(b"short")
    with pytest.raises(ValueError, match=r"scram\.key"):
        load_or_make_key(tmp_path)


async def test_keeper_client_refuses_a_server_without_the_verifier(desk: Desk) -> None:
    """The server's last message proves that it knows the verifier: another one is not believed."""
    await desk.open()
    client = client_of("alice", await desk.app_password())
    challenge = await desk.begin(client)
    await desk.finish(challenge.exchange, client.final(challenge.server_first))
    with pytest.raises(ProtocolError):
        client.check(b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
