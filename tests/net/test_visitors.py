"""Who is connected."""

from hypothesis import given
from hypothesis import strategies as st

from scop.net.visitors import Visitors


def test_limits_hold_at_n_and_n_plus_1() -> None:
    """All together, and by address."""
    visitors = Visitors(max_connections=3, max_per_address=2)
    assert [True, True, False, True, False] == [visitors.enter(each) for each in "aaabb"]
    visitors.leave("a")
    assert visitors.enter("b")


@given(st.lists(st.sampled_from("abc"), max_size=20))
def test_who_left_takes_no_room(addresses: list[str]) -> None:
    """After everybody left there is room for as many as at first."""
    visitors = Visitors(max_connections=5, max_per_address=3)
    for address in [each for each in addresses if visitors.enter(each)]:
        visitors.leave(address)
    assert [True] * 3 == [visitors.enter("a") for _ in range(3)]
