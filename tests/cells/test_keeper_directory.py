"""Who is who: names, addresses, roles, senders."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.keeper.account import Account
from scop.cells.keeper.directory import Directory
from scop.mesh.vocabulary.keeper import RecipientOutcome, ResolvedRecipient, SendAs, SendPermission

DOMAIN = "harbor.test"


def account(
    name: str,
    *addresses: str,
    send_as: SendAs = SendAs.OWN,
    disabled: bool = False,
    created_unix: float = 1.0,
) -> Account:
    """Build an account with the addresses `x@harbor.test`, by default its own name."""
    return Account(
        name=name,
        addresses=tuple(f"{local_part}@{DOMAIN}" for local_part in addresses or (name,)),
        verifiers=(),
        send_as=send_as,
        disabled=disabled,
        created_unix=created_unix,
    )


def delivered_to(*accounts: str) -> ResolvedRecipient:
    """Return the answer that mail goes to these accounts."""
    return ResolvedRecipient(RecipientOutcome.DELIVER, accounts)


ALICE = account("alice", "alice", "a.liddell", created_unix=2.0)
BOB = account("bob", created_unix=1.0)
DIRECTORY = Directory.of(DOMAIN, (ALICE, BOB))


@pytest.mark.parametrize(
    "address",
    ["alice@harbor.test", "ALICE@Harbor.TEST", "a.liddell@harbor.test", '"alice"@harbor.test', "alice+a+b@harbor.test"],
)
def test_keeper_resolves_every_spelling_of_an_address(address: str) -> None:
    """Case, quotes and a +detail do not matter for our own domain."""
    assert delivered_to("alice") == DIRECTORY.resolve(address)


@pytest.mark.parametrize("address", ["carol@harbor.test", "alice@lagoon.test", "+alice@harbor.test", "alice", "a b@x"])
def test_keeper_knows_no_other_address(address: str) -> None:
    """What no account bears is unknown, and so is every other domain and every other text."""
    assert ResolvedRecipient(RecipientOutcome.UNKNOWN) == DIRECTORY.resolve(address)


@given(st.text(string.ascii_letters, min_size=1, max_size=5))
def test_keeper_compares_local_parts_without_case(detail: str) -> None:
    """Any case of any detail leads to the same account."""
    assert DIRECTORY.resolve(f"Bob+{detail}@harbor.test") == DIRECTORY.resolve("bOB@harbor.test")


def test_keeper_an_address_with_a_plus_of_its_own_comes_first() -> None:
    """Who bears `alice+work` gets its mail, not alice."""
    directory = DIRECTORY.having(account("desk", "alice+work"))
    assert delivered_to("desk") == directory.resolve("alice+work@harbor.test")
    assert delivered_to("alice") == directory.resolve("alice+home@harbor.test")


def test_keeper_a_closed_account_takes_no_mail() -> None:
    """Its addresses are known and disabled."""
    directory = DIRECTORY.having(account("bob", disabled=True))
    assert ResolvedRecipient(RecipientOutcome.DISABLED) == directory.resolve("bob@harbor.test")


ROLE_ADDRESSES = ["", "postmaster@harbor.test", "PostMaster@harbor.test", "abuse@harbor.test", "abuse+x@harbor.test"]


@pytest.mark.parametrize("address", ROLE_ADDRESSES)
def test_keeper_roles_reach_the_oldest_open_account(address: str) -> None:
    """RFC 5321 §4.5.1, RFC 2142 §4: postmaster and abuse reach a person without any set-up."""
    assert delivered_to("bob") == DIRECTORY.resolve(address)
    assert delivered_to("alice") == DIRECTORY.having(account("bob", disabled=True)).resolve(address)


@pytest.mark.parametrize("address", ROLE_ADDRESSES)
def test_keeper_roles_of_a_domain_without_people_are_tried_later(address: str) -> None:
    """Mail to postmaster is never refused for good."""
    later = ResolvedRecipient(RecipientOutcome.TRY_LATER)
    assert later == Directory(DOMAIN).resolve(address)
    assert later == Directory.of(DOMAIN, [account("bob", disabled=True)]).resolve(address)


def test_keeper_a_role_address_of_an_account_is_its() -> None:
    """An alias decides, while its account is open."""
    open_desk = account("desk", "desk", "postmaster", created_unix=9.0)
    closed_desk = account("desk", "desk", "postmaster", created_unix=0.0, disabled=True)
    assert delivered_to("desk") == DIRECTORY.having(open_desk).resolve("")
    assert delivered_to("bob") == DIRECTORY.having(closed_desk).resolve("")


def test_keeper_an_address_belongs_to_one_account() -> None:
    """A second claim, in any spelling, is refused, and so is an address of another domain."""
    with pytest.raises(ValueError, match="belongs to another"):
        DIRECTORY.having(account("carol", "carol", "A.Liddell"))
    foreign = Account(name="x", addresses=("x@lagoon.test",), verifiers=(), created_unix=0.0)
    with pytest.raises(ValueError, match="no address of"):
        DIRECTORY.having(foreign)


def test_keeper_an_address_given_up_is_free() -> None:
    """Only the newest form of an account holds addresses."""
    directory = DIRECTORY.having(account("alice")).having(account("carol", "a.liddell"))
    assert delivered_to("carol") == directory.resolve("a.liddell@harbor.test")


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (("alice@harbor.test", "A.Liddell@harbor.test", "alice+x@harbor.test"), SendPermission(allowed=True)),
        (("alice@harbor.test", "bob@harbor.test"), SendPermission(allowed=False, refused_address="bob@harbor.test")),
        (("alice@lagoon.test",), SendPermission(allowed=False, refused_address="alice@lagoon.test")),
        (("postmaster@harbor.test",), SendPermission(allowed=False, refused_address="postmaster@harbor.test")),
        (("nonsense",), SendPermission(allowed=False, refused_address="nonsense")),
        ((), SendPermission(allowed=True)),
    ],
)
def test_keeper_an_account_sends_as_its_own_addresses(addresses: tuple[str, ...], expected: SendPermission) -> None:
    """Every address must be the account's; the first that is not is named."""
    assert expected == DIRECTORY.may_send_as("alice", addresses)


def test_keeper_the_grant_any_allows_every_sender_while_the_account_is_open() -> None:
    """`send_as = any` holds for foreign senders too, but not once the account is closed, nor for nobody."""
    directory = DIRECTORY.having(account("postman", send_as=SendAs.ANY))
    assert SendPermission(allowed=True) == directory.may_send_as("postman", ("ceo@lagoon.test",))
    closed = DIRECTORY.having(account("postman", send_as=SendAs.ANY, disabled=True))
    assert not closed.may_send_as("postman", ("ceo@lagoon.test",)).allowed
    assert not closed.may_send_as("postman", ()).allowed
    assert not DIRECTORY.may_send_as("nobody", ("nobody@harbor.test",)).allowed


@pytest.mark.parametrize("login", ["alice", "ALICE", "alice@harbor.test", "a.liddell@HARBOR.test"])
def test_keeper_a_login_is_a_name_or_an_address(login: str) -> None:
    """Any spelling of either finds the account."""
    assert ALICE == DIRECTORY.find_login(login)


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("Alice", "alice"),
        ("A.Liddell@harbor.test", "alice"),
        ("Carol", "carol"),
        ("CAROL@Harbor.test", "carol"),
        ("carol@lagoon.test", "carol@lagoon.test"),
        ("no address", "no address"),
        ("x" * 1000, "x" * 320),
    ],
)
def test_keeper_spellings_of_a_login_are_one_known_or_not(login: str, expected: str) -> None:
    """By the count of guesses and by the salt nobody can tell whether there is such an account."""
    assert expected == DIRECTORY.login_name(login)


@pytest.mark.parametrize("login", ["", "carol", "alice@lagoon.test", "alice+x@harbor.test"])
def test_keeper_other_logins_find_nobody(login: str) -> None:
    """A +detail is for mail, not for logins: each would be another count of guesses."""
    assert None is DIRECTORY.find_login(login)
