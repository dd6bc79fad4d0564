"""What became of a mail, recipient by recipient."""

import pytest

from scop.net.mail_outcome import Transaction, worst
from scop.smtp import Reply, reply

OK, NO, LATER = reply(250, "2.0.0", "Ok"), reply(550, "5.1.1", "No"), reply(451, "4.3.0", "Later")


@pytest.mark.parametrize(
    ("told", "outcomes", "message"),
    [
        (Transaction(NO, (OK, OK)), (NO, NO), None),
        (Transaction(OK, (NO, LATER)), (NO, LATER), None),
        (Transaction(OK, (OK, NO, OK), (LATER,)), (LATER, NO, LATER), LATER),
        (Transaction(OK, (OK, NO, OK), (OK, LATER)), (OK, NO, LATER), LATER),
        (Transaction(OK, (NO, OK), (OK,)), (NO, OK), OK),
        (Transaction(OK, ()), (), None),
    ],
)
def test_each_recipient_has_one_outcome(told: Transaction, outcomes: tuple[Reply, ...], message: Reply | None) -> None:
    """RFC 2033 §4.2: the refusal of the mail or the recipient, else what was said to the message for it."""
    assert (outcomes, message) == (told.outcomes, told.message)


@pytest.mark.parametrize(
    ("replies", "expected"), [((OK,), OK), ((OK, NO), NO), ((NO, LATER, OK), LATER), ((OK, OK), OK)]
)
def test_the_worst_reply_holds_for_all(replies: tuple[Reply, ...], expected: Reply) -> None:
    """What must be tried again wins over what failed, and that over success."""
    assert expected == worst(replies)


def test_recipient_that_was_accepted_has_no_mail_by_that() -> None:
    """RFC 5321 §4.2.5: only the reply to the message takes it over."""
    with pytest.raises(ValueError, match="nothing is known of the message"):
        Transaction(OK, (OK, NO))
