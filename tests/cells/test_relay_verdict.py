"""What answers mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.relay.post import Carried
from scop.cells.relay.verdict import Fate, Stage, Trouble, judge, verdicts_of
from scop.net.mail_client import Transaction
from scop.smtp import Reply, reply

OK = reply(250, "2.0.0", "Ok")
STAGES = pytest.mark.parametrize("stage", list(Stage))


def fate(code: int, enhanced: str, stage: Stage) -> Fate:
    """Return what is to be done."""
    return judge(reply(code, enhanced, "x"), stage).fate


@STAGES
@pytest.mark.parametrize(
    ("code", "enhanced", "expected"),
    [
        (250, "2.0.0", Fate.PASSED),
        (251, "2.1.5", Fate.PASSED),  # RFC 5321 §3.4: the host forwards it
        (252, "2.0.0", Fate.PASSED),
        (354, "", Fate.LATER),  # it ends nothing
        (421, "4.3.2", Fate.LATER),
        (450, "4.7.1", Fate.LATER),  # greylisting
        (451, "", Fate.LATER),
        (452, "4.2.2", Fate.LATER),
        (500, "5.5.1", Fate.LATER),
        (502, "", Fate.LATER),
        (503, "5.5.1", Fate.LATER),
        (550, "5.1.1", Fate.NEVER),
        (550, "5.7.1", Fate.NEVER),
        (552, "5.2.2", Fate.LATER),  # RFC 3463 §3.3: the recipient can make room
        (552, "5.3.4", Fate.NEVER),
        (550, "5.4.1", Fate.NEVER),  # Exchange Online: there is no such recipient
        (550, "5.4.3", Fate.LATER),
        (554, "5.3.1", Fate.LATER),
        (554, "", Fate.NEVER),
        (556, "5.1.10", Fate.NEVER),  # RFC 7504
    ],
)
def test_verdict_by_code_and_enhanced_code(stage: Stage, code: int, enhanced: str, expected: Fate) -> None:
    """RFC 5321 §4.2.1: the first digit, and RFC 3463 §3 for those that are "persistent transient" by definition."""
    assert expected == fate(code, enhanced, stage)


@pytest.mark.parametrize(
    ("code", "enhanced", "expected"),
    [
        (452, "4.5.3", Fate.AT_ONCE),
        (452, "", Fate.AT_ONCE),
        (552, "5.5.3", Fate.AT_ONCE),
        (552, "", Fate.AT_ONCE),
        (550, "5.5.3", Fate.AT_ONCE),
        (452, "4.3.1", Fate.LATER),
    ],
)
def test_verdict_of_too_many_recipients(code: int, enhanced: str, expected: Fate) -> None:
    """RFC 5321 §4.5.3.1.10: the rest goes at once, in a further transaction; full disks are another thing."""
    assert expected == fate(code, enhanced, Stage.RECIPIENT)
    assert Fate.AT_ONCE != fate(code, enhanced, Stage.MESSAGE)


@pytest.mark.parametrize(
    ("code", "enhanced", "stage", "trouble"),
    [
        (421, "4.7.0", Stage.RECIPIENT, Trouble.BUSY),
        (450, "4.7.1", Stage.MAIL, Trouble.BUSY),
        (451, "4.3.2", Stage.MESSAGE, Trouble.BUSY),
        (451, "4.4.5", Stage.RECIPIENT, Trouble.BUSY),
        (450, "4.7.1", Stage.RECIPIENT, Trouble.NONE),  # greylisting of one recipient
        (452, "4.2.2", Stage.RECIPIENT, Trouble.NONE),
        (550, "5.1.1", Stage.MAIL, Trouble.NONE),
    ],
)
def test_verdict_tells_whether_the_host_as_a_whole_has_trouble(
    code: int, enhanced: str, stage: Stage, trouble: Trouble
) -> None:
    """Only then less is carried to it at once."""
    assert trouble == judge(reply(code, enhanced, "x"), stage).trouble


@pytest.mark.parametrize(
    ("status", "expected", "trouble"),
    [
        ("4.4.1", Fate.LATER, Trouble.DOWN),
        ("4.4.2", Fate.LATER, Trouble.BUSY),
        ("4.4.3", Fate.LATER, Trouble.DOWN),
        ("4.7.5", Fate.LATER, Trouble.BUSY),
        ("5.6.7", Fate.NEVER, Trouble.NONE),
    ],
)
def test_verdict_without_an_answer(status: str, expected: Fate, trouble: Trouble) -> None:
    """No connection, one that broke, no lookup: the host is down; a host that lacks something is not."""
    first, second = verdicts_of(Carried("mx.harbor.test", None, "why", status), 2)
    assert first == second
    assert (expected, trouble, "why", None) == (first.fate, first.trouble, first.words, first.reply)


def test_verdicts_of_a_transaction() -> None:
    """The message's answer counts for whom the host accepted, the recipient's own for the others."""
    no_user, full = reply(550, "5.1.1", "No such user"), reply(452, "4.3.1", "Disk full")
    found = verdicts_of(Carried("mx", Transaction(OK, (OK, no_user, OK), (full,))), 3)
    assert [full, no_user, full] == [verdict.reply for verdict in found]
    refused = verdicts_of(Carried("mx", Transaction(no_user, (no_user, no_user))), 2)
    assert [Fate.NEVER, Fate.NEVER] == [verdict.fate for verdict in refused]


@given(st.integers(200, 559).filter(lambda code: code % 100 < 60), st.sampled_from(Stage))
def test_verdict_has_a_status_that_agrees_with_its_fate(code: int, stage: Stage) -> None:
    """A report can be written of each: what is put off has class 4, unless the server's own code says otherwise."""
    found = judge(Reply(code, "", ("x",)), stage)
    expected = {Fate.PASSED: "2", Fate.LATER: "4", Fate.NEVER: "5"}.get(found.fate, str(code)[0])
    assert expected == found.status[0]
