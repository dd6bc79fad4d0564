"""Reports between two real meshes: what one counted, the other shows."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

from fakes.command_line import scop
from fakes.real_mesh import RunningWorld
from scop.cli.shared import ask
from scop.mesh.vocabulary.reporter import (
    ArrivedReport,
    ReadReports,
    ReadSenders,
    ReportsMade,
    SendReports,
    SentReport,
)
from scop.net.faults import TemporaryFailure

PATIENCE_SECONDS = 60.0


def until(find: Callable[[], object]) -> None:
    """Ask again until it is there: reports travel beside the mail, and nobody waits for them."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not find():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


def kill_reporter(running_world: RunningWorld) -> None:
    """End harbor's reporter as a machine that loses its power does; the supervisor starts it anew."""
    os.kill(running_world.status(running_world.world.harbor)["reporter"].pid, signal.SIGKILL)


def test_reports_of_harbor_reach_lagoon_and_are_shown_there(running_world: RunningWorld) -> None:
    """RFC 9990 §3.5.2: a mail that passes DMARC itself; lagoon sees itself, once, though harbor's reporter is killed.

    Killed when the mails are counted, and again when the report is made: neither the counts nor the letter are lost.
    """
    harbor, lagoon = running_world.world.harbor, running_world.world.lagoon
    here, there = (running_world.scene.config(one) for one in (harbor, lagoon))
    sender, recipient = running_world.person("reported", lagoon), running_world.person("reader")
    letter = f"From: {sender}\r\nTo: {recipient}\r\nSubject: tide\r\n\r\nText\r\n".encode()
    with running_world.login("reported") as client:
        client.sendmail(sender, [recipient], letter)
    running_world.await_mails("reader", 1)
    sent: list[SentReport] = []
    arrived: list[ArrivedReport] = []

    def is_counted() -> bool:
        with contextlib.suppress(TemporaryFailure):
            counted = ask(here, "reporter", ReadReports()).counted
            return ("aggregate", lagoon.domain) in {(one.kind, one.domain) for one in counted}
        return False

    def is_sent() -> bool:
        made: ReportsMade = ask(here, "reporter", SendReports())
        sent.extend(one for one in made.reports if (one.kind, one.about) == ("aggregate", lagoon.domain))
        return bool(sent)

    def is_read() -> bool:
        known = {one.report_id for one in sent}
        reports = ask(there, "reporter", ReadReports()).arrived
        arrived.extend(one for one in reports if one.report_id in known and one.state == "read")
        return bool(arrived)

    until(is_counted)
    kill_reporter(running_world)
    until(is_counted)
    until(is_sent)
    kill_reporter(running_world)
    until(is_read)
    known = [one for one in ask(there, "reporter", ReadReports()).arrived if one.report_id == sent[0].report_id]
    assert ["read"] == [one.state for one in known]
    assert (harbor.domain, lagoon.domain, True) == (arrived[0].reporter, arrived[0].about, arrived[0].is_proven)
    found = ask(there, "reporter", ReadSenders(days=2, domain=lagoon.domain))
    source = next(one for one in found.sources if one.address == lagoon.address)
    assert (source.mails, (harbor.domain,)) == (source.dkim_aligned, source.reporters)
    assert (True, 0) == (source.spf_aligned > 0, source.unaligned)
    said = scop("dmarc", "reports", "--domain", lagoon.domain, "--config", str(there))
    assert (0, True) == (said.status, f"mails passed as {lagoon.domain}" in said.out)


def test_tls_reports_tell_the_other_mesh_how_its_hosts_answered(running_world: RunningWorld) -> None:
    """RFC 8460: lagoon's relay counted its sessions with harbor, and harbor reads the report."""
    harbor, lagoon = running_world.world.harbor, running_world.world.lagoon
    here, there = (running_world.scene.config(one) for one in (harbor, lagoon))
    sender, recipient = running_world.person("encrypted", lagoon), running_world.person("opened")
    with running_world.login("encrypted") as client:
        client.sendmail(sender, [recipient], f"From: {sender}\r\nSubject: tide\r\n\r\nText\r\n".encode())
    running_world.await_mails("opened", 1)
    arrived: list[ArrivedReport] = []

    def is_read() -> bool:
        ask(there, "reporter", SendReports())
        reports = ask(here, "reporter", ReadReports()).arrived
        arrived.extend(one for one in reports if (one.kind, one.state) == ("tls", "read"))
        return bool(arrived)

    until(is_read)
    assert (lagoon.domain, harbor.domain, True) == (arrived[0].reporter, arrived[0].about, arrived[0].mails > 0)
