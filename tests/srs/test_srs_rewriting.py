"""SRS: what we rewrite we can undo, for a while, and nobody else can make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.smtp import Mailbox
from scop.srs import MAX_DAYS, TooLong, forward, is_rewritten, refer, referred, reverse

SECRET = b"0123456789abcdef"
OTHER = b"fedcba9876543210"
DAY = 20_000
ALICE = Mailbox("alice", "sea.test")
LONG = Mailbox("bounce+4711-0123456789abcdef-bob=harbor.test", "news.sea.test")

_LOCAL_PARTS = st.one_of(
    st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}", fullmatch=True),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=12),
    st.sampled_from(("SRS0", "Ünï=x", "a==b", "=", "SRS2=a=b=c=d")),
)
_DOMAINS = st.sampled_from(("sea.test", "Sea.TEST", "[192.0.2.1]", "müller.test", "a-b.c"))


def _forward(mailbox: Mailbox, domain: str = "harbor.test", day: int = DAY, secret: bytes = SECRET) -> Mailbox:
    return forward(mailbox, domain=domain, secret=secret, day=day)


def test_srs_writes_what_the_paper_writes() -> None:
    """SRS §3: SRS0, a hash, a day, the old domain, the old local part."""
    rewritten = _forward(ALICE)
    head, tag, day, host, local_part = rewritten.local_part.split("=")
    assert ("SRS0", 6, "RA", "sea.test", "alice") == (head, len(tag), day, host, local_part)
    assert "harbor.test" == rewritten.domain


@given(_LOCAL_PARTS, _DOMAINS, st.integers(0, 100_000), st.integers(0, MAX_DAYS))
def test_srs_reverse_undoes_forward_while_it_is_valid(local_part: str, domain: str, day: int, later: int) -> None:
    """Within 21 days reverse ∘ forward is the identity."""
    mailbox = Mailbox(local_part, domain)
    try:
        rewritten = _forward(mailbox, day=day)
    except TooLong:
        return
    assert mailbox == reverse(rewritten, secret=SECRET, day=day + later)
    assert mailbox == reverse(Mailbox.parse(str(rewritten)), secret=SECRET, day=day + later)


@given(st.integers(0, 100), st.characters(min_codepoint=0x21, max_codepoint=0x7E))
def test_srs_refuses_any_change_but_of_case(position: int, character: str) -> None:
    """One character exchanged for another makes the address nobody's."""
    local_part = _forward(ALICE).local_part
    position %= len(local_part)
    changed = local_part[:position] + character + local_part[position + 1 :]
    found = reverse(Mailbox(changed, "harbor.test"), secret=SECRET, day=DAY)
    is_separator = position == 4 and character in "+-="
    assert (changed.lower() == local_part.lower() or is_separator) == (found is not None)


def test_srs_survives_folded_case() -> None:
    """SRS §3.1: a host on the way may fold local parts to one case, and the hash still holds."""
    rewritten = _forward(Mailbox("Alice", "sea.test")).local_part
    assert ALICE == reverse(Mailbox(rewritten.lower(), "harbor.test"), secret=SECRET, day=DAY)
    assert Mailbox("ALICE", "SEA.TEST") == reverse(Mailbox(rewritten.upper(), "harbor.test"), secret=SECRET, day=DAY)


@pytest.mark.parametrize(("later", "is_valid"), [(0, True), (MAX_DAYS, True), (MAX_DAYS + 1, False), (-1, False)])
def test_srs_is_valid_for_21_days(later: int, is_valid: bool) -> None:
    """An address is good from its day on, for 21 days and not for 22."""
    assert is_valid == (reverse(_forward(ALICE), secret=SECRET, day=DAY + later) is not None)


def test_srs_counts_days_round_their_end() -> None:
    """SRS §3.2: the day has ten bits, and its turn from 1023 to 0 is one day like others."""
    assert ALICE == reverse(_forward(ALICE, day=1023), secret=SECRET, day=1024)
    assert reverse(_forward(ALICE, day=1023), secret=SECRET, day=1023 + 512) is None


def test_srs_of_another_secret_is_not_ours() -> None:
    """Who does not know the secret makes no address that we unwrap."""
    assert reverse(_forward(ALICE, secret=OTHER), secret=SECRET, day=DAY) is None


def test_srs_chains_lead_back_to_the_first_forwarder() -> None:
    """SRS §4: the second forwarder writes SRS1, the third puts itself in the second's place."""
    sender = Mailbox("al", "sea.test")
    first = _forward(sender, "a.test")
    second = _forward(first, "b.test", secret=OTHER)
    third = _forward(second, "c.test")
    assert second.local_part.startswith("SRS1=")
    assert len(third.local_part) == len(second.local_part)
    assert first == reverse(second, secret=OTHER, day=DAY)
    assert first == reverse(third, secret=SECRET, day=DAY)
    assert sender == reverse(first, secret=SECRET, day=DAY)
    assert reverse(third, secret=OTHER, day=DAY) is None


@pytest.mark.parametrize("separator", "-+=")
def test_srs_keeps_the_first_forwarder_s_separator(separator: str) -> None:
    """SRS §3: other implementations write SRS0+ or SRS0-, and get back what they wrote."""
    theirs = Mailbox(f"SRS0{separator}HHHH=TT=sea.test=al", "a.test")
    assert theirs == reverse(_forward(theirs), secret=SECRET, day=DAY)


@pytest.mark.parametrize(
    "local_part",
    [
        "alice",
        "SRS0",
        "SRS0=",
        "SRS0====",
        "SRS0=AAAAAA=AA=sea.test",
        "SRS1=A=b.test",
        "SRS1====",
        "srs0=ö=ö=ö=ö",
        "SRS2=A=AA=b=c",
    ],
)
def test_srs_reverse_takes_anything(local_part: str) -> None:
    """What is not ours is None, whatever it looks like."""
    assert reverse(Mailbox(local_part, "harbor.test"), secret=SECRET, day=DAY) is None
    assert referred(Mailbox(local_part, "harbor.test"), secret=SECRET, day=DAY) is None


@given(st.text(max_size=30))
def test_srs_reverse_never_raises(text: str) -> None:
    """Recipients are written by strangers: nothing escapes but None."""
    try:
        mailbox = Mailbox(f"SRS0={text}", "harbor.test")
    except ValueError:
        return
    assert reverse(mailbox, secret=SECRET, day=DAY) is None


def test_srs_fits_at_64_octets_and_not_at_65() -> None:
    """RFC 5321 §4.5.3.1.1: the rewritten local part has 64 octets at most."""
    spare = 64 - len("SRS0=HHHHHH=TT=sea.test=")
    assert 64 == len(_forward(Mailbox("a" * spare, "sea.test")).local_part)
    with pytest.raises(TooLong, match="65 octets"):
        _forward(Mailbox("a" * (spare + 1), "sea.test"))


def test_srs_refers_to_what_is_too_long() -> None:
    """A sender that does not fit is kept by a reference that its address holds, sealed and dated alike."""
    with pytest.raises(TooLong):
        _forward(LONG)
    mailbox, reference = refer(LONG, domain="harbor.test", secret=SECRET, day=DAY)
    assert reference == referred(mailbox, secret=SECRET, day=DAY + MAX_DAYS)
    assert reference == referred(Mailbox(mailbox.local_part.lower(), "harbor.test"), secret=SECRET, day=DAY)
    assert referred(mailbox, secret=SECRET, day=DAY + MAX_DAYS + 1) is None
    assert referred(mailbox, secret=OTHER, day=DAY) is None
    assert reverse(mailbox, secret=SECRET, day=DAY) is None
    assert (True, False) == (is_rewritten(mailbox), is_rewritten(LONG))
    assert reference == refer(LONG, domain="harbor.test", secret=SECRET, day=DAY + 9)[1]


def test_srs_wants_a_secret_worth_the_name() -> None:
    """A secret of 15 octets is refused before anything is sealed with it."""
    with pytest.raises(ValueError, match="16 octets"):
        _forward(ALICE, secret=b"x" * 15)
