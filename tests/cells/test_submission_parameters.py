"""What travels with a mail from its user on: every parameter reaches the next cell, within what a user may ask."""

from __future__ import annotations

import datetime
import smtplib

from fakes.submission_mesh import HOST, MESSAGE, Setting, submission_mesh
from scop.cells.submission.session import MAX_HOLD_SECONDS
from scop.mesh.config import Limits
from scop.smtp import DeliverBy, Hold
from scop.smtp.stamps import split_stamps


def _date(unix: float) -> str:
    return datetime.datetime.fromtimestamp(unix, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_submission_offers_what_travels() -> None:
    """And neither BINARYMIME, XFORWARD nor XCLIENT."""
    async with submission_mesh() as mesh:
        found = await mesh.with_client(lambda client: client.esmtp_features, mesh.client)
    wanted = {"dsn", "smtputf8", "chunking", "requiretls", "deliverby", "futurerelease", "mt-priority", "size"}
    assert wanted <= set(found)
    assert {"binarymime", "xforward", "xclient"}.isdisjoint(found)
    assert ("60", str(MAX_HOLD_SECONDS)) == (found["deliverby"], found["futurerelease"].split()[0])


async def test_parameters_ride_on_the_mail_and_its_recipients() -> None:
    """DSN, REQUIRETLS, DELIVERBY, FUTURERELEASE, SMTPUTF8 and BODY reach the signer as they were given."""
    options = ["SMTPUTF8", "BODY=8BITMIME", "RET=HDRS", "ENVID=a+2Bb", "REQUIRETLS", "BY=3600;R", "HOLDFOR=60"]
    wanted = ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;b+2Bx@lagoon.test"]

    def work(client: smtplib.SMTP) -> list[int]:
        codes = [client.mail("alice@harbor.test", [*options, "MT-PRIORITY=3"])[0]]
        codes.append(client.rcpt("bob@lagoon.test", wanted)[0])
        return [*codes, client.data(MESSAGE)[0]]

    async with submission_mesh() as mesh:
        assert [250, 250, 250] == await mesh.with_client(work)
    (mail,), (recipient,) = mesh.records.mails, mesh.records.recipients
    assert (True, "8BITMIME", "HDRS", "a+b", True) == (mail.smtputf8, mail.body, mail.ret, mail.envid, mail.require_tls)
    assert (DeliverBy(3600, "R"), Hold(60), 3) == (mail.deliver_by, mail.hold, mail.priority)
    assert frozenset({"SUCCESS", "DELAY"}) == recipient.notify
    assert "rfc822;b+x@lagoon.test" == recipient.original_recipient


async def test_priority_is_bounded_for_users() -> None:
    """A user may be more urgent than most, or less than all, but not stop the network; the reply tells it."""

    def work(client: smtplib.SMTP) -> list[str]:
        said = []
        for asked in (9, 5, 4, 0, -9):
            code, text = client.mail("alice@harbor.test", [f"MT-PRIORITY={asked}"])
            said.append(f"{code} {text.decode()}")
            client.rcpt("bob@lagoon.test")
            client.rset()
        return said

    async with submission_mesh() as mesh:
        said = await mesh.with_client(work)
    lowered = "250 2.3.6 4 is the new priority of the message"
    assert [lowered, lowered, *["250 2.1.0 Ok"] * 3] == said
    assert [4, 4, 4, 0, -9] == [mail.priority for mail in mesh.records.mails]


async def test_times_are_bounded() -> None:
    """Nothing is held for more than 30 days (RFC 4865 §5), nothing is promised within less than a minute."""
    last = 1_700_000_000 + MAX_HOLD_SECONDS
    right = [f"HOLDFOR={MAX_HOLD_SECONDS}", f"HOLDUNTIL={_date(last)}", "BY=60;N"]
    wrong = [f"HOLDFOR={MAX_HOLD_SECONDS + 1}", f"HOLDUNTIL={_date(last + 1)}", "BY=59;R"]

    def work(client: smtplib.SMTP) -> list[int]:
        codes = []
        for asked in (*right, *wrong):
            codes.append(client.mail("alice@harbor.test", [asked])[0])
            client.rset()
        return codes

    async with submission_mesh() as mesh:
        codes = await mesh.with_client(work)
    assert [250] * 3 == codes[:3]
    assert {5} == {code // 100 for code in codes[3:]}


async def test_message_comes_in_chunks() -> None:
    """BDAT gives the message that DATA would have given."""

    def work(client: smtplib.SMTP) -> list[int]:
        codes = [client.mail("alice@harbor.test")[0], client.rcpt("bob@lagoon.test")[0]]
        for piece, last in ((MESSAGE[:20], ""), (MESSAGE[20:], " LAST")):
            assert client.sock is not None
            client.sock.sendall(f"BDAT {len(piece)}{last}\r\n".encode() + piece)
            codes.append(client.getreply()[0])
        return codes

    async with submission_mesh() as mesh:
        assert [250] * 4 == await mesh.with_client(work)
    assert MESSAGE == split_stamps(mesh.records.messages[0], HOST)[1]


async def test_recipients_of_one_mail_are_bounded() -> None:
    """RFC 5321 §4.5.3.1.10: 452 for one too many; those before it stand."""

    def work(client: smtplib.SMTP) -> list[int]:
        client.mail("alice@harbor.test")
        return [client.rcpt(f"{number}@lagoon.test")[0] for number in range(4)]

    async with submission_mesh(Setting(Limits(recipients=3))) as mesh:
        assert [250, 250, 250, 452] == await mesh.with_client(work)
