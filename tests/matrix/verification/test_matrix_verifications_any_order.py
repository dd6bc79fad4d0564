"""Verifications whatever people and networks do: any order of acts, messages that are lost, doubled or late."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.identity_homes import Home, homes
from fakes.verifying_homes import everyone_hears, made_ready, trust_of, with_identities
from scop.base import LocalProtocolError
from scop.matrix.encryption.trust import Trust
from scop.matrix.verification import StringsShown, VerificationCancelled, VerificationDone
from scop.matrix.verification.turns import Stage

_ADA, _BEN = ("@ada:x", "DESK"), ("@ben:x", "BOAT")


def _lose(home: Home) -> None:
    """Lose what waits for a device."""
    home.server.of(home.place).mailbox.clear()


def _double(home: Home) -> None:
    """Deliver what waits for a device twice."""
    stored = home.server.of(home.place)
    stored.mailbox += list(stored.mailbox)


def _reverse(home: Home) -> None:
    """Deliver what waits for a device in another order."""
    home.server.of(home.place).mailbox.reverse()


def _wait(home: Home) -> None:
    home.clock.jump(70)


def _start(home: Home, flow_id: str) -> None:
    home.act(home.identity.verifications.start_sas(flow_id))


def _confirm(home: Home, flow_id: str) -> None:
    home.act(home.identity.verifications.confirm(flow_id))


def _differ(home: Home, flow_id: str) -> None:
    home.act(home.identity.verifications.mismatch(flow_id))


_NETWORK: tuple[Callable[[Home], object], ...] = (Home.hear, Home.hear, Home.hear, _lose, _double, _reverse, _wait)
_PEOPLE: tuple[Callable[[Home, str], None], ...] = (_start, _confirm, _confirm, _differ)
_ACTS = st.lists(st.tuples(st.booleans(), st.sampled_from(range(len(_NETWORK) + len(_PEOPLE)))), max_size=25)


def _play(people: list[Home], flow_id: str, acts: list[tuple[bool, int]]) -> None:
    for whose, number in acts:
        home = people[whose]
        if number < len(_NETWORK):
            _NETWORK[number](home)
        else:
            with contextlib.suppress(LocalProtocolError):  # not now
                _PEOPLE[number - len(_NETWORK)](home, flow_id)


def _has_seen_the_same(people: list[Home]) -> bool:
    shown = [[one for one in home.told if isinstance(one, StringsShown)] for home in people]
    return all(shown) and shown[0][-1].decimals == shown[1][-1].decimals


@drawn(25)
@given(_ACTS)
def test_verification_is_never_done_without_both_people(acts: list[tuple[bool, int]]) -> None:
    """Whatever happens, nobody is verified before both saw the same and one's own person agreed; nothing crashes."""
    people = homes(_ADA, _BEN)
    flow_id = made_ready(people[0], people[1])
    _play(people, flow_id, acts)
    everyone_hears(people, 3)
    for home, other in (people, people[::-1]):
        done = [one for one in home.told if isinstance(one, VerificationDone)]
        assert (trust_of(home, other) is Trust.VERIFIED) is bool(done)
        assert len(done) <= 1
        if done:
            assert _has_seen_the_same(people)
            assert done[0].device_key == other.machine.own_device.ed25519


@drawn(25)
@given(_ACTS)
def test_verification_ends_on_both_sides(acts: list[tuple[bool, int]]) -> None:
    """After ten minutes nothing is open, and each person was told how it ended exactly once."""
    people = homes(_ADA, _BEN)
    flow_id = made_ready(people[0], people[1])
    _play(people, flow_id, acts)
    people[0].clock.jump(601)
    everyone_hears(people, 3)
    for home in people:
        assert home.identity.verifications.open == {}
        ends = [one for one in home.told if isinstance(one, VerificationDone | VerificationCancelled)]
        assert [one.flow_id for one in ends] == [flow_id]


@drawn(15)
@given(_ACTS)
def test_verification_of_users_in_any_order_trusts_only_their_own_keys(acts: list[tuple[bool, int]]) -> None:
    """With cross-signing, a master key that is verified is the other's own."""
    people = homes(_ADA, _BEN)
    with_identities(*people)
    flow_id = made_ready(people[0], people[1])
    _play(people, flow_id, acts)
    everyone_hears(people, 3)
    for home, other in (people, people[::-1]):
        for one in home.told:
            if isinstance(one, VerificationDone):
                identity = other.identity.trust.identity(other.place[0])
                assert identity is not None
                assert one.master_key == identity.master.key
                assert home.identity.trust.is_verified(other.place[0])


def test_verification_of_a_quiet_network_is_done() -> None:
    """The properties above are not empty: this order of acts verifies both."""
    people = homes(_ADA, _BEN)
    flow_id = made_ready(people[0], people[1])
    hear, start, confirm = 0, len(_NETWORK), len(_NETWORK) + 1
    acts = [(False, start), *[(True, hear), (False, hear)] * 2, (False, confirm), (True, confirm)]
    _play(people, flow_id, [(bool(whose), number) for whose, number in acts])
    everyone_hears(people, 2)
    assert [home.identity.verifications[flow_id].stage for home in people] == [Stage.DONE, Stage.DONE]
