"""What follows from counts: each limit at n and one less, shares, fading, networks, forwarders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.reputation import Deed, Reputation, Rules, Standing
from scop.reputation.subjects import Party
from scop.reputation.tally import Tally

NOW = 1_700_000_000.0
DAY = 86_400.0
HOST, NETWORK = "192.0.2.7", "192.0.2.0/24"
WELCOME, DELAY, REFUSE = Standing


def reputation(*deeds: tuple[Deed, int], party: Party | None = None) -> Reputation:
    """Count that many of each deed, a second apart."""
    made, now = Reputation(), NOW
    for deed, times in deeds:
        for _ in range(times):
            made.note(deed, party or Party(HOST, NETWORK), now)
            now += 1
    return made


def standing(made: Reputation, subject: str = HOST, *, later: float = 100.0) -> Standing:
    """Return how a subject stands."""
    return made.finding(subject, NOW + later).standing


@pytest.mark.parametrize(
    ("deed", "times", "expected"),
    [
        (Deed.FORGERY, 2, WELCOME),
        (Deed.FORGERY, 3, DELAY),
        (Deed.FORGERY, 9, DELAY),
        (Deed.FORGERY, 10, REFUSE),
        (Deed.MALWARE, 1, DELAY),
        (Deed.MALWARE, 3, DELAY),
        (Deed.MALWARE, 4, REFUSE),
        (Deed.SPAM, 9, WELCOME),
        (Deed.SPAM, 10, DELAY),
        (Deed.SPAM, 39, DELAY),
        (Deed.SPAM, 40, REFUSE),
        (Deed.HAM, 1000, WELCOME),
        (Deed.HARMLESS, 1000, WELCOME),
    ],
)
def test_reputation_host_is_judged_by_what_it_brought(deed: Deed, times: int, expected: Standing) -> None:
    """Rules 1 and 2, at each limit and one below."""
    assert expected is standing(reputation((deed, times)))


def test_reputation_note_says_whom_the_tenth_forgery_shuts_out() -> None:
    """The tenth and each further one, so that a ban that ended begins anew."""
    made = Reputation()
    told = [[row.subject for row in made.note(Deed.FORGERY, Party(HOST, NETWORK), NOW + n)] for n in range(11)]
    assert [[]] * 9 + [[HOST], [HOST]] == told


@pytest.mark.parametrize(
    ("honest", "forged", "expected"), [(30, 10, REFUSE), (31, 10, WELCOME), (3, 1, WELCOME), (300, 90, WELCOME)]
)
def test_reputation_forwarder_is_known_by_its_honest_mail(honest: int, forged: int, expected: Standing) -> None:
    """Rule 1: who brings more than three honest mails for each forged one is not shut out by accident."""
    assert expected is standing(reputation((Deed.HAM, honest), (Deed.FORGERY, forged)), later=400)


@pytest.mark.parametrize(
    ("honest", "infected", "expected"), [(10, 1, WELCOME), (8, 1, DELAY), (100, 8, WELCOME), (30, 4, REFUSE)]
)
def test_reputation_forwarder_is_not_shut_out_by_an_infected_mail(
    honest: int, infected: int, expected: Standing
) -> None:
    """Rule 1: one counts as three, and among a hundred honest mails there may be several."""
    assert expected is standing(reputation((Deed.HAM, honest), (Deed.MALWARE, infected)), later=110)


def test_reputation_sender_of_malware_comes_back_in_days() -> None:
    """Four shut the door for a day; then it opens a little, and at last it is forgotten."""
    made = reputation((Deed.MALWARE, 4))
    assert [REFUSE, DELAY, DELAY, WELCOME] == [standing(made, later=days * DAY) for days in (0.1, 1, 2, 3)]


def test_reputation_harmless_words_excuse_no_forgery() -> None:
    """Anybody can write them: they weigh against spam only, and forgeries weigh on no filter's opinion."""
    assert REFUSE is standing(reputation((Deed.HARMLESS, 1000), (Deed.FORGERY, 10)), later=1100)
    assert [REFUSE, WELCOME] == [
        standing(reputation((Deed.HARMLESS, harmless), (Deed.SPAM, 60)), later=100) for harmless in (19, 21)
    ]


def test_reputation_fades_by_half_a_day() -> None:
    """Twenty forgeries are ten after a day, and nine and a bit soon after; at last nothing is known."""
    made = reputation((Deed.FORGERY, 20))
    assert [REFUSE, REFUSE, DELAY, WELCOME] == [standing(made, later=days * DAY) for days in (0.1, 1, 1.2, 4)]
    assert ("Nothing is known about 192.0.2.7.",) == made.why(HOST, NOW + 9 * DAY)


def test_reputation_clock_that_goes_back_lets_nothing_grow() -> None:
    """What is known stays as it is, and fades from then on."""
    tally = Tally(NOW, 1.0, 2.0, 3.0, 4.0)
    back = tally.faded(NOW - 1000, DAY)
    assert Tally(NOW - 1000, 1.0, 2.0, 3.0, 4.0) == back
    assert Tally(NOW - 1000 + DAY, 0.5, 1.0, 1.5, 2.0) == back.faded(NOW - 1000 + DAY, DAY)


@pytest.mark.parametrize(("hosts", "each", "expected"), [(2, 30, WELCOME), (3, 13, DELAY), (4, 10, REFUSE)])
def test_reputation_network_needs_several_hosts(hosts: int, each: int, expected: Standing) -> None:
    """Rule 3: forty of them, and three hosts; one bad host is not its network."""
    made = Reputation()
    for number in range(hosts):
        for second in range(each):
            made.note(Deed.FORGERY, Party(f"192.0.2.{number}", NETWORK), NOW + second)
    assert expected is standing(made, NETWORK)


@pytest.mark.parametrize(
    ("honest", "forged", "expected"), [(97, 10, REFUSE), (100, 10, DELAY), (400, 95, DELAY), (400, 100, REFUSE)]
)
def test_reputation_host_of_a_big_sender_is_delayed_only(honest: int, forged: int, expected: Standing) -> None:
    """Rule 4: its network has a good name of its own; a hundred forgeries by itself are too many."""
    made = Reputation()
    for second in range(honest):
        made.note(Deed.HAM, Party("192.0.2.99", NETWORK), NOW + second / 100)
    for second in range(forged):
        made.note(Deed.FORGERY, Party(HOST, NETWORK), NOW + 5 + second / 100)
    assert expected is standing(made, later=7)


def test_reputation_domain_is_judged_as_a_host_is() -> None:
    """Forty spams that a domain is answerable for, and nothing else."""
    made = reputation((Deed.SPAM, 40), party=Party(domain="lagoon.test"))
    assert [REFUSE, WELCOME] == [standing(made, subject) for subject in ("lagoon.test", HOST)]


def test_reputation_tells_why_in_sentences() -> None:
    """The counts, what follows, and the rule that decides."""
    counts, follows = reputation((Deed.HAM, 1), (Deed.FORGERY, 10)).why(HOST, NOW + 20)
    assert (
        "Known of 192.0.2.7, faded by half in 24 hours: honest 1.0, forged or malware 10.0, taken for harmless 0.0, "
        "taken for spam 0.0."
    ) == counts
    assert (
        "It stands to be refused: 10.0 mails of forgery or malware, 91% of what is known; "
        "from 10 and 25% on it is refused."
    ) == follows


def test_reputation_remembers_a_bounded_number() -> None:
    """Of each kind as many as the rules say; who was heard of least recently is forgotten first."""
    made = Reputation(Rules(max_subjects=2))
    for host in ("192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3"):
        made.note(Deed.HAM, Party(host, NETWORK), NOW)
    assert ["192.0.2.3", "192.0.2.1", NETWORK] == list(made.subjects())


@given(st.lists(st.sampled_from(list(Deed)), max_size=60), st.floats(0, 10 * DAY))
def test_reputation_never_improves_by_bad_deeds(deeds: list[Deed], later: float) -> None:
    """One more forgery never makes a client stand better than before."""
    made = Reputation()
    for deed in deeds:
        made.note(deed, Party(HOST, NETWORK), NOW)
    before = made.finding(HOST, NOW + later).standing
    made.note(Deed.FORGERY, Party(HOST, NETWORK), NOW + later)
    assert before <= made.finding(HOST, NOW + later).standing
