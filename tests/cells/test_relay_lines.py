"""Who is next."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from scop.cells.relay.letters import Load, Waiting
from scop.cells.relay.lines import SILENT_SECONDS, LineLimits, Lines
from scop.cells.relay.schedule import OUTSIDE
from scop.cells.relay.verdict import Fate, Trouble, Verdict
from scop.cells.relay.window import Window
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath

LIMITS = LineLimits(underway=5, waiting_per_hop=4, recipients=50)
NOW = 1_800_000_000.0
DOWN = Verdict(Fate.LATER, "4.4.1", "no answer", trouble=Trouble.DOWN)


def lines_of(limits: LineLimits = LIMITS, *, window_limit: int = 2) -> Lines:
    """Return lines where every destination is a hop of its own."""
    return Lines(limits, lambda destination: destination, lambda _: Window(OUTSIDE, limit=window_limit))


def load_to(destination: str, number: int) -> Load:
    """Return a load with one recipient."""
    recipients = (Waiting(number, Recipient(ForwardPath(None))),)
    return Load(number, destination, "trace", Mail(ReversePath(None)), False, 0.0, recipients)


@given(st.lists(st.sampled_from("abcd"), max_size=40))
def test_lines_give_out_each_load_once_and_never_too_many(destinations: list[str]) -> None:
    """Whatever the order of things, the limits hold, nothing is lost, and each destination keeps its order."""
    lines = lines_of()
    for number, destination in enumerate(destinations):
        lines.add(load_to(destination, number))
    underway: list[Load] = []
    given_out: list[Load] = []
    while underway or not given_out or len(given_out) < len(destinations):
        while (load := lines.next_load(NOW)) is not None:
            underway.append(load)
            given_out.append(load)
        counts = Counter(load.destination for load in underway)
        assert sum(count - 1 for count in counts.values()) < LIMITS.underway
        assert max(counts.values(), default=0) <= 2
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
    lines = lines_of(LineLimits(underway=2))
    for number in range(6):
        lines.add(load_to("busy", number))
    lines.add(load_to("quiet", 6))
    assert ["busy", "quiet"] == [load.destination for load in (lines.next_load(NOW), lines.next_load(NOW)) if load]


def test_lines_hold_what_is_here_until_it_is_finished() -> None:
    """What is in line or underway is not read from the queue again; a long line is not made longer."""
    lines = lines_of()
    for number in range(4):
        lines.add(load_to("a", number))
    assert (frozenset(range(4)), frozenset("a")) == (lines.held.recipients, lines.held.destinations)
    first = lines.next_load(NOW)
    assert first is not None
    assert (frozenset(range(4)), frozenset()) == (lines.held.recipients, lines.held.destinations)
    lines.finished(first)
    assert frozenset({1, 2, 3}) == lines.held.recipients


def test_lines_tell_when_they_run_low() -> None:
    """The queue is asked again before a line is empty, not at each mail."""
    lines = lines_of()
    for number in range(3):
        lines.add(load_to("a", number))
    told = []
    while (load := lines.next_load(NOW)) is not None:
        told.append(lines.finished(load))
    assert [False, False, True] == told


def test_lines_have_room_for_a_bounded_number_of_recipients() -> None:
    """Memory does not grow with the queue."""
    lines = lines_of(LineLimits(recipients=2))
    lines.add(load_to("a", 1))
    assert lines.has_room
    lines.add(load_to("b", 2))
    assert not lines.has_room


def test_lines_put_back_what_stands_behind_a_hop_that_hangs() -> None:
    """It makes room for others, and is not read again until the hop is heard of; nothing else goes back."""
    lines = lines_of(LineLimits(recipients=4), window_limit=1)
    for number, destination in enumerate(("hung", "hung", "good", "good")):
        lines.add(load_to(destination, number))
    hung, good = lines.next_load(NOW), lines.next_load(NOW)
    assert hung is not None
    assert good is not None
    lines.put_back(NOW)
    assert not lines.has_room
    lines.finished(good)
    lines.put_back(NOW + SILENT_SECONDS)
    assert (frozenset({0, 3}), frozenset({"hung"}), True) == (
        lines.held.recipients,
        lines.held.destinations,
        lines.has_room,
    )
    assert lines.finished(hung)
    assert (frozenset({3}), frozenset()) == (lines.held.recipients, lines.held.destinations)


def test_lines_of_hung_hops_leave_one_load_to_each_other_hop() -> None:
    """A hundred transactions that hang at a few hosts do not stop the mail for all others, up to twice as many."""
    lines = lines_of(LineLimits(underway=2))
    for number, destination in enumerate(("hung", "hung", "a", "a", "b", "c")):
        lines.add(load_to(destination, number))
    loads = [lines.next_load(NOW) for _ in range(6)]
    assert ["hung", "a", "b", "c", None, None] == [load and load.destination for load in loads]


def test_lines_make_one_load_of_what_goes_to_one_hop() -> None:
    """RFC 5321 §4.5.4.1: one copy for all recipients of a host, also where a smarthost stands for many domains."""
    lines = Lines(LIMITS, lambda _: "smarthost", lambda _: Window(OUTSIDE))
    lines.add(load_to("a", 1))
    lines.add(load_to("c", 3))
    both = Load(1, "b", "trace", Mail(ReversePath(None)), False, 0.0, load_to("b", 2).recipients)
    lines.add(both)
    first = lines.next_load(NOW)
    assert first is not None
    assert (1, [1, 2]) == (first.message, [waiting.id for waiting in first.recipients])
    assert frozenset({1, 2, 3}) == lines.held.recipients
    lines.finished(first)
    assert frozenset({3}) == lines.held.recipients


def test_lines_hold_all_destinations_of_a_hop_that_is_long() -> None:
    """The queue must not be asked for the one while the other fills the line of both."""
    lines = Lines(LIMITS, lambda _: "smarthost", lambda _: Window(OUTSIDE))
    for number, name in enumerate("abab"):
        lines.add(load_to(name, number))
    assert frozenset("ab") == lines.held.destinations


def test_lines_of_a_closed_hop_are_given_out_at_once() -> None:
    """They are not tried: they only hear that the hop is closed, and must not wait for a turn."""
    lines = lines_of(window_limit=1)
    for number in range(4):
        lines.add(load_to("a", number))
    lines.window(load_to("a", 0)).note(DOWN, NOW, 0.5)
    assert [0, 1, 2, 3] == [load.message for _ in range(4) if (load := lines.next_load(NOW))]


def test_lines_probe_a_hop_by_one_load() -> None:
    """When its pause is over one goes out; the others wait for what it finds."""
    lines = lines_of()
    for number in range(4):
        lines.add(load_to("a", number))
    window = lines.window(load_to("a", 0))
    window.note(DOWN, NOW, 0.5)
    later = window.closed_until_unix
    probe = lines.next_load(later)
    assert probe is not None
    assert lines.next_load(later) is None
    lines.finished(probe)
    assert lines.next_load(later) is not None


def test_lines_remember_a_bounded_number_of_hops() -> None:
    """Names from outside do not fill the memory; what was not looked at for longest is forgotten."""
    lines = lines_of(LineLimits(windows=2))
    lines.window(load_to("a", 1)).limit = 9
    lines.window(load_to("b", 2))
    lines.window(load_to("a", 3))
    lines.window(load_to("c", 4))
    lines.window(load_to("b", 5))
    assert [2, 2] == [lines.window(load_to(name, 6)).limit for name in "cb"]
    lines = lines_of(LineLimits(windows=2))
    lines.window(load_to("a", 1)).limit = 9
    lines.window(load_to("b", 2))
    assert 9 == lines.window(load_to("a", 3)).limit
