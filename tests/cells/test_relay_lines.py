"""Who is next."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from scop.cells.relay.letters import Load, Waiting
from scop.cells.relay.lines import LineLimits, Lines
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath

LIMITS = LineLimits(underway=5, underway_per_destination=2, waiting_per_destination=4, recipients=50)


def load_to(destination: str, number: int) -> Load:
    """Return a load with one recipient."""
    recipients = (Waiting(number, Recipient(ForwardPath(None))),)
    return Load(number, destination, "trace", Mail(ReversePath(None)), False, 0.0, recipients)


@given(st.lists(st.sampled_from("abcd"), max_size=40))
def test_lines_give_out_each_load_once_and_never_too_many(destinations: list[str]) -> None:
    """Whatever the order of things, the limits hold, nothing is lost, and each destination keeps its order."""
    lines = Lines(LIMITS)
    for number, destination in enumerate(destinations):
        lines.add(load_to(destination, number))
    underway: list[Load] = []
    given_out: list[Load] = []
    while underway or not given_out or len(given_out) < len(destinations):
        while (load := lines.next_load()) is not None:
            underway.append(load)
            given_out.append(load)
        assert len(underway) <= LIMITS.underway
        assert max(Counter(load.destination for load in underway).values(), default=0) <= 2
        if not underway:
            break
        lines.finished(underway.pop(0))
    assert len(destinations) == len({load.message for load in given_out})
    for name in "abcd":
        numbers = [load.message for load in given_out if load.destination == name]
        assert sorted(numbers) == numbers
    assert frozenset() == lines.held.recipients


def test_lines_take_turns() -> None:
    """A destination with much mail does not keep another one waiting."""
    lines = Lines(LineLimits(underway=2, underway_per_destination=2))
    for number in range(6):
        lines.add(load_to("busy", number))
    lines.add(load_to("quiet", 6))
    assert ["busy", "quiet"] == [load.destination for load in (lines.next_load(), lines.next_load()) if load]


def test_lines_hold_what_is_here_until_it_is_finished() -> None:
    """What is in line or underway is not read from the queue again; a long line is not made longer."""
    lines = Lines(LIMITS)
    for number in range(4):
        lines.add(load_to("a", number))
    assert (frozenset(range(4)), frozenset("a")) == (lines.held.recipients, lines.held.destinations)
    first = lines.next_load()
    assert first is not None
    assert (frozenset(range(4)), frozenset()) == (lines.held.recipients, lines.held.destinations)
    lines.finished(first)
    assert frozenset({1, 2, 3}) == lines.held.recipients


def test_lines_tell_when_they_run_low() -> None:
    """The queue is asked again before a line is empty, not at each mail."""
    lines = Lines(LIMITS)
    for number in range(3):
        lines.add(load_to("a", number))
    told = []
    while (load := lines.next_load()) is not None:
        told.append(lines.finished(load))
    assert [False, False, True] == told


def test_lines_have_room_for_a_bounded_number_of_recipients() -> None:
    """Memory does not grow with the queue."""
    lines = Lines(LineLimits(recipients=2))
    lines.add(load_to("a", 1))
    assert lines.has_room
    lines.add(load_to("b", 2))
    assert not lines.has_room
