"""The parameters of MAIL and RCPT, kept as text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scop.cells.relay.queue_parameters import mail_of, mail_parameters, recipient_of, recipient_parameters
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath
from scop.smtp.delivery import DeliverBy, Hold

EXTRA = st.lists(st.tuples(st.text(max_size=5), st.none() | st.text(max_size=5)), max_size=3).map(tuple)
NOTIFY = st.frozensets(st.sampled_from(["SUCCESS", "FAILURE", "DELAY"])) | st.just(frozenset({"NEVER"}))
MAILS = st.builds(
    Mail,
    st.just(ReversePath.parse("<ann@lagoon.test>")),
    smtputf8=st.booleans(),
    ret=st.sampled_from(["", "FULL", "HDRS"]),
    envid=st.text(max_size=20),
    require_tls=st.booleans(),
    deliver_by=st.none() | st.builds(DeliverBy, st.integers(1, 999_999), st.sampled_from("RN"), st.booleans()),
    hold=st.none() | st.builds(Hold, until_unix=st.floats(0, 1e10)),
    priority=st.none() | st.integers(-9, 9),
    extra=EXTRA,
)
RECIPIENTS = st.builds(
    Recipient, st.just(ForwardPath.parse("<bob@harbor.test>")), notify=NOTIFY, original_recipient=st.text(), extra=EXTRA
)


@given(MAILS)
def test_queue_parameters_of_mail_are_read_as_they_were_written(mail: Mail) -> None:
    """Writing and reading is the identity on all that is to be kept."""
    assert mail == mail_of(str(mail.reverse_path), mail_parameters(mail))


@given(RECIPIENTS)
def test_queue_parameters_of_rcpt_are_read_as_they_were_written(recipient: Recipient) -> None:
    """The same for a recipient."""
    assert recipient == recipient_of(str(recipient.forward_path), recipient_parameters(recipient))


def test_queue_parameters_are_short_where_nothing_was_asked_for() -> None:
    """Most mails ask for nothing."""
    plain = Recipient(ForwardPath.parse("<bob@harbor.test>"))
    assert ("{}", "{}") == (mail_parameters(Mail(ReversePath(None))), recipient_parameters(plain))
